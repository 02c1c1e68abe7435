using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME]</summary>
internal static class ServiceTable
{
    private static readonly TimeSpan ConnectTimeoutMin = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan ConnectTimeoutMax = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(100);

    private static readonly ServersKey Servers = new("servers",
        "The servers: url, http, https, h2c (HTTP/2 in clear text) or h2 (HTTP/2 over TLS), of a host or as "
            + "http://unix:/path of a Unix socket; weight, the share of the "
            + "requests (1 to 1000, default 1); priority (0 to 7, default 0): those of a higher number get requests "
            + "only while too few of a lower one are usable.")
    {
        IsRequired = true,
        ExampleToml = "[{ url = \"http://127.0.0.1:9000\", weight = 1 }]",
    };

    private static readonly ChoiceKey Strategy = new("strategy",
        ["round_robin", "p2c", "least_connections", "least_time", "hash", "random"],
        "How a server is chosen; all by weight. p2c: of two at random the one with less to do; least_time: the one "
            + "that answers soonest; hash: the same key to the same server, see hash.")
    {
        Default = "round_robin",
        DefaultToml = "\"round_robin\"",
    };

    private static readonly IntegerKey SpillBelow = new("spill_below", 1, 100, "percent",
        "With servers of several priorities: with less than this share of one's servers usable, those of the next "
            + "take part.")
    {
        Default = ServiceLimits.SpillBelowDefault,
        DefaultToml = ServiceLimits.SpillBelowDefault.ToString(CultureInfo.InvariantCulture),
    };

    private static readonly DurationKey SlowStart = new("slow_start", ServiceLimits.SlowStartMin,
        ServiceLimits.SlowStartMax,
        "How long a server that came up, was ejected, or is new in a reload takes to grow to its share, from a tenth "
            + "of it on.")
    {
        DefaultToml = "\"0\"",
        ZeroMeans = "at once",
    };

    private static readonly BooleanKey PassHostHeader = new("pass_host_header",
        "Send the client's Host header (true) or the server's own (false).")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly ChoiceKey ProxyProtocol = new("proxy_protocol", ["none", "v1", "v2"],
        "Tell servers whose a connection is, by the PROXY protocol's header before TLS and HTTP. Such a connection is "
            + "used again for the same client's connection alone. Probes of the server's own port say that they are "
            + "nobody's.")
    {
        Default = "none",
        DefaultToml = "\"none\"",
    };

    private static readonly DurationKey ConnectTimeout = Timeout("connect_timeout", ConnectTimeoutMin,
        ConnectTimeoutMax,
        ServiceLimits.ConnectTimeoutDefault, null, "Longest wait for a connection to a server. Over it: 504.");

    private static readonly DurationKey ResponseTimeout = Timeout(
        "response_timeout", TimeoutMin, ServiceLimits.TimeoutMax,
        ServiceLimits.ResponseTimeoutDefault, "no limit",
        "Longest wait for the first byte of an answer after the request is sent. Over it: 504.");

    private static readonly DurationKey ResponseIdleTimeout = Timeout("response_idle_timeout", TimeoutMin,
        ServiceLimits.TimeoutMax, ServiceLimits.ResponseIdleTimeoutDefault, "no limit",
        "Longest silence within an answer. Over it the client is cut off.");

    private static readonly DurationKey IdleTimeout = Timeout("idle_timeout", TimeoutMin, ServiceLimits.TimeoutMax,
        ServiceLimits.IdleTimeoutDefault, null,
        "How long an unused connection to a server is kept; less than the server keeps it.");

    private static readonly IntegerKey IdleConnections = new("idle_connections_max", 0,
        ServiceLimits.IdleConnectionsMax,
        "connections", "Unused connections kept per server and loop.")
    {
        Default = ServiceLimits.IdleConnectionsDefault,
        DefaultToml = ServiceLimits.IdleConnectionsDefault.ToString(CultureInfo.InvariantCulture),
        ZeroMeans = "none",
    };

