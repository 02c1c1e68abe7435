using System;
using System.Collections.Generic;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Services;

namespace EdgeProxy.Config;

/// <summary>What differs between two configurations, by name.</summary>
internal static class ConfigChange
{
    /// <summary>
    /// Lines such as "router orders: changed", in the order node, log, admin, telemetry, access log, audit,
    /// entrypoints, routers, middlewares, services.
    /// </summary>
    public static IReadOnlyList<string> Describe(ProxySettings before, ProxySettings after)
    {
        var lines = new List<string>();
        AddIf(lines, before.Node != after.Node, "node: changed");
        AddIf(lines, before.Node.Loops != after.Node.Loops, "node loops: takes effect at the next start");
        AddIf(lines, before.Log != after.Log, "log: changed");
        AddIf(lines, before.Admin != after.Admin, "admin: changed");
        AddIf(lines, before.Telemetry with { AccessLog = after.Telemetry.AccessLog } != after.Telemetry,
            "telemetry: changed");
        AddIf(lines, before.Telemetry.AccessLog != after.Telemetry.AccessLog, "access log: changed");
        AddIf(lines, before.Audit != after.Audit, "audit: changed");
        Compare(lines, "entrypoint", before.EntryPoints, after.EntryPoints, static settings => settings.Name, Same);
        Compare(lines, "router", before.Routers, after.Routers, static settings => settings.Name, Same);
        Compare(lines, "middleware", before.Middlewares, after.Middlewares, static settings => settings.Name, Equals);
        Compare(lines, "service", before.Services, after.Services, static settings => settings.Name, Same);
        Compare(lines, "service", before.Composed, after.Composed, static settings => settings.Name, Equals);
        return lines;
    }

    /// <summary>Equal in every member: the lists of the records are compared by content.</summary>
    public static bool Same(EntryPointSettings a, EntryPointSettings b) =>
        a with { TrustedIps = b.TrustedIps } == b && SameItems(a.TrustedIps, b.TrustedIps);

    /// <inheritdoc cref="Same(EntryPointSettings, EntryPointSettings)"/>
    public static bool Same(RouterSettings a, RouterSettings b) =>
        // The rule is what its text says.
        a with { EntryPoints = b.EntryPoints, Rule = b.Rule } == b && SameItems(a.EntryPoints, b.EntryPoints);

    /// <inheritdoc cref="Same(EntryPointSettings, EntryPointSettings)"/>
    public static bool Same(ServiceSettings a, ServiceSettings b) =>
        a with { Servers = b.Servers } == b && SameItems(a.Servers, b.Servers);

    private static void AddIf(List<string> lines, bool isSo, string line)
    {
        if (isSo)
        {
            lines.Add(line);
        }
    }

    private static void Compare<T>(
        List<string> lines, string what, IReadOnlyList<T> before, IReadOnlyList<T> after,
        Func<T, string> nameOf, Func<T, T, bool> same)
    {
        var old = new Dictionary<string, T>(before.Count, StringComparer.Ordinal);
        foreach (T settings in before)
        {
            old.Add(nameOf(settings), settings);
        }

        foreach (T settings in after)
        {
            string name = nameOf(settings);
            if (!old.Remove(name, out T? was))
            {
                lines.Add($"{what} {name}: added");
            }
            else if (!same(was, settings))
            {
                lines.Add($"{what} {name}: changed");
            }
        }

        foreach (T settings in before)
        {
            string name = nameOf(settings);
            AddIf(lines, old.ContainsKey(name), $"{what} {name}: removed");
        }
    }

    private static bool SameItems<T>(IReadOnlyList<T> a, IReadOnlyList<T> b)
        where T : IEquatable<T>
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (int i = 0; i < a.Count; i++)
        {
            if (!a[i].Equals(b[i]))
            {
                return false;
            }
        }

        return true;
    }
}
