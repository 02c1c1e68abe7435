using System;
using System.Collections.Generic;
using System.Globalization;
using System.Net;
using System.Text;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Routing;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config;

/// <summary>
/// From routers that ask for TLS options to what each entrypoint asks by host. Whoever names a host in its rule asks
/// for it; two who ask for different things are a fault, never a choice (CVE-2026-85597: it fell to the weaker one).
/// </summary>
internal sealed class TlsOptionChecks
{
    private const string Wildcard = "*.";
    private const string OfEntryPoints = "default"; // Traefik's name for what applies to all

    // No rule can have a label this long: it stands for every host that only the wildcard takes.
    private static readonly string s_anyLabel = new('-', RuleLimits.LabelCharsMax + 1);

    private readonly ConfigFaults _faults;
    private readonly Dictionary<string, TlsOptionDocument> _options;
    private readonly List<RouterDocument> _documents;
    private readonly HashSet<string> _reported = [];

    public TlsOptionChecks(
        ConfigFaults faults, Dictionary<string, TlsOptionDocument> options, List<RouterDocument> documents)
    {
        _faults = faults;
        _options = options;
        _documents = documents;
        foreach ((string name, TlsOptionDocument option) in options)
        {
            if (name == OfEntryPoints)
            {
                faults.Add(option.Table, $"tls.options.{name}",
                    "is for no host by itself; what applies to all stands in [entrypoints.NAME.tls]");
            }
            else if (!faults.HasSyntaxFault
                && !documents.Exists(document => document.TlsOptions is { } asked && asked.Value == name))
            {
                faults.Add(option.Table, $"tls.options.{name}",
                    $"does nothing: no router asks for it; write [routers.NAME.tls] with options = \"{name}\"");
            }
        }
    }

    /// <summary>The same routers with what they ask of clients; what cannot be asked is reported.</summary>
    public List<RouterSettings> Complete(List<RouterSettings> routers, List<PlacedEntryPoint> entryPoints) =>
        routers.ConvertAll(router =>
        {
            if (DocumentOf(router) is not { TlsOptions: { } asked } document)
            {
                return router;
            }

            string path = $"routers.{router.Name}.tls.options";
            if (!_options.TryGetValue(asked.Value, out TlsOptionDocument? option))
            {
                if (!_faults.HasSyntaxFault)
                {
                    _faults.Add(asked.Node, path,
                        $"there is no table tls.options.{ConfigText.Key(asked.Value)}"
                            + NearestWord.Hint(asked.Value, [.. _options.Keys]));
                }

                return router;
            }

            ReportClearText(router, entryPoints, asked.Node, path);
            ReportRule(router, document.Rule!.Value.Node);
            return router with { ClientPolicy = option.Policy };
        });

    /// <summary>The same entrypoints with what they ask by host.</summary>
    public List<PlacedEntryPoint> Complete(List<PlacedEntryPoint> entryPoints, List<RouterSettings> routers) =>
        entryPoints.ConvertAll(entryPoint =>
        {
            List<RouterSettings> own = routers.FindAll(router => Takes(router, entryPoint.Settings.Name));
            return entryPoint.Settings.Tls is { } tls && own.Exists(static router => router.ClientPolicy is not null)
                ? entryPoint with
                {
                    Settings = entryPoint.Settings with
                    {
                        Tls = tls with { Hosts = new Sequence<HostPolicy>(PoliciesOf(own, tls.Policy)) },
                    },
                }
                : entryPoint;
        });

    private List<HostPolicy> PoliciesOf(List<RouterSettings> routers, ClientPolicy standard)
    {
        var policies = new List<HostPolicy>();
        foreach (string host in HostsIn(routers))
        {
            RouterSettings? first = null;
            foreach (RouterSettings router in routers)
            {
                if (!Names(router, host))
                {
                    continue;
                }

                first ??= router;
                if (!Equals(first.ClientPolicy, router.ClientPolicy) && _reported.Add(router.Name))
                {
                    ReportConflict(first, router, host);
                }
            }

            policies.Add(new HostPolicy(host, first?.ClientPolicy ?? standard));
        }

        return policies;
    }

