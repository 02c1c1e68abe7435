using System;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>Where an exchange stands; in the order of its life.</summary>
internal enum ExchangePhase : byte
{
    /// <summary>Its head is being read.</summary>
    Head,

    /// <summary>Its body is read whole, before anybody knows where it goes.</summary>
    Reading,

    /// <summary>All servers are at their limit: it waits for its turn.</summary>
    Queued,

    /// <summary>A connection to the server is under way.</summary>
    Connecting,

    /// <summary>Request and response bodies move, at the same time if need be.</summary>
    Forwarding,

    /// <summary>After 101: bytes in both directions, no more HTTP.</summary>
    Tunnel,

    /// <summary>Work done off the loop has to say how it goes on.</summary>
    Awaiting,

    /// <summary>An answer of the proxy's own is being sent.</summary>
    Local,

    /// <summary>Over.</summary>
    Done,
}

/// <summary>
/// One request and its response, with everything the loop needs for them: heads, both halves of both connections, the
/// route, the outcome. Rented from its loop's <see cref="Shard"/> while a request is in flight (an idle connection has
/// none),
/// reset and reused: nothing in it is allocated per request.
/// </summary>
internal sealed class Exchange : IWaiter
{
    /// <summary>Longest host kept for routing (RFC 1035 allows 253 octets of name).</summary>
    public const int HostBytesMax = 255;

    private readonly byte[] _host = new byte[HostBytesMax];
    private readonly byte[] _requestId = new byte[TelemetryLimits.RequestIdBytesMax];
    private int _hostLength;
    private int _requestIdLength;
    private TargetScheme _scheme;
    private TriedServers _tried;
    private ExchangeTrace _trace;

    public Exchange(Shard shard)
    {
        Shard = shard;
    }

    public Shard Shard { get; }

    public RequestHead Request { get; } = new();

    public ResponseHead Response { get; } = new();

    /// <summary>From the client; keeps pipelined bytes from one exchange to the next on the same connection.</summary>
    public MessageSource ClientSource { get; } = new();

    public MessageSink ClientSink { get; } = new();

    public MessageSource UpstreamSource { get; } = new();

    public MessageSink UpstreamSink { get; } = new();

    // What the entrypoint says of the client. Set once per rental.
    public ByteLink ClientLink { get; private set; } = null!;

    /// <summary>Hears of both links of the exchange.</summary>
    public ILinkOwner Owner { get; private set; } = null!;

    public ClientTerms Terms { get; private set; } = null!;

    /// <summary>The entrypoint the client came in by.</summary>
    public IEntry Entry { get; private set; } = null!;

    public bool IsTrustedClient { get; private set; }

    /// <summary>The client's own connection is secure, as a trusted proxy in front of this one says.</summary>
    public bool IsHttps { get; set; }

    /// <summary>
    /// What this request is called in logs, audit records and towards its server; made when it is first asked for,
    /// unless the client said one that is taken.
    /// </summary>
    public ReadOnlySpan<byte> RequestId
    {
        get
        {
            if (_requestIdLength == 0)
            {
                Shard.Ids.Write(_requestId);
                _requestIdLength = RequestIds.TextBytes;
            }

            return _requestId.AsSpan(0, _requestIdLength);
        }
    }

    /// <summary>The client's own X-Request-Id is the request's id.</summary>
    public bool IsRequestIdClients { get; private set; }

    /// <summary>Its place in a distributed trace, if it has one.</summary>
    public ref ExchangeTrace Trace => ref _trace;

    // (1) to (4): what was decided.
    public Snapshot Snapshot { get; set; } = Snapshot.Empty;

    public Route? Route { get; set; }

    /// <summary>Of a request whose model decides about the route.</summary>
    public ModelChoice ModelChoice { get; } = new();

    /// <summary>Has the servers; null before the request goes to any. A composed one chose it.</summary>
    public Service? Service { get; set; }

    /// <summary>What a service that reads bodies does with it; null with any other.</summary>
    public BodyCall? Call { get; set; }

    /// <summary>Bodies that a middleware asked for whole.</summary>
    public WholeBodies Whole { get; } = new();

    /// <summary>Who is asked for the body of an error; null: nobody.</summary>
    public ErrorPages? ErrorPages { get; set; }

