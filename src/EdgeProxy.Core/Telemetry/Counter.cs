namespace EdgeProxy.Telemetry;

/// <summary>
/// What each loop counts. The order is the index into <see cref="LoopCounters"/>; <see cref="CounterNames"/> names
/// them.
/// </summary>
internal enum Counter
{
    ConnectionsAccepted,
    ConnectionsClosed,
    ConnectionsRefused,
    Requests,
    Responses1xx,
    Responses2xx,
    Responses3xx,
    Responses4xx,
    Responses5xx,
    RequestsRejected,
    RequestsUnrouted,
    RequestsUnauthenticated,
    RequestsForbidden,
    RequestsUndecided,
    KeyFetchFailures,
    RequestsLimited,
    RequestsOverLimit,
    LimitKeysForgotten,
    AnswersCompressed,
    AnswersNotCompressed,
    GuardMasks,
    GuardFlags,
    GuardBlocks,
    GuardUninspected,
    GuardFailures,
    HeadTimeouts,
    BodyTimeouts,
    ConnectTimeouts,
    ResponseTimeouts,
    ResponseIdleTimeouts,
    WriteTimeouts,
    KeepAliveTimeouts,
    TunnelTimeouts,
    QueueTimeouts,
    ClientsGone,
    UpstreamConnects,
    UpstreamConnectFailures,
    UpstreamReuses,
    UpstreamStale,
    UpstreamClosed,
    UpstreamMalformed,
    UpstreamIdleClosed,
    Retries,
    RetriesOverBudget,
    Fallbacks,
    MirrorsAnswered,
    MirrorsFailed,
    MirrorsDropped,
    Tunnels,
    RequestsUnserved,
    BreakerRejections,
    AuditRefusals,
    RequestsHalted,
    BreakerOpenings,
    RequestsQueued,
    QueuesFull,
    ProbesGood,
    ProbesBad,
    ServersUp,
    ServersDown,
    Ejections,
    BytesFromClients,
    BytesToClients,
    TlsHandshakes,
    TlsResumptions,
    TlsMalformed,
    TlsPlainHttp,
    TlsNothingShared,
    TlsUnknownNames,
    TlsBadCertificates,
    TlsRefusals,
    TlsClosed,
    TlsTimeouts,
    TlsOverLimit,
    ProxyHeaders,
    ProxyHeadersRefused,
    Http2Connections,
    Http2Streams,
    Http2Resets,
    Http2StreamsRefused,
    Http2Malformed,
    Http2Floods,
    Count,
}

/// <summary>Metric name, label and help text of each <see cref="Counter"/>.</summary>
internal static class CounterNames
{
    /// <summary>Metric name, label text ("" for none) and help. Never a client's bytes in a label.</summary>
    public static (string Name, string Label, string Help) Of(Counter counter) => counter switch
    {
        Counter.ConnectionsAccepted => ("edgeproxy_connections_accepted_total", "", "Client connections accepted."),
        Counter.ConnectionsClosed => ("edgeproxy_connections_closed_total", "", "Client connections that ended."),
        Counter.ConnectionsRefused => ("edgeproxy_connections_refused_total", "", "Client connections over a limit."),
        Counter.Requests => ("edgeproxy_requests_total", "", "Requests whose head was read."),
        Counter.Responses1xx => Responses("1xx"),
        Counter.Responses2xx => Responses("2xx"),
        Counter.Responses3xx => Responses("3xx"),
        Counter.Responses4xx => Responses("4xx"),
        Counter.Responses5xx => Responses("5xx"),
        Counter.RequestsRejected => ("edgeproxy_requests_rejected_total", "", "Requests refused as malformed."),
        Counter.RequestsUnrouted => ("edgeproxy_requests_unrouted_total", "", "Requests no router takes."),
        Counter.HeadTimeouts => Timeouts("head"),
        Counter.BodyTimeouts => Timeouts("body"),
        Counter.ConnectTimeouts => Timeouts("connect"),
        Counter.ResponseTimeouts => Timeouts("response"),
        Counter.ResponseIdleTimeouts => Timeouts("response_idle"),
        Counter.WriteTimeouts => Timeouts("write"),
        Counter.KeepAliveTimeouts => Timeouts("keep_alive"),
        Counter.TunnelTimeouts => Timeouts("tunnel"),
        Counter.RequestsHalted =>
            ("edgeproxy_requests_halted_total", "", "Requests refused or cut because an operator halted them."),
        Counter.AuditRefusals =>
            ("edgeproxy_audit_refused_total", "", "Requests refused or cut because they could not be recorded."),
        Counter.ClientsGone => ("edgeproxy_clients_gone_total", "", "Clients that left before their answer was whole."),
        Counter.BytesFromClients => ("edgeproxy_client_received_bytes_total", "", "Bytes read from clients."),
        Counter.BytesToClients => ("edgeproxy_client_sent_bytes_total", "", "Bytes written to clients."),
        >= Counter.TlsHandshakes and <= Counter.TlsOverLimit => OfTls(counter),
        >= Counter.Http2Connections and <= Counter.Http2Floods => OfHttp2(counter),
        _ => OfService(counter),
    };

