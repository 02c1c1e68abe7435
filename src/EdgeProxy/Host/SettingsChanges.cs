using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.EntryPoints;
using EdgeProxy.Pipeline;
using EdgeProxy.Services;

namespace EdgeProxy.Host;

/// <summary>Says for people what a new configuration changes: <c>routers +1 -0 ~2, services +0 -1 ~0</c>.</summary>
internal static class SettingsChanges
{
    public static string Describe(ProxySettings? before, ProxySettings after)
    {
        var text = new StringBuilder();
        Append(text, "entrypoints", before?.EntryPoints ?? [], after.EntryPoints, e => e.Name, AreSame);
        Append(text, "routers", before?.Routers ?? [], after.Routers, r => r.Name, AreSame);
        Append(text, "services", before?.Services ?? [], after.Services, s => s.Name, AreSame);
        return text.Length == 0 ? "nothing" : text.ToString();
    }

    // Records compare their lists by reference; lent the other's list, the rest compares by value.
    private static bool AreSame(EntryPointSettings a, EntryPointSettings b) =>
        a with { TrustedIps = b.TrustedIps } == b && AreSame(a.TrustedIps, b.TrustedIps);

    private static bool AreSame(RouterSettings a, RouterSettings b) =>
        a with { EntryPoints = b.EntryPoints, Rule = b.Rule } == b && AreSame(a.EntryPoints, b.EntryPoints);

    private static bool AreSame(ServiceSettings a, ServiceSettings b) =>
        a with { Servers = b.Servers } == b && AreSame(a.Servers, b.Servers);

    private static bool AreSame<T>(IReadOnlyList<T> a, IReadOnlyList<T> b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (int i = 0; i < a.Count; i++)
        {
            if (!EqualityComparer<T>.Default.Equals(a[i], b[i]))
            {
                return false;
            }
        }

        return true;
    }

    private static void Append<T>(
        StringBuilder text,
        string noun,
        IReadOnlyList<T> before,
        IReadOnlyList<T> after,
        Func<T, string> name,
        Func<T, T, bool> areSame)
    {
        var old = new Dictionary<string, T>(before.Count, StringComparer.Ordinal);
        foreach (T item in before)
        {
            old[name(item)] = item;
        }

        int added = 0;
        int changed = 0;
        foreach (T item in after)
        {
            if (!old.Remove(name(item), out T? previous))
            {
                added++;
            }
            else if (!areSame(previous, item))
            {
                changed++;
            }
        }

        if (added + changed + old.Count > 0)
        {
            text.Append(text.Length > 0 ? ", " : "")
                .Append(noun).Append(" +").Append(added).Append(" -").Append(old.Count).Append(" ~").Append(changed);
        }
    }
}
