using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// One client connection speaking HTTP/1.1 (RFC 9112): reads heads, hands exchanges to the pipeline, decides whether
/// the
/// connection goes on. While idle it holds nothing but itself, its link and its timer. Lives on its link's loop.
/// </summary>
internal sealed class Http1Connection : ClientConnection, ILinkOwner, ITimerOwner, ILoopWork
{
    // Exchanges answered in one go while requests are pipelined; then other connections have their turn.
    private const int ExchangesPerTurnMax = 32;

    // After our last response the client's remaining bytes are read and dropped for a while, or the reset they cause
    // would
    // destroy that response on its way (RFC 9112 section 9.6).
    private const long LingerMs = 2_000;
    private const int LingerBytesMax = 1024 * 1024;

    // The rest of a short body (ErrorResponses.DiscardBytesMax) has this long in all.
    private const long DiscardMs = 5_000;

    // A draining proxy keeps an idle connection this long, so that a request already on its way is answered.
    private const long DrainIdleMs = 1_000;

    private readonly EntryPoint _entryPoint;
    private readonly ConnectionList _list;
    private readonly Shard _shard;
    private readonly RequestPipeline _pipeline;
    private readonly ByteLink _link;
    private readonly TimerNode _timer;
    private readonly bool _isAdmitted;
    private Exchange? _exchange;
    private OwnConnections _own;
    private State _state;
    private int _requestCount;
    private int _lingerBytes;
    private long _discardEnd;
    private long _headStartedMs;
    private readonly long _startedMs;
    private bool _isPosted;

    public Http1Connection(
        EntryPoint entryPoint,
        ConnectionList list,
        Shard shard,
        RequestPipeline pipeline,
        ByteLink link,
        bool isAdmitted)
    {
        _entryPoint = entryPoint;
        _list = list;
        _shard = shard;
        _pipeline = pipeline;
        _link = link;
        _isAdmitted = isAdmitted;
        _timer = new TimerNode(this);
        _startedMs = NowMs;
        link.Owner = this;
    }

    /// <summary>In the order of a connection's life.</summary>
    private enum State : byte
    {
        /// <summary>Between requests; nothing of the next one has come.</summary>
        Idle,

        /// <summary>Part of a head may have come.</summary>
        Head,

        /// <summary>The pipeline has an exchange.</summary>
        Exchange,

        /// <summary>Answered; what is left of a short request body is thrown away before the next head.</summary>
        Discard,

        /// <summary>Answered for the last time; waits for the client to close.</summary>
        Linger,

        Closed,
    }

    private long NowMs => _shard.Loop.NowMs;

    /// <summary>
    /// Begins, once accepted: a connection over a limit is told so, any other waits for its first head.
    /// </summary>
    public void Start()
    {
        _list.Add(this);
        if (!_isAdmitted)
        {
            _link.TryWrite(OverLimitAnswer, default, default, out _);
            StartLinger();
            return;
        }

        _headStartedMs = NowMs;
        _shard.Loop.Timers.Arm(_timer, NowMs + _entryPoint.Terms.HeadTimeoutMs);
        Run();
    }

    public void OnLinkReady(ByteLink link) => Run();

    /// <summary>Goes on after it let others go first.</summary>
    public void RunOn(EpollLoop loop)
    {
        _isPosted = false;
        Run();
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        switch (_state)
        {
            case State.Idle:
                _shard.Counters.Add(_requestCount == 0 ? Counter.HeadTimeouts : Counter.KeepAliveTimeouts);
                Close();
                break;
            case State.Head:
                Take(RequestPipeline.Reject(_exchange!, FaultKind.HeadTimeout, RejectReason.None));
                Run();
                break;
            case State.Exchange:
                Take(RequestPipeline.OnTimer(_exchange!, nowMs));
                Run();
                break;
            case State.Discard:
            case State.Linger:
                Close();
                break;
        }
    }

    /// <summary>
    /// The proxy or this entrypoint goes: the exchange in flight is the last one (<see cref="Exchange.IsLast"/>), what
    /// waits for another waits shortly.
    /// </summary>
    public override void Drain()
    {
        if (_state is State.Idle or State.Discard)
        {
            _shard.Loop.Timers.Arm(_timer, NowMs + DrainIdleMs);
        }
        else if (_state == State.Exchange && _exchange!.WebSocket is not null)
        {
            Run(); // it ends between two frames, and this may be between two
        }
    }