    // What servers, and who chooses among them, count.
    private static (string Name, string Label, string Help) OfService(Counter counter) => counter switch
    {
        Counter.UpstreamConnects => ("edgeproxy_upstream_connects_total", "", "Connections opened to servers."),
        Counter.UpstreamConnectFailures =>
            ("edgeproxy_upstream_connect_failures_total", "", "Connection attempts to servers that failed."),
        Counter.UpstreamReuses => ("edgeproxy_upstream_reuses_total", "", "Exchanges on a pooled server connection."),
        Counter.UpstreamStale => ("edgeproxy_upstream_stale_total", "", "Pooled connections found closed when used."),
        Counter.UpstreamClosed => ("edgeproxy_upstream_closed_total", "", "Answers cut short by their server."),
        Counter.UpstreamMalformed => ("edgeproxy_upstream_malformed_total", "", "Answers that are not HTTP/1.1."),
        Counter.UpstreamIdleClosed =>
            ("edgeproxy_upstream_idle_closed_total", "", "Pooled server connections closed while idle."),
        Counter.Retries => ("edgeproxy_retries_total", "", "Requests sent again."),
        Counter.RetriesOverBudget =>
            ("edgeproxy_retries_over_budget_total", "", "Retries not made because too many were under way."),
        Counter.Fallbacks =>
            ("edgeproxy_fallbacks_total", "", "Requests sent to a fallback because of how the main service answered."),
        Counter.MirrorsAnswered => Mirrored("answered"),
        Counter.MirrorsFailed => Mirrored("failed"),
        Counter.MirrorsDropped => Mirrored("dropped"),
        Counter.Tunnels => ("edgeproxy_tunnels_total", "", "Connections upgraded to a tunnel."),
        Counter.RequestsUnserved =>
            ("edgeproxy_requests_unserved_total", "", "Requests for which no server of their service was healthy."),
        Counter.BreakerRejections =>
            ("edgeproxy_breaker_rejections_total", "", "Requests kept from a service by its circuit breaker."),
        Counter.BreakerOpenings => ("edgeproxy_breaker_openings_total", "", "Times a circuit breaker opened."),
        Counter.RequestsQueued =>
            ("edgeproxy_requests_queued_total", "", "Requests that had to wait for room at a server."),
        Counter.QueuesFull =>
            ("edgeproxy_queue_overflows_total", "", "Requests refused because too many waited for a server."),
        Counter.QueueTimeouts => Timeouts("queue"),
        Counter.ProbesGood => Probes("good"),
        Counter.ProbesBad => Probes("bad"),
        Counter.ServersUp => HealthChanges("up"),
        Counter.ServersDown => HealthChanges("down"),
        Counter.Ejections => HealthChanges("ejected"),
        _ => OfMiddleware(counter),
    };