    public static TableDeclaration Declaration { get; } = new("services", IsNamed: true,
        "A named set of servers and how the proxy treats connections to them; or other services, see below.",
        [
            Servers, Strategy, SpillBelow, SlowStart, PassHostHeader, ConnectTimeout, ResponseTimeout,
            ResponseIdleTimeout, IdleTimeout, IdleConnections, ProxyProtocol,
        ])
    {
        ExampleName = "app",
        Tables =
        [
            HashTable.Declaration, HealthCheckTable.Declaration, PassiveHealthTable.Declaration, RetryTable.Declaration,
            ServiceTlsTable.Declaration, BreakerTable.Declaration, CapacityTable.Declaration, StickyTable.Declaration,
            .. ComposedTable.Declarations, AiServiceTable.Declaration,
        ],
    };

    /// <summary>Null if there are no servers to be had.</summary>
    public static ServiceSettings? Parse(string name, TableScope scope)
    {
        IReadOnlyList<ServerSettings>? servers = Servers.Read(scope);
        StrategyKind strategy = ReadStrategy(scope, out HashSettings? hash);
        HealthCheckSettings? check = HealthCheckTable.Parse(scope);
        bool isTls = IsTls(servers) || check?.Scheme == ProbeScheme.Https;
        var settings = new ServiceSettings
        {
            Name = name,
            Servers = servers ?? [],
            Strategy = strategy,
            SpillBelow = SpillBelow.ReadValue(scope),
            SlowStart = SlowStart.Read(scope),
            Hash = hash,
            HealthCheck = check,
            PassiveHealth = PassiveHealthTable.Parse(scope),
            Retry = RetryTable.Parse(scope),
            Breaker = BreakerTable.Parse(scope),
            Capacity = CapacityTable.Parse(scope),
            Sticky = StickyTable.Parse(scope),
            Tls = ServiceTlsTable.Parse(scope, isTls),
            ProxyVersion = ReadProxyVersion(scope, servers ?? []),
            PassHostHeader = PassHostHeader.Read(scope),
            ConnectTimeout = ConnectTimeout.Read(scope),
            ResponseTimeout = ResponseTimeout.Read(scope),
            ResponseIdleTimeout = ResponseIdleTimeout.Read(scope),
            IdleTimeout = IdleTimeout.Read(scope),
            IdleConnectionsMax = IdleConnections.ReadValue(scope),
        };
        return servers is null ? null : settings;
    }

    // What could not be read may be one.
    private static bool IsTls(IReadOnlyList<ServerSettings>? servers)
    {
        bool isTls = servers is null;
        foreach (ServerSettings server in servers ?? [])
        {
            isTls |= server.IsTls;
        }

        return isTls;
    }

    // A connection of HTTP/2 serves many clients, and the header can name one.
    private static ProxyVersion ReadProxyVersion(TableScope scope, IReadOnlyList<ServerSettings> servers)
    {
        ProxyVersion version = ProxyProtocol.Read(scope) switch
        {
            "v1" => ProxyVersion.V1,
            "v2" => ProxyVersion.V2,
            _ => ProxyVersion.None,
        };
        foreach (ServerSettings server in servers)
        {
            if (server.IsHttp2 && version != ProxyVersion.None
                && scope.TryFind(ProxyProtocol.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, ProxyProtocol.Name,
                    $"cannot be told to {server.Host}, which is spoken to in HTTP/2: a connection there serves many "
                        + "clients; write http or https in its URL");
                break;
            }
        }

        return version;
    }

    // The strategy and its table go together: one without the other would do nothing.
    private static StrategyKind ReadStrategy(TableScope scope, out HashSettings? hash)
    {
        StrategyKind strategy = Strategy.Read(scope) switch
        {
            "p2c" => StrategyKind.P2c,
            "least_connections" => StrategyKind.LeastConnections,
            "least_time" => StrategyKind.LeastTime,
            "hash" => StrategyKind.Hash,
            "random" => StrategyKind.Random,
            _ => StrategyKind.RoundRobin,
        };
        bool isThere = scope.TryFind(HashTable.Declaration.Name, out TomlEntry table);
        hash = isThere ? HashTable.Parse(scope) : null;
        if (isThere && strategy != StrategyKind.Hash)
        {
            scope.Report(table.Value, HashTable.Declaration.Name, "does nothing without strategy = \"hash\"");
        }
        else if (!isThere && strategy == StrategyKind.Hash && scope.TryFind(Strategy.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Strategy.Name,
                "\"hash\" needs to know what by; write hash = { on = \"header\", name = \"X-User\" }");
        }

        return strategy;
    }

