namespace EdgeProxy.Primitives.Faults;

/// <summary>What went wrong with an exchange.</summary>
internal enum FaultKind : byte
{
    None,

    /// <summary>No router takes the request: 404.</summary>
    NoRoute,

    /// <summary>No server of the service is healthy: 503.</summary>
    NoServer,

    /// <summary>The service's circuit breaker is open: 503.</summary>
    BreakerOpen,

    /// <summary>Servers are at their limit, and so is the queue for them: 503.</summary>
    QueueFull,

    /// <summary>No server had room within queue_timeout: 503.</summary>
    QueueTimeout,

    /// <summary>The server's name has no address yet: 503.</summary>
    NameNotResolved,

    /// <summary>The server refused or reset the connection attempt, or no route leads there: 502.</summary>
    ConnectFailed,

    /// <summary>The server did not accept within connect_timeout: 504.</summary>
    ConnectTimeout,

    /// <summary>The server sent nothing within response_timeout: 504.</summary>
    ResponseTimeout,

    /// <summary>The server went silent in the middle of its answer: the client's connection is cut.</summary>
    ResponseIdleTimeout,

    /// <summary>The server closed or reset before its answer was whole: 502, or cut if it had begun.</summary>
    UpstreamClosed,

    /// <summary>The server's bytes are not HTTP/1.1: 502, or cut if an answer had begun.</summary>
    UpstreamMalformed,

    /// <summary>The answer is longer than a middleware accepts: 502.</summary>
    AnswerTooLong,

    /// <summary>The request head or path is refused; its reject reason says why.</summary>
    Rejected,

    /// <summary>The client did not finish its head within head_timeout: 408.</summary>
    HeadTimeout,

    /// <summary>The client's body stopped or was slower than body_rate_min: 408.</summary>
    BodyTimeout,

    /// <summary>The client closed or reset before its answer was whole.</summary>
    ClientGone,

    /// <summary>The client read nothing of its answer within write_idle_timeout.</summary>
    WriteTimeout,

    /// <summary>A tunnel was silent in both directions for tunnel_idle_timeout.</summary>
    TunnelTimeout,

    /// <summary>A limit of ours is reached (connections, memory): 503.</summary>
    OverLimit,

    /// <summary>The proxy is going down and the exchange ran past drain_timeout.</summary>
    Drained,

    /// <summary>A step of the proxy's own failed: 500.</summary>
    Internal,

    /// <summary>The audit chain cannot take a record, and none may go unrecorded: 503, or cut.</summary>
    AuditStuck,

    /// <summary>A tunnel was asked for by CONNECT, and what is to answer has none: 501.</summary>
    NoTunnel,

    /// <summary>A tunnel was asked for by CONNECT, and the server answered with something else: 502.</summary>
    TunnelIgnored,

    /// <summary>An operator halted what the request is for: 503, or cut if an answer had begun.</summary>
    Halted,
}

/// <summary>Whose doing it was.</summary>
internal enum FaultSide : byte
{
    Client,
    Upstream,
    Proxy,
}

/// <summary>
/// Whether the same request may be sent again, seen from the connection; the method is the other half.
/// </summary>
internal enum Again : byte
{
    Never,

    /// <summary>Nothing left the proxy: any request may be sent to another server.</summary>
    NothingSent,

    /// <summary>A reused connection died before the first byte of an answer: the server closed it while idle.</summary>
    IfReused,
}

/// <summary>What went wrong, whose fault it is, whether another try may help.</summary>
internal readonly record struct Fault(FaultKind Kind, FaultSide Side, Again Again)
{
    public static Fault None => default;

    public static Fault NoRoute => new(FaultKind.NoRoute, FaultSide.Client, Again.Never);

    public static Fault NoServer => new(FaultKind.NoServer, FaultSide.Upstream, Again.Never);

    public static Fault Rejected => new(FaultKind.Rejected, FaultSide.Client, Again.Never);

    public static Fault ClientGone => new(FaultKind.ClientGone, FaultSide.Client, Again.Never);

    public static Fault NoTunnel => new(FaultKind.NoTunnel, FaultSide.Proxy, Again.Never);

    /// <summary>The server may do so (RFC 9110 section 7.8): it is no worse for it.</summary>
    public static Fault TunnelIgnored => new(FaultKind.TunnelIgnored, FaultSide.Proxy, Again.Never);

    public static Fault AuditStuck => new(FaultKind.AuditStuck, FaultSide.Proxy, Again.NothingSent);

    public static Fault Halted => new(FaultKind.Halted, FaultSide.Proxy, Again.Never);

    public static Fault OfClient(FaultKind kind) => new(kind, FaultSide.Client, Again.Never);

    public static Fault OfUpstream(FaultKind kind, Again again = Again.Never) => new(kind, FaultSide.Upstream, again);

    public bool IsNone => Kind == FaultKind.None;
}