    /// <summary>Writes the answer's body anew; null: it passes as it comes.</summary>
    public AnswerFilter? AnswerFilter { get; private set; }

    public Server? Server { get; set; }

    public UpstreamConnection? Upstream { get; set; }

    /// <summary>The client's connection can have server connections for itself (<see cref="Continue"/>).</summary>
    public bool CanBind { get; private set; }

    /// <summary>Those it has; null without. The client's connection keeps it from one exchange to the next.</summary>
    public ClientBond? Bond { get; set; }

    /// <summary>The request authenticates the connection it is sent on.</summary>
    public bool HasConnectionCredentials { get; set; }

    /// <summary>The server's connection is this client's alone.</summary>
    public bool IsBound => Upstream is { IsBound: true };

    /// <summary>A connection under way beside <see cref="Upstream"/>, to another server; null without.</summary>
    public UpstreamConnection? Rival { get; set; }

    /// <summary>The canonical path if it differs from the one received, else null.</summary>
    public Block? RewrittenPath { get; set; }

    /// <summary>The query if a middleware changed it, else null; an empty block is no query.</summary>
    public Block? RewrittenQuery { get; private set; }

    // (3) and (6): what middlewares did.

    /// <summary>Middlewares of the route that let the request pass and have not seen its answer.</summary>
    public int Entered { get; set; }

    /// <summary>The middleware that answered in the service's place; null: none did.</summary>
    public string? AnsweredBy { get; set; }

    /// <summary>The limit that would have refused it, if it did not only report; null: none.</summary>
    public string? OverLimit { get; set; }

    /// <summary>A limit or a plan refused it.</summary>
    public bool IsLimited { get; set; }

    /// <summary>Middlewares that have to hear of the end.</summary>
    public int Ending { get; set; }

    public MiddlewareNotes Notes { get; } = new();

    /// <summary>What is noted for its audit record; null if it is not audited.</summary>
    public AuditNote? Audit { get; set; }

    /// <summary>What will be told of it.</summary>
    public RecordNotes Record { get; } = new();

    /// <summary>Who calls, once a middleware knows it; null: nobody the configuration names.</summary>
    public Consumer? Consumer { get; set; }

    public HeaderEdits RequestEdits { get; } = new();

    /// <summary>May be filled on the way in, too: it is applied to whatever answer comes.</summary>
    public HeaderEdits ResponseEdits { get; } = new();

    /// <summary>Where else it may go.</summary>
    public Fallbacks Fallbacks { get; } = new();

    /// <summary>Copies of the request that are made while it is sent, each with its Next; null if there are
    /// none.</summary>
    public MirrorCall? Mirror { get; set; }

    // (5): how far it is.
    public ExchangePhase Phase { get; set; }

    /// <summary>Servers it was sent to, so that another try goes to another.</summary>
    public ref TriedServers Tried => ref _tried;

    /// <summary>The place of the usable server the client's cookie stands for; -1 if there is none.</summary>
    public int StickyPlace { get; set; } = -1;

    /// <summary>Servers were chosen this often; a connection found stale does not count.</summary>
    public int Attempts { get; set; }

    /// <summary>The server whose limit it counts against; null if it does not.</summary>
    public Server? Slot { get; set; }

    public long QueuedMs { get; set; }

    public IWaiter? NextWaiter { get; set; }

    public IWaiter? PreviousWaiter { get; set; }

    /// <summary>The request may be sent more than once (RFC 9110 section 9.2.2).</summary>
    public bool MayRepeat { get; set; }

    /// <summary>What a further try would send is still here.</summary>
    public bool CanRestart => ClientSource.CanRewind || Call is { PagePath.IsEmpty: false };

    /// <summary>It counts among the service's exchanges.</summary>
    public bool IsLive { get; set; }

    /// <summary>It is in a further try, within the service's budget of them.</summary>
    public bool IsRetrying { get; set; }

    /// <summary>Its service wants answers like this one tried again: no retry is earned by it.</summary>
    public bool IsAnswerUnwanted { get; set; }

    /// <summary>A try was made on this many servers, the current one included.</summary>
    public int Tries { get; set; }

    public bool IsRequestSent { get; set; }

    /// <summary>The request body cannot reach the server any more; its answer may still come.</summary>
    public bool IsRequestAborted { get; set; }