    /// <summary>Ends now, whatever is under way.</summary>
    public override void Cut()
    {
        if (_exchange is { } exchange && _state == State.Exchange)
        {
            RequestPipeline.Cut(exchange, new Fault(FaultKind.Drained, FaultSide.Proxy, Again.Never));
            EndCut(exchange);
            return;
        }

        Close();
    }

    // Runs until it has to wait. One pass per state change; the number of exchanges per turn is bounded.
    private void Run()
    {
        for (int exchanges = 0; _state != State.Closed;)
        {
            bool goesOn;
            switch (_state)
            {
                case State.Idle:
                    goesOn = RunIdle();
                    break;
                case State.Head:
                    goesOn = RunHead();
                    break;
                case State.Exchange:
                    goesOn = RunExchange();
                    break;
                case State.Discard:
                    goesOn = RunDiscard();
                    break;
                default:
                    RunLinger();
                    return;
            }

            if (!goesOn)
            {
                return;
            }

            if (_state == State.Head && ++exchanges > ExchangesPerTurnMax)
            {
                PostAgain();
                return;
            }
        }
    }

    private bool RunIdle()
    {
        if (_link.IsBroken)
        {
            Close();
            return false;
        }

        if (!_link.MayRead)
        {
            return false;
        }

        _exchange = _shard.Rent();
        _exchange.Bind(_link, this, _entryPoint);
        _exchange.Continue(_own);
        _state = State.Head;
        if (_requestCount > 0)
        {
            _headStartedMs = NowMs;
        }

        return true;
    }

    private bool RunHead()
    {
        Exchange exchange = _exchange!;
        MessageSource source = exchange.ClientSource;
        HeadLimits limits = exchange.Terms.HeadLimits;
        while (true)
        {
            if (!source.Unread.IsEmpty)
            {
                switch (RequestHeadReader.Read(source.Unread, limits, exchange.Request))
                {
                    case ParseStatus.Complete:
                        Begin(exchange);
                        return _state != State.Exchange;
                    case ParseStatus.Malformed:
                        Take(RequestPipeline.Reject(exchange, FaultKind.Rejected, exchange.Request.Reason));
                        return _state != State.Exchange;
                }
            }

            switch (source.Fill(BlockPool.SmallBytes, limits.HeadBytes + BlockPool.SmallBytes))
            {
                case LinkStatus.Ok:
                    break;
                case LinkStatus.WouldBlock:
                    WaitForHead(source);
                    return false;
                default:
                    // The client left between requests, or within a head that nobody can answer.
                    Close();
                    return false;
            }
        }
    }

    private void WaitForHead(MessageSource source)
    {
        if (!source.Unread.IsEmpty)
        {
            _shard.Loop.Timers.Arm(_timer, _headStartedMs + _exchange!.Terms.HeadTimeoutMs);
            return;
        }

        ReturnExchange();
        _state = State.Idle;
        ClientTerms terms = _entryPoint.Terms;
        long deadline = _requestCount == 0
            ? _headStartedMs + terms.HeadTimeoutMs
            : NowMs + (_entryPoint.IsDraining ? DrainIdleMs : terms.KeepAliveTimeoutMs);
        _shard.Loop.Timers.Arm(_timer, deadline);
    }

    private void Begin(Exchange exchange)
    {
        _requestCount++;
        exchange.IsRequestLimitReached = exchange.Terms.IsLast(_requestCount, NowMs - _startedMs);
        exchange.ClientSource.Pin(exchange.Request.Length);
        exchange.ClientSource.StartBody(exchange.Request.Framing, exchange.Request.ContentLength);
        _state = State.Exchange;
        Take(_pipeline.Begin(exchange));
    }

    private bool RunExchange()
    {
        Take(RequestPipeline.Advance(_exchange!));
        return _state != State.Exchange;
    }