    private static (string Name, string Label, string Help) OfMiddleware(Counter counter) => counter switch
    {
        Counter.RequestsUnauthenticated =>
            ("edgeproxy_requests_unauthenticated_total", "", "Requests without a valid credential."),
        Counter.RequestsForbidden => ("edgeproxy_requests_forbidden_total", "", "Requests a router's list forbids."),
        Counter.RequestsUndecided =>
            ("edgeproxy_requests_undecided_total", "", "Requests that nobody could decide about."),
        Counter.KeyFetchFailures =>
            ("edgeproxy_key_fetch_failures_total", "", "Key sets of issuers that could not be fetched."),
        Counter.RequestsLimited => ("edgeproxy_requests_limited_total", "", "Requests refused by a limit of a router."),
        Counter.RequestsOverLimit =>
            ("edgeproxy_requests_over_limit_total", "", "Requests over a limit that only reports."),
        Counter.LimitKeysForgotten =>
            ("edgeproxy_limit_keys_forgotten_total", "", "Sources a full limit forgot before their time."),
        Counter.AnswersCompressed =>
            ("edgeproxy_answers_compressed_total", "", "Answers that were compressed."),
        Counter.AnswersNotCompressed =>
            ("edgeproxy_answers_not_compressed_total", "", "Answers that were not, because too many are at once."),
        Counter.ProxyHeaders => ProxyHeaders("taken"),
        Counter.ProxyHeadersRefused => ProxyHeaders("refused"),
        Counter.GuardMasks =>
            ("edgeproxy_ai_guard_masks_total", "", "Findings in prompts and answers that a guard masked."),
        Counter.GuardFlags =>
            ("edgeproxy_ai_guard_flags_total", "", "Findings that a guard told of and let pass."),
        Counter.GuardBlocks =>
            ("edgeproxy_ai_guard_blocks_total", "", "Prompts and answers that a guard stopped."),
        Counter.GuardUninspected =>
            ("edgeproxy_ai_guard_uninspected_total", "", "Answers a guard that only reports could not look into."),
        Counter.GuardFailures =>
            ("edgeproxy_ai_guard_failures_total", "", "External guards that did not decide."),
        _ => ("edgeproxy_unnamed_total", "", "A counter without a name."),
    };

    private static (string Name, string Label, string Help) OfHttp2(Counter counter) => counter switch
    {
        Counter.Http2Connections =>
            ("edgeproxy_http2_connections_total", "", "Client connections that spoke HTTP/2."),
        Counter.Http2Streams => ("edgeproxy_http2_streams_total", "", "Streams that clients began."),
        Counter.Http2Resets =>
            ("edgeproxy_http2_resets_total", "", "Streams that clients broke off before they were answered."),
        Counter.Http2StreamsRefused => (
            "edgeproxy_http2_streams_refused_total", "",
            "Streams refused because a loop's share of connections_max was in use."),
        Counter.Http2Malformed => Http2Ends("malformed"),
        _ => Http2Ends("flood"),
    };

    private static (string Name, string Label, string Help) OfTls(Counter counter) => counter switch
    {
        Counter.TlsHandshakes => Handshakes("full"),
        Counter.TlsResumptions => Handshakes("resumed"),
        Counter.TlsMalformed => HandshakeFailures("malformed"),
        Counter.TlsPlainHttp => HandshakeFailures("plain_http"),
        Counter.TlsNothingShared => HandshakeFailures("nothing_shared"),
        Counter.TlsUnknownNames => HandshakeFailures("unknown_name"),
        Counter.TlsBadCertificates => HandshakeFailures("certificate"),
        Counter.TlsRefusals => HandshakeFailures("refused_by_client"),
        Counter.TlsClosed => HandshakeFailures("closed"),
        Counter.TlsTimeouts => HandshakeFailures("timeout"),
        _ => HandshakeFailures("over_limit"),
    };

    private static (string Name, string Label, string Help) ProxyHeaders(string result) =>
        ("edgeproxy_proxy_protocol_connections_total", $"result=\"{result}\"",
            "Connections that began with the PROXY protocol, or should have.");

    private static (string Name, string Label, string Help) Responses(string status) =>
        ("edgeproxy_responses_total", $"status=\"{status}\"", "Responses by status class, the admin address's apart.");

    private static (string Name, string Label, string Help) Mirrored(string result) =>
        ("edgeproxy_mirrored_requests_total", $"result=\"{result}\"", "Copies of requests by what came of them.");

    private static (string Name, string Label, string Help) Probes(string result) =>
        ("edgeproxy_probes_total", $"result=\"{result}\"", "Active health checks by what came of them.");

    private static (string Name, string Label, string Help) HealthChanges(string to) =>
        ("edgeproxy_server_health_changes_total", $"to=\"{to}\"", "Times a server's health changed.");

    private static (string Name, string Label, string Help) Handshakes(string kind) =>
        ("edgeproxy_tls_handshakes_total", $"kind=\"{kind}\"", "TLS handshakes of clients that were completed.");

    private static (string Name, string Label, string Help) HandshakeFailures(string reason) =>
        ("edgeproxy_tls_handshake_failures_total", $"reason=\"{reason}\"", "TLS handshakes of clients that failed.");

    private static (string Name, string Label, string Help) Http2Ends(string reason) =>
        ("edgeproxy_http2_connections_ended_total", $"reason=\"{reason}\"",
            "HTTP/2 connections of clients that were ended for what they sent.");

    private static (string Name, string Label, string Help) Timeouts(string kind) =>
        ("edgeproxy_timeouts_total", $"kind=\"{kind}\"", "Waits that ran past their limit.");
}