    /// <summary>The answer's head came, and is kept back until more of it did.</summary>
    public bool IsAnswerHeld { get; set; }

    /// <summary>A final response head was given to the client sink: from here on a fault can only cut.</summary>
    public bool HasResponseStarted { get; set; }

    public bool IsResponseDone { get; set; }

    /// <summary>Interim (1xx) responses passed on, bounded.</summary>
    public int InterimCount { get; set; }

    /// <summary>The client's connection is not used again after this exchange.</summary>
    public bool ClosesClient { get; set; }

    /// <summary>The connection's limit of requests is reached.</summary>
    public bool IsRequestLimitReached { get; set; }

    /// <summary>In a tunnel of WebSocket: where it is in its frames.</summary>
    public WebSocketTunnel? WebSocket { get; set; }

    /// <summary>
    /// The connection serves its last exchange because the proxy drains or its request limit is reached. Asked when the
    /// answer begins, so that none after the begin of a drain promises another.
    /// </summary>
    public bool IsLast => IsRequestLimitReached || Entry.IsDraining;

    /// <summary>
    /// The server's answer as it came, while <see cref="MiddlewareChain.Leave"/> runs; empty if there is none.
    /// </summary>
    public ReadOnlySpan<byte> ResponseHeadBytes =>
        Upstream is null ? default
        : UpstreamSource.CanRewind ? UpstreamSource.Head // kept back
        : UpstreamSource.Unread[..Response.Length];

    public LocalAnswer? LocalAnswer { get; set; }

    public int LocalBodySent { get; set; }

    /// <summary>Where its shard has it while it is rented.</summary>
    public int RentedPlace { get; set; }

    /// <summary>
    /// Counts rentals and resets, so that an answer computed elsewhere finds out that it came too late.
    /// </summary>
    public int Ticket { get; private set; }

    /// <summary>Status the client was given; 0 if none.</summary>
    public int Status { get; set; }

    public Fault Fault { get; set; }

    public RejectReason RejectReason { get; set; }

    /// <summary>The client waits for a 100 before it sends its body, and has sent none of it yet.</summary>
    public bool IsAwaitingContinue =>
        Request.ExpectsContinue && !HasContinued && !ClientSource.HasBodyBegun;

    /// <summary>A 100 was passed on.</summary>
    public bool HasContinued { get; set; }

    // Times, in the loop's milliseconds.
    public long StartedMs { get; set; }

    public long DeadlineMs { get; set; } = long.MaxValue;

    public long TryStartedMs { get; set; }

    /// <summary>What the head of this try's answer was counted as.</summary>
    public AnswerNote Answered { get; set; }

    public long ConnectStartedMs { get; set; }

    public long RequestSentMs { get; set; }

    public long ClientReadMs { get; set; }

    public long ClientWriteMs { get; set; }

    public long UpstreamReadMs { get; set; }

    public long BodyStartedMs { get; set; }

    /// <summary>
    /// Body bytes the client had sent when the body started, and time spent waiting for the server to take more.
    /// </summary>
    public long BodyBytesBefore { get; set; }

    public long BodyHeldMs { get; set; }

    public long BodyHeldSinceMs { get; set; } = -1;

    /// <summary>
    /// The client had ended its direction before an answer began: it waits for one (RFC 9112 section 9.6).
    /// </summary>
    public bool IsHalfClosed { get; set; }

    /// <summary>Bytes of the connection already counted by earlier exchanges.</summary>
    public long SentBefore { get; set; }

    public long ReadBefore { get; set; }

    public PumpStatus RequestPump { get; set; }

    public PumpStatus ResponsePump { get; set; }

    /// <summary>Host to route by: lower case, no port, no trailing dot.</summary>
    public ReadOnlySpan<byte> Host => _host.AsSpan(0, _hostLength);

    /// <summary>Takes a client on; the exchange serves its connection until it is returned.</summary>
    public void Bind(ByteLink link, ILinkOwner owner, IEntry entry)
    {
        ClientLink = link;
        Owner = owner;
        Entry = entry;
        Terms = entry.Terms;
        IsTrustedClient = !Terms.TrustedIps.IsEmpty && Terms.TrustedIps.Contains(link.RemoteAddress);
        _scheme = IsTrustedClient ? TargetScheme.Any : link.IsSecure ? TargetScheme.Https : TargetScheme.Http;
        Request.Scheme = _scheme;
        ClientSource.Bind(link, Shard.Loop.Blocks, Terms.HeadLimits);
        ClientSink.Bind(link, Shard.Loop.Blocks);
    }

