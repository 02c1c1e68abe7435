using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.EntryPoints;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;

namespace EdgeProxy.Config.Tables;

/// <summary>[entrypoints.NAME]</summary>
internal static class EntryPointTable
{
    private const int ConnectionsMax = 1_000_000; // open files of one process, /proc/sys/fs/nr_open
    private static readonly TimeSpan TimeoutMin = TimeSpan.FromMilliseconds(100);

    private static readonly EndPointKey Address = new("address",
        "Where to accept. Without an address, \":8080\", on every IPv4 and IPv6 address; port 0 takes a free one. Who "
            + "comes by a Unix socket counts as 127.0.0.1.")
    {
        IsRequired = true,
        ExampleToml = "\":8080\"",
    };

    private static readonly SizeKey HeadBytes = Size("head_bytes_max", 1024, HeadLimits.HeadBytesMax,
        HeadLimits.HeadBytesDefault, "Largest head of a request, request line included. Over it: 431.");

    private static readonly IntegerKey FieldCount = Count("header_count_max", 1, HeadLimits.FieldCountMax,
        HeadLimits.FieldCountDefault, "header lines",
        "Most header lines of a request, and of a trailer section. Over it: 431.");

    private static readonly SizeKey TargetBytes = Size("target_bytes_max", 256, HeadLimits.TargetBytesMax,
        HeadLimits.TargetBytesDefault, "Longest request target (path and query). Over it: 414.");

    private static readonly SizeKey TrailerBytes = Size("trailer_bytes_max", 256, HeadLimits.HeadBytesMax,
        HeadLimits.TrailerBytesDefault, "Largest trailer section of a chunked body. Over it: 431.");

    private static readonly SizeKey ChunkExtensionBytes = Size("chunk_extension_bytes_max", 0, HeadLimits.HeadBytesMax,
        HeadLimits.ChunkExtensionBytesDefault, "Chunk extensions of one body, summed. Over it: 400.");

    private static readonly DurationKey HeadTimeout = Timeout("head_timeout", EntryPointLimits.HeadTimeoutDefault,
        "From the first byte of a head (on a new connection: from accept) to its end. Over it: 408.");

    private static readonly DurationKey KeepAliveTimeout = Timeout("keep_alive_timeout",
        EntryPointLimits.KeepAliveTimeoutDefault, "Quiet time between requests on one connection; then it is closed.");

    private static readonly DurationKey BodyIdleTimeout = Timeout("body_idle_timeout",
        EntryPointLimits.BodyIdleTimeoutDefault, "Longest silence within a request body. Over it: 408.");

    private static readonly IntegerKey BodyRateMin = new("body_rate_min", 0, 1 << 30, "bytes per second",
        "Slowest request body accepted, judged after body_rate_grace. Under it: 408.")
    {
        Default = EntryPointLimits.BodyRateMinDefault,
        DefaultToml = Toml(EntryPointLimits.BodyRateMinDefault),
        ZeroMeans = "off",
    };

    private static readonly DurationKey BodyRateGrace = Timeout("body_rate_grace",
        EntryPointLimits.BodyRateGraceDefault,
        "How long a body may take before its rate is judged.");

    private static readonly DurationKey WriteIdleTimeout = Timeout("write_idle_timeout",
        EntryPointLimits.WriteIdleTimeoutDefault,
        "Longest time a client may read nothing of an answer that waits; then reset.");

    private static readonly DurationKey TunnelIdleTimeout = Timeout("tunnel_idle_timeout",
        EntryPointLimits.TunnelIdleTimeoutDefault,
        "Silence in both directions after an Upgrade; then closed, WebSocket with 1001.");