    private static DurationKey Timeout(
        string name, TimeSpan min, TimeSpan max, TimeSpan standard, string? zero, string doc) =>
        new(name, min, max, doc)
        {
            Default = standard,
            DefaultToml = $"\"{DurationText.Format(standard)}\"",
            ZeroMeans = zero,
        };

    /// <summary>One { url, weight } of servers.</summary>
    internal static class ServerTable
    {
        private static readonly UrlKey Url = new("url", "Where the server is.")
        {
            IsRequired = true,
            ExampleToml = "\"http://10.0.0.5:8080\"",
        };

        private static readonly IntegerKey Weight = new("weight", 1, ServiceLimits.WeightMax, "shares",
            "Its share of the requests.")
        {
            Default = 1,
            DefaultToml = "1",
        };

        private static readonly IntegerKey Priority = new("priority", 0, ServiceLimits.PriorityMax, "",
            "Servers of a higher number get requests only while too few of a lower one are usable, see spill_below.")
        {
            Default = 0,
            DefaultToml = "0",
        };

        public static TableDeclaration Declaration { get; } =
            new("servers", IsNamed: false, "One server.", [Url, Weight, Priority]) { Later = ["tls"] };

        public static ServerSettings? Parse(TableScope scope)
        {
            ServerAddress? url = Url.Read(scope);
            int weight = Weight.ReadValue(scope);
            int priority = Priority.ReadValue(scope);
            if (url is { IsTls: true } && OpenSsl.Problem is { } problem
                && scope.TryFind(Url.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, Url.Name, problem);
            }

            return url is { } at
                ? new ServerSettings(at.Host, at.Port, weight)
                {
                    Priority = priority,
                    IsTls = at.IsTls,
                    IsHttp2 = at.IsHttp2,
                }
                : null;
        }
    }

    private sealed class ServersKey(string name, string doc) : Key<IReadOnlyList<ServerSettings>?>(name, doc)
    {
        public override string TypeText => "list of tables";

        public override string Accepts => "write " + Range;

        public override string Range => "[{ url = \"http://10.0.0.5:8080\" }]";

        public override KeyShape Shape => new ListShape(new TableShape(ServerTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<ServerSettings>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > ServiceLimits.ServersMax)
            {
                scope.Report(node, Name, $"has {array.Items.Count} servers; write 1 to {ServiceLimits.ServersMax}");
                return false;
            }

            var servers = new List<ServerSettings>(array.Items.Count);
            var seen = new HashSet<(string Host, int Port)>();
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    Refuse(item, scope, "is not a server");
                }
                else if (ServerTable.Parse(scope.Within(table, Name, ServerTable.Declaration)) is { } server)
                {
                    servers.Add(server);
                    if (!seen.Add((server.Host, server.Port)))
                    {
                        string place = server.IsUnix ? server.Host : $"{server.Host}:{server.Port}";
                        scope.Report(item, Name, $"{place} stands in the list twice");
                    }
                }
            }

            value = servers;
            return servers.Count == array.Items.Count;
        }
    }

    /// <summary>What a server's URL says.</summary>
    private readonly record struct ServerAddress(string Host, int Port, bool IsTls, bool IsHttp2);

    private sealed class UrlKey(string name, string doc) : Key<ServerAddress?>(name, doc)
    {
        public override string TypeText => "url";

        public override string Accepts => "write " + Range;

        public override string Range =>
            "\"http://10.0.0.5:8080\" or \"https://api.example.com\", or with h2c or h2 as its scheme, or "
                + "\"unix:/run/app.sock\" or \"h2c://unix:/run/app.sock\"";

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out ServerAddress? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (ServerUrl.Parse(text, out string host, out int port, out bool isTls, out bool isHttp2) is { } reason)
            {
                return Refuse(node, scope, reason);
            }

            value = new ServerAddress(host, port, isTls, isHttp2);
            return true;
        }
    }
}