    /// <summary>The client's connection outlives the exchange, with the server connections it has.</summary>
    public void Continue(OwnConnections own)
    {
        CanBind = true;
        Bond = own.Bond;
    }

    /// <summary>Goes on where it waits: its turn came.</summary>
    public void OnRoom() => Owner.OnLinkReady(ClientLink);

    /// <summary>The client's word is taken for the request's id.</summary>
    public void SetRequestId(ReadOnlySpan<byte> id)
    {
        id.CopyTo(_requestId);
        _requestIdLength = id.Length;
        IsRequestIdClients = true;
    }

    public void SetHost(ReadOnlySpan<byte> host) => _hostLength = HostName.WriteLower(host, _host);

    /// <summary>The path router, middlewares and server see.</summary>
    public ReadOnlySpan<byte> Path =>
        RewrittenPath is not null ? RewrittenPath.Filled
        : Request.Path.IsEmpty ? "/"u8
        : Request.Path.Of(ClientSource.Head);

    /// <summary>Without the question mark.</summary>
    public ReadOnlySpan<byte> Query =>
        RewrittenQuery is not null ? RewrittenQuery.Filled : Request.Query.Of(ClientSource.Head);

    public bool HasQuery => RewrittenQuery is not null ? !RewrittenQuery.IsEmpty : Request.HasQuery;

    /// <summary>
    /// Replaces the path by another, which is made canonical as the received one was. False if it cannot be: the reason
    /// is noted, and the request must be refused. <paramref name="path"/> may be a part of the present one.
    /// </summary>
    public bool TryRewritePath(ReadOnlySpan<byte> path)
    {
        Block block = Shard.Loop.Blocks.Rent(Math.Max(path.Length, CanonicalPath.ScratchBytes(path.Length)));
        PathStatus status = CanonicalPath.Read(
            path, block.Free, out int length, out PathTraits traits, out RejectReason reason);
        if (status == PathStatus.AlreadyCanonical)
        {
            path.CopyTo(block.Free);
            length = path.Length;
        }
        else if (status != PathStatus.Rewritten)
        {
            Shard.Loop.Blocks.Return(block);
            return Refuse(reason);
        }

        block.Commit(length);
        Release(RewrittenPath);
        RewrittenPath = block;
        RejectReason refusal = CanonicalPath.Refusal(traits, (PathTraits)Route!.AllowEncoded);
        return refusal == RejectReason.None || Refuse(refusal);
    }

    /// <summary>
    /// Replaces the query, without its question mark; empty removes it. False, and nothing changed, if a byte is none
    /// that a target may hold (RFC 3986 section 3.4).
    /// </summary>
    public bool TryRewriteQuery(ReadOnlySpan<byte> query)
    {
        foreach (byte value in query)
        {
            if (value is <= 0x20 or >= 0x7F or (byte)'#')
            {
                return false;
            }
        }

        Block block = Shard.Loop.Blocks.Rent(Math.Max(1, query.Length));
        query.CopyTo(block.Free);
        block.Commit(query.Length);
        Release(RewrittenQuery);
        RewrittenQuery = block;
        return true;
    }

    /// <summary>Ends the request here: its bytes are refused, and its connection ends with the answer.</summary>
    public Verdict Reject(RejectReason reason)
    {
        Refuse(reason);
        return Verdict.Answered;
    }

    /// <summary>Ends the request here with an answer of the proxy's own.</summary>
    public Verdict Answer(LocalAnswer answer)
    {
        LocalAnswer = answer;
        return Verdict.Answered;
    }

    /// <summary>Takes a filter for the answer that is about to begin; there is none yet.</summary>
    public void Filter(AnswerFilter filter)
    {
        filter.Output.Bind(Shard.Loop.Blocks, budget: null);
        AnswerFilter = filter;
    }

    /// <summary>The answer is through, or given up.</summary>
    public void EndFilter()
    {
        AnswerFilter?.OnEnd();
        AnswerFilter = null;
    }