    // What the pipeline said about the exchange becomes the connection's next state.
    private void Take(ExchangeStatus status)
    {
        Exchange exchange = _exchange!;
        switch (status)
        {
            case ExchangeStatus.Pending:
                _state = State.Exchange;
                _shard.Loop.Timers.Arm(_timer, Deadlines.Next(exchange, NowMs, out _));
                break;
            case ExchangeStatus.Yielded:
                _state = State.Exchange;
                PostAgain();
                break;
            case ExchangeStatus.Finished when exchange.ClosesClient:
                StartLinger();
                break;
            case ExchangeStatus.Finished:
                _state = State.Discard;
                // What is here already, as a body that was read whole, costs no wait: what still comes is bounded.
                _discardEnd = exchange.ClientSource.BytesRead + ErrorResponses.DiscardBytesMax;
                _shard.Loop.Timers.Arm(_timer, NowMs + DiscardMs);
                break;
            default:
                EndCut(exchange);
                break;
        }
    }

    // The client must be able to tell that its answer is not whole. Where the end of the connection ends the body
    // (HTTP/1.0),
    // only a reset says so; elsewhere the missing rest does, and what was sent still arrives.
    private void EndCut(Exchange exchange)
    {
        bool needsReset = exchange.Request.MinorVersion == 0 || exchange.Fault.Kind == FaultKind.WriteTimeout;
        if (needsReset)
        {
            _link.Abort();
        }

        Close();
    }

    private bool RunDiscard()
    {
        Exchange exchange = _exchange!;
        while (true)
        {
            switch (exchange.ClientSource.Next(out ReadOnlySpan<byte> payload))
            {
                case BodyStep.Data:
                    exchange.ClientSource.Advance(payload.Length);
                    if (Taken(exchange.ClientSource) > _discardEnd)
                    {
                        StartLinger();
                        return false;
                    }

                    break;
                case BodyStep.Wait:
                    // The deadline stands since the answer: one that starts over could be put off byte by byte.
                    return false;
                case BodyStep.End:
                    NextMessage(exchange);
                    return true;
                case BodyStep.Malformed:
                    StartLinger();
                    return false;
                default:
                    Close();
                    return false;
            }
        }
    }

    // Of a chunked body the framing counts, too; its trailers have a limit of their own.
    private static long Taken(MessageSource source) => source.BytesRead - source.Unread.Length;

    // Bytes of the next request may already be there: then the exchange goes on to it, else it is given back.
    private void NextMessage(Exchange exchange)
    {
        exchange.ClientSource.EndMessage();
        exchange.Reset();
        _state = State.Head;
        _headStartedMs = NowMs;
    }

    private void StartLinger()
    {
        // Only a client that may still be sending needs the wait: closing on unread bytes resets the connection.
        bool mayClose = _exchange is { } exchange && exchange.ClientSource.IsComplete
            && exchange.ClientSource.Unread.Length <= exchange.Request.Length && !_link.MayRead;
        ReturnExchange();
        if (mayClose)
        {
            Close();
            return;
        }

        _state = State.Linger;
        _link.EndWrites();
        _shard.Loop.Timers.Arm(_timer, NowMs + LingerMs);
        RunLinger();
    }

    private void RunLinger()
    {
        Block block = _shard.Loop.Blocks.RentLarge();
        LinkStatus status = LinkStatus.Ok;
        while (status == LinkStatus.Ok && _lingerBytes < LingerBytesMax)
        {
            status = _link.TryRead(block.Free, out int count);
            _lingerBytes += count;
        }

        _shard.Loop.Blocks.Return(block);
        if (status != LinkStatus.WouldBlock)
        {
            Close();
        }
    }

    private void PostAgain()
    {
        if (!_isPosted)
        {
            _isPosted = true;
            _shard.Loop.Post(this);
        }
    }

    private void ReturnExchange()
    {
        if (_exchange is { } exchange)
        {
            _exchange = null;
            _own = new OwnConnections(exchange.Bond);
            exchange.Unbind();
            _shard.Return(exchange);
        }
    }

    private void Close()
    {
        if (_state == State.Closed)
        {
            return;
        }

        _state = State.Closed;
        ReturnExchange();
        _own.End();
        _shard.Loop.Timers.Disarm(_timer);
        _link.Close();
        _list.Remove(this);
        _shard.Counters.Add(Counter.ConnectionsClosed);
        if (_isAdmitted)
        {
            _entryPoint.Limiter.Leave(_link.RemoteAddress);
        }
    }

    private static ReadOnlySpan<byte> OverLimitAnswer =>
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"u8;
}