    private static readonly DurationKey TunnelTimeMax = new("tunnel_time_max", TimeoutMin,
        EntryPointLimits.TimeoutMax,
        "Longest time from an Upgrade to the end of the connection; then closed, WebSocket with 1001.")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0\"",
        ZeroMeans = "no limit",
    };

    private static readonly IntegerKey RequestsPerConnection = Count("requests_per_connection_max", 0, int.MaxValue, 0,
        "requests", "Requests on one connection before it is closed.", "no limit");

    private static readonly IntegerKey Connections = Count("connections_max", 1, ConnectionsMax,
        EntryPointLimits.ConnectionsDefault, "connections",
        "Connections open at once. Over it: 503 and close. As many exchanges on streams of HTTP/2; over it: refused.");

    private static readonly IntegerKey ConnectionsPerAddress = Count("connections_per_address_max", 0, ConnectionsMax,
        EntryPointLimits.ConnectionsPerAddressDefault, "connections",
        "Connections from one address (IPv6: one /64). Over it: 503 and close.", "no limit");

    private static readonly BooleanKey Http2 = new("http2",
        "Clients that speak TLS may choose HTTP/2 (ALPN \"h2\").")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly BooleanKey H2c = new("h2c",
        "Clients in clear text may begin with HTTP/2 at once (prior knowledge); HTTP/1.1 stays possible.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly IntegerKey Streams = Count("http2_streams_max", 1, Http2Limits.StreamsMax,
        Http2Limits.StreamsDefault, "streams",
        "Requests of one HTTP/2 connection at once. Over it a stream is refused, and may be tried again.");

    private static readonly NetworkListKey TrustedIps = new("trusted_ips",
        "Who may send X-Forwarded-* and Forwarded: addresses and ranges. From others they are removed.")
    {
        Default = [],
        DefaultToml = "[]",
    };

    private static readonly DurationKey ConnectionAge = new("connection_age_max", TimeoutMin,
        EntryPointLimits.TimeoutMax,
        "Age of a connection after which it is closed with the next answer (HTTP/2: takes no more requests).")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0\"",
        ZeroMeans = "no limit",
    };

    private static readonly NameListKey Middlewares = new("middlewares", "middleware",
        "Steps that each router applies to requests from here, before its own.")
    {
        Default = [],
        ExampleToml = "[\"fields\"]",
    };

    private static readonly BooleanKey AsDefault = new("as_default",
        "Routers that name no entrypoints take requests from here. Without any such entrypoint: from all.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("entrypoints", IsNamed: true,
        "An address the proxy accepts on, and what it grants to connections there.",
        [
            Address, UnixSocketKeys.Mode, UnixSocketKeys.Owner, HeadBytes, FieldCount, TargetBytes, TrailerBytes,
            ChunkExtensionBytes, HeadTimeout, KeepAliveTimeout, BodyIdleTimeout, BodyRateMin, BodyRateGrace,
            WriteIdleTimeout, TunnelIdleTimeout, TunnelTimeMax,
            RequestsPerConnection, ConnectionAge, Connections, ConnectionsPerAddress, Http2, H2c, Streams, TrustedIps,
            Middlewares, AsDefault,
        ])
    {
        ExampleName = "web",
        Tables =
        [
            EntryPointTlsTable.Declaration, EntryPointRedirectTable.Declaration, EntryPointProxyTable.Declaration,
        ],
    };

    /// <summary>Null if there is no address to be had.</summary>
    public static PlacedEntryPoint? Parse(string name, TableScope scope)
    {
        IPEndPoint? address = UnixSocketKeys.WithRights(Address.Read(scope), scope);
        var limits = new HeadLimits
        {
            HeadBytes = HeadBytes.Read(scope),
            FieldCount = FieldCount.ReadValue(scope),
            TargetBytes = TargetBytes.Read(scope),
            TrailerBytes = TrailerBytes.Read(scope),
            ChunkExtensionBytes = ChunkExtensionBytes.Read(scope),
        };
        var settings = new EntryPointSettings
        {
            Name = name,
            Address = address ?? new IPEndPoint(IPAddress.None, 0),
            HeadLimits = limits,
            HeadTimeout = HeadTimeout.Read(scope),
            KeepAliveTimeout = KeepAliveTimeout.Read(scope),
            BodyIdleTimeout = BodyIdleTimeout.Read(scope),
            BodyRateMin = BodyRateMin.ReadValue(scope),
            BodyRateGrace = BodyRateGrace.Read(scope),
            WriteIdleTimeout = WriteIdleTimeout.Read(scope),
            TunnelIdleTimeout = TunnelIdleTimeout.Read(scope),
            TunnelTimeMax = TunnelTimeMax.Read(scope),
            RequestsPerConnectionMax = RequestsPerConnection.ReadValue(scope),
            ConnectionAgeMax = ConnectionAge.Read(scope),
            ConnectionsMax = Connections.ReadValue(scope),
            ConnectionsPerAddressMax = ConnectionsPerAddress.ReadValue(scope),
            Tls = EntryPointTlsTable.Parse(scope, Http2.Read(scope)),
            AcceptsH2c = ReadH2c(scope),
            StreamsMax = Streams.ReadValue(scope),
            ProxyProtocol = EntryPointProxyTable.Parse(scope),
            TrustedIps = Values(TrustedIps.Read(scope)),
        };
        var placed = new PlacedEntryPoint(settings, scope.Table)
        {
            Middlewares = Middlewares.Read(scope) ?? [],
            Redirect = EntryPointRedirectTable.Parse(scope),
            IsDefault = AsDefault.Read(scope),
        };
        return address is null ? null : placed;
    }

    private static bool ReadH2c(TableScope scope)
    {
        bool accepts = H2c.Read(scope);
        if (accepts && scope.TryFind(EntryPointTlsTable.Declaration.Name, out _)
            && scope.TryFind(H2c.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, H2c.Name, "does nothing here, where clients speak TLS; http2 is what counts");
        }

        return accepts;
    }

    private static IPNetwork[] Values(IReadOnlyList<Placed<IPNetwork>> placed)
    {
        var values = new IPNetwork[placed.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = placed[i].Value;
        }

        return values;
    }

    private static DurationKey Timeout(string name, TimeSpan standard, string doc) =>
        new(name, TimeoutMin, EntryPointLimits.TimeoutMax, doc)
        {
            Default = standard,
            DefaultToml = $"\"{DurationText.Format(standard)}\"",
        };

    private static SizeKey Size(string name, int min, int max, int standard, string doc) =>
        new(name, min, max, doc) { Default = standard, DefaultToml = $"\"{SizeText.Format(standard)}\"" };

    private static IntegerKey Count(
        string name, int min, int max, int standard, string unit, string doc, string? zero = null) =>
        new(name, min, max, unit, doc) { Default = standard, DefaultToml = Toml(standard), ZeroMeans = zero };

    private static string Toml(int value) => value.ToString(System.Globalization.CultureInfo.InvariantCulture);

    private sealed class EndPointKey(string name, string doc) : Key<IPEndPoint?>(name, doc)
    {
        public override string TypeText => "address";

        public override string Accepts => "write " + Range;

        public override string Range =>
            "\":8080\", \"0.0.0.0:8080\", \"[::]:8080\", \"127.0.0.1:8080\" or \"unix:/path\"";

        protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out IPEndPoint? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (UnixEndPoint.Is(text))
            {
                value = UnixSocketKeys.Parse(text, out string? refusal);
                return refusal is null || Refuse(node, scope, refusal);
            }

            return (AddressText.TryParseEndPoint(text, out value) || Refuse(node, scope, "is not an address and port"));
        }
    }
}