    /// <summary>Puts a fact of a step's own into the audit record, if there will be one.</summary>
    /// <param name="name">A name of ours, such as "gen_ai.request.model"; never a client's bytes.</param>
    /// <param name="text">Nothing is noted if it is empty; a long one is cut.</param>
    public void NoteFact(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text)
    {
        if (!text.IsEmpty)
        {
            Audit?.Facts.Note(name, text);
        }
    }

    /// <inheritdoc cref="NoteFact(ReadOnlySpan{byte}, ReadOnlySpan{byte})"/>
    public void NoteFact(ReadOnlySpan<byte> name, long number) => Audit?.Facts.Note(name, number);

    /// <summary>Gives a body the memory of the exchange's loop.</summary>
    public void Hold(HeldBody body, BodyBudget? budget) => body.Bind(Shard.Loop.Blocks, budget);

    /// <summary>
    /// Ends the exchange and makes it ready for the next one on the same connection; pipelined bytes stay.
    /// </summary>
    public void Reset()
    {
        Release(RewrittenPath);
        RewrittenPath = null;
        Release(RewrittenQuery);
        RewrittenQuery = null;
        EndFilter();
        Whole.Reset();
        ErrorPages = null;
        Notes.Reset();
        Audit = null;
        Record.Reset();
        Consumer = null;
        RequestEdits.Reset();
        ResponseEdits.Reset();
        Fallbacks.Reset();
        Mirror = null;
        Entered = 0;
        Ending = 0;
        AnsweredBy = null;
        OverLimit = null;
        IsLimited = false;
        Request.Reset();
        Request.Scheme = _scheme;
        Response.Reset();
        UpstreamSource.Unbind();
        UpstreamSink.Unbind();
        _hostLength = 0;
        _requestIdLength = 0;
        IsRequestIdClients = false;
        _trace = default;
        IsHttps = false;
        Snapshot = Snapshot.Empty;
        Route = null;
        ModelChoice.Reset();
        Service = null;
        Call = null;
        Server = null;
        Upstream = null;
        Rival = null;
        Phase = ExchangePhase.Head;
        Tries = 0;
        Attempts = 0;
        StickyPlace = -1;
        Slot = null;
        MayRepeat = false;
        HasConnectionCredentials = false;
        IsLive = false;
        IsRetrying = false;
        IsAnswerUnwanted = false;
        _tried = default;
        IsRequestSent = false;
        IsRequestAborted = false;
        HasResponseStarted = false;
        IsAnswerHeld = false;
        IsResponseDone = false;
        IsHalfClosed = false;
        InterimCount = 0;
        HasContinued = false;
        ClosesClient = false;
        IsRequestLimitReached = false;
        LocalAnswer = null;
        LocalBodySent = 0;
        WebSocket = null;
        Ticket++;
        Status = 0;
        Fault = Fault.None;
        RejectReason = RejectReason.None;
        ResetTimes();
    }

    /// <summary>Lets go of the client too; the exchange goes back to its shard.</summary>
    public void Unbind()
    {
        _scheme = default;
        Reset();
        ClientSource.Unbind();
        ClientSink.Unbind();
        ClientLink = null!;
        Owner = null!;
        Entry = null!;
        Terms = null!;
        IsTrustedClient = false;
        CanBind = false;
        Bond = null;
        SentBefore = 0;
        ReadBefore = 0;
    }

    private bool Refuse(RejectReason reason)
    {
        RejectReason = reason;
        Fault = Fault.Rejected;
        return false;
    }

    private void Release(Block? block)
    {
        if (block is not null)
        {
            block.Clear();
            Shard.Loop.Blocks.Return(block);
        }
    }

    private void ResetTimes()
    {
        StartedMs = 0;
        DeadlineMs = long.MaxValue;
        QueuedMs = 0;
        TryStartedMs = 0;
        Answered = default;
        ConnectStartedMs = 0;
        RequestSentMs = 0;
        ClientReadMs = 0;
        ClientWriteMs = 0;
        UpstreamReadMs = 0;
        BodyStartedMs = 0;
        BodyBytesBefore = 0;
        BodyHeldMs = 0;
        BodyHeldSinceMs = -1;
        RequestPump = PumpStatus.WaitSource;
        ResponsePump = PumpStatus.WaitSource;
    }
}