    // Those that rules take, and those they take out of a wildcard, in the order of the file.
    private static List<string> HostsIn(List<RouterSettings> routers)
    {
        var hosts = new List<string>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (RouterSettings router in routers)
        {
            foreach (Conjunction way in WaysOf(router))
            {
                foreach (Literal literal in way.Literals)
                {
                    bool isName = literal.Matcher.Kind == MatcherKind.Host
                        || (literal.Matcher.Kind == MatcherKind.HostWildcard && !literal.Negated);
                    if (isName && seen.Add(literal.Matcher.Value))
                    {
                        hosts.Add(literal.Matcher.Value);
                    }
                }
            }
        }

        return hosts;
    }

    // One of its ways is by the name of hosts, and takes this one. What an expression says of it is left open.
    private static bool Names(RouterSettings router, string host)
    {
        byte[] text = Encoding.ASCII.GetBytes(
            host.StartsWith(Wildcard, StringComparison.Ordinal) ? $"{s_anyLabel}.{host[Wildcard.Length..]}" : host);
        foreach (Conjunction way in WaysOf(router))
        {
            bool takes = IsByName(way);
            foreach (Literal literal in way.Literals)
            {
                takes &= literal.Matcher.Kind is not (MatcherKind.Host or MatcherKind.HostWildcard)
                    || literal.Matcher.TakesHost(text) != literal.Negated;
            }

            if (takes)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsByName(Conjunction way) => way.Host?.Kind is MatcherKind.Host or MatcherKind.HostWildcard;

    private static IReadOnlyList<Conjunction> WaysOf(RouterSettings router) =>
        router.Rule.Expansion ?? RuleExpansion.Expand(router.Rule) ?? [];

    // Who comes in clear text is asked for nothing.
    private void ReportClearText(
        RouterSettings router, List<PlacedEntryPoint> entryPoints, TomlNode at, string path)
    {
        foreach (PlacedEntryPoint entryPoint in entryPoints)
        {
            if (entryPoint.Settings.Tls is null && !entryPoint.Table.TryFind(EntryPointTlsTable.Declaration.Name, out _)
                && Takes(router, entryPoint.Settings.Name))
            {
                _faults.Add(at, path,
                    $"asks nobody on entrypoint {entryPoint.Settings.Name}, which has no tls; name entrypoints that "
                        + "have");
            }
        }
    }

    // A handshake knows the name of the host and nothing else.
    private void ReportRule(RouterSettings router, TomlNode at)
    {
        string path = $"routers.{router.Name}.rule";
        foreach (Conjunction way in WaysOf(router))
        {
            if (!IsByName(way))
            {
                _faults.Add(at, path,
                    "takes requests for any host, and tls.options are chosen by its name; write Host(`...`) in each "
                        + "alternative");
                return;
            }

            if (way.Host!.Kind == MatcherKind.Host
                && IPAddress.TryParse(way.Host.Value.Trim('[', ']'), out _))
            {
                _faults.Add(at, path,
                    "takes requests for an address, and tls.options are chosen by a name: clients say none with an "
                        + "address");
                return;
            }
        }
    }

    private void ReportConflict(RouterSettings first, RouterSettings second, string host)
    {
        if (DocumentOf(first) is not { } one || DocumentOf(second) is not { } other)
        {
            return;
        }

        TomlNode there = one.TlsOptions?.Node ?? one.Table;
        TomlNode here = other.TlsOptions?.Node ?? other.Table;
        string name = other.Rule!.Value.IsAsWritten ? $"host {host}" : "a host";
        _faults.Add(here, $"routers.{second.Name}.tls.options", string.Create(CultureInfo.InvariantCulture,
            $"{name} has {Told(first)} in router {first.Name} ({there.Source.Name}:{there.Line}) and {Told(second)} "
                + $"here; handshakes know the host alone: write the same in both"));
    }

    private static string Told(RouterSettings router) =>
        router.ClientPolicy is { } policy ? $"tls.options.{policy.Name}" : "no tls.options";

    private RouterDocument? DocumentOf(RouterSettings router) =>
        _documents.Find(document => document.Name == router.Name);

    private static bool Takes(RouterSettings router, string entryPoint)
    {
        foreach (string name in router.EntryPoints)
        {
            if (string.Equals(name, entryPoint, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
