using System.Collections.Generic;
using System.Globalization;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.EntryPoints;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Routing;
using EdgeProxy.Services;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config;

/// <summary>An entrypoint, the table it was read from, and what it says of others, not looked up yet.</summary>
internal sealed record PlacedEntryPoint(EntryPointSettings Settings, TomlTable Table)
{
    public IReadOnlyList<Placed<string>> Middlewares { get; init; } = [];

    public RedirectDocument? Redirect { get; init; }

    /// <summary>TOML: as_default.</summary>
    public bool IsDefault { get; init; }
}

/// <summary>
/// What tables say of each other: names that resolve, addresses taken once, routers that do not conflict.
/// </summary>
internal sealed class CrossChecks(
    ConfigFaults faults, TomlTable entryPointNames, TomlTable serviceNames, MiddlewareNames middlewareNames)
{
    public void EntryPoints(List<PlacedEntryPoint> entryPoints, AdminSettings admin)
    {
        if (entryPointNames.Entries.Count == 0 && entryPointNames.Origin != TomlTableOrigin.Inline
            && !faults.HasSyntaxFault)
        {
            faults.Add(entryPointNames, EntryPointTable.Declaration.Name,
                "there is none; write [entrypoints.web] with address = \":8080\"");
        }

        for (int i = 0; i < entryPoints.Count; i++)
        {
            IPEndPoint address = entryPoints[i].Settings.Address;
            string? taken = null;
            for (int j = 0; j < i && taken is null; j++)
            {
                taken = Overlap(address, entryPoints[j].Settings.Address) ? entryPoints[j].Settings.Name : null;
            }

            taken = taken is not null ? $"entrypoint {taken}"
                : admin.Address is { } own && Overlap(address, own) ? "admin" : null;
            if (taken is not null && entryPoints[i].Table.TryFind("address", out TomlEntry entry))
            {
                faults.Add(entry.Value, $"entrypoints.{entryPoints[i].Settings.Name}.address",
                    $"{entry.Value.Describe()} is taken by {taken}");
            }
        }
    }

    /// <summary>Routers whose rule and names are good.</summary>
    public List<RouterSettings> Routers(List<RouterDocument> documents, EntryPointChecks entryPointChecks)
    {
        List<string> all = entryPointChecks.All;
        var routers = new List<RouterSettings>(documents.Count);
        var placed = new List<RouterDocument>(documents.Count);
        foreach (RouterDocument document in documents)
        {
            List<string> entryPoints = document.EntryPoints is { } named
                ? entryPointChecks.Resolve(document.Name, named)
                : entryPointChecks.Defaults;
            if (document.Service is { } service && !IsKnown(serviceNames, service.Value))
            {
                faults.Add(service.Node, $"routers.{document.Name}.service",
                    $"there is no service {service.Node.Describe()}{Hint(service.Value, serviceNames)}");
            }

            List<string> middlewares = middlewareNames.Resolve($"routers.{document.Name}", document.Middlewares);
            entryPointChecks.CheckSteps(document, entryPoints, middlewares);
            if (document.Rule is { } rule && entryPoints.Count > 0)
            {
                placed.Add(document);
                routers.Add(new RouterSettings
                {
                    Name = document.Name,
                    EntryPoints = entryPoints,
                    RuleText = rule.Text,
                    Rule = rule.Rule,
                    Priority = document.Priority,
                    Service = document.Service?.Value ?? "",
                    AllowEncoded = document.AllowEncoded,
                    TraceRatio = document.TraceRatio,
                    IsLogged = document.IsLogged,
                    Middlewares = new Sequence<string>(middlewares),
                });
            }
        }

        ReportConflicts(all, routers, placed);
        return routers;
    }

    /// <summary>Nobody passes a client_cert where clients are asked for no certificate that could be good.</summary>
    public void ClientCertificates(
        List<RouterDocument> documents,
        List<RouterSettings> routers,
        List<PlacedEntryPoint> entryPoints,
        List<MiddlewareSettings> middlewares)
    {
        foreach (RouterSettings router in routers)
        {
            foreach (PlacedEntryPoint entryPoint in entryPoints)
            {
                bool asksClients = (router.ClientPolicy ?? entryPoint.Settings.Tls?.Policy)
                    is { Auth: not ClientAuth.None, CaPem.Length: > 0 };
                string? asking = Asking(entryPoint.Settings.Middlewares) ?? Asking(router.Middlewares);
                if (asking is not null && !asksClients && Takes(router, entryPoint.Settings.Name)
                    && documents.Find(document => document.Name == router.Name) is { } document)
                {
                    TomlNode at = document.Middlewares is [var first, ..] ? first.Node : document.Table;
                    faults.Add(at, $"routers.{router.Name}.middlewares",
                        router.ClientPolicy is { } policy
                            ? $"{asking} lets nobody pass: tls.options.{policy.Name} has no client_auth and client_ca"
                            : $"{asking} lets nobody pass: entrypoint {entryPoint.Settings.Name} has no tls with "
                                + "client_auth and client_ca");
                }
            }
        }

        string? Asking(Sequence<string> names)
        {
            string? asking = null;
            foreach (string name in names)
            {
                asking ??= middlewares.Exists(step => step.Name == name && step is ClientCertSettings) ? name : null;
            }

            return asking;
        }
    }

    /// <summary>
    /// A service that a middleware asks exists, has servers, and needs nothing of the client to choose one.
    /// </summary>
    public void Mentioned(List<(string Path, Placed<string> Name)> mentioned, List<ServiceSettings> services)
    {
        foreach ((string path, Placed<string> name) in mentioned)
        {
            if (!IsKnown(serviceNames, name.Value))
            {
                faults.Add(name.Node, path,
                    $"there is no service {name.Node.Describe()}{Hint(name.Value, serviceNames)}");
            }
            else if (serviceNames.TryFind(name.Value, out _) && !faults.HasSyntaxFault
                && services.Find(service => service.Name == name.Value) is not { Sticky: null, Hash: null })
            {
                faults.Add(name.Node, path,
                    $"{name.Node.Describe()} cannot be asked for it; name a service with servers, without sticky and "
                        + "without the strategy hash");
            }
        }
    }

    // What could not be read may hold the name.
    private bool IsKnown(TomlTable names, string name) => names.TryFind(name, out _) || faults.HasSyntaxFault;

    private static string Hint(string name, TomlTable names)
    {
        var known = new List<string>(names.Entries.Count);
        foreach (TomlEntry entry in names.Entries)
        {
            known.Add(entry.Key);
        }

        return NearestWord.Hint(name, known);
    }

    private void ReportConflicts(List<string> entryPoints, List<RouterSettings> routers, List<RouterDocument> placed)
    {
        var reported = new HashSet<(int, int)>();
        foreach (string entryPoint in entryPoints)
        {
            var table = new RouteTableBuilder();
            for (int i = 0; i < routers.Count; i++)
            {
                if (Takes(routers[i], entryPoint))
                {
                    table.Add(i, routers[i].Rule, routers[i].Priority);
                }
            }

            _ = table.Build(out IReadOnlyList<RouteConflict> conflicts);
            foreach (RouteConflict conflict in conflicts)
            {
                (int first, int second) = conflict.First < conflict.Second
                    ? (conflict.First, conflict.Second)
                    : (conflict.Second, conflict.First);
                if (reported.Add((first, second)))
                {
                    ReportConflict(placed[first], placed[second], conflict.Message);
                }
            }
        }
    }

    private void ReportConflict(RouterDocument first, RouterDocument second, string message)
    {
        PlacedRule firstRule = first.Rule!.Value;
        PlacedRule secondRule = second.Rule!.Value;
        string shown = firstRule.IsAsWritten && secondRule.IsAsWritten
            ? ConfigText.Shorten(message, ConfigLimits.RuleMessageCharsMax)
            : "both take the same requests; give one of them a priority";
        TomlString other = firstRule.Node;
        faults.Add(secondRule.Node, $"routers.{second.Name}.rule",
            string.Create(CultureInfo.InvariantCulture,
                $"conflicts with router {first.Name} ({other.Source.Name}:{other.Line}): {shown}"));
    }

    private static bool Takes(RouterSettings router, string entryPoint)
    {
        foreach (string name in router.EntryPoints)
        {
            if (string.Equals(name, entryPoint, System.StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }

    // [::] takes IPv4 as well, so it overlaps with 0.0.0.0. Port 0 is a free port each time.
    private static bool Overlap(IPEndPoint a, IPEndPoint b) => a is UnixEndPoint
        ? a.Equals(b)
        : a.Port == b.Port && a.Port != 0 && (a.Address.Equals(b.Address) || (IsAny(a.Address) && IsAny(b.Address)));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);
}
