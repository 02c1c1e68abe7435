using System;
using System.Diagnostics;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Mirroring;

/// <summary>
/// One copy of a request on its way to a server whose answer nobody waits for. It keeps head and body in memory of its
/// own while the request is sent, then has a connection of its own; it knows no client and no exchange. Lives on one
/// loop; reused, and given back by itself.
/// </summary>
internal sealed class MirrorCall : ILinkOwner, ITimerOwner, ILoopWork
{
    // A server that sends more interim answers is broken.
    private const int InterimMax = 16;

    private const int PiecesPerTurnMax = 32;

    // Where a service sets no limit, a copy has one: nobody would notice one that never ends.
    private const long AnswerTimeoutMs = 60_000;

    private readonly Shard _shard;
    private readonly TimerNode _timer;
    private readonly ResponseHead _response = new();
    private readonly MessageSource _source = new();
    private readonly MessageSink _sink = new();
    private readonly HeldBody _head = new();
    private readonly HeldBody _body = new();
    private Stage _stage;
    private Service _service = null!;
    private Server _server = null!;
    private MemberShare _share = null!;
    private UpstreamConnection? _connection;
    private ConnectionEnds _client;
    private Method _method;
    private bool _hasLength;
    private bool _hasCredentials;
    private int _bodyBytesMax;
    private int _position;
    private int _interimCount;
    private bool _isSendingOver;
    private bool _isPosted;
    private long _startedMs;
    private AnswerNote _answered;

    public MirrorCall(Shard shard)
    {
        _shard = shard;
        _timer = new TimerNode(this);
        _head.Bind(shard.Loop.Blocks, budget: null);
        _body.Bind(shard.Loop.Blocks, budget: null);
    }

    /// <summary>In the order of its life.</summary>
    private enum Stage : byte
    {
        Spare,

        /// <summary>The exchange is still sending its request.</summary>
        Filling,

        /// <summary>Longer than it may be; the exchange still has it.</summary>
        TooLong,

        /// <summary>Posted, to be sent after those who wait for something.</summary>
        Due,
        Connecting,
        Head,
        Body,
    }

    /// <summary>The next copy of the same request.</summary>
    public MirrorCall? Next { get; set; }

    /// <summary>Writes the head; the caller has counted it at server and share.</summary>
    public void Begin(Exchange exchange, Service service, Server server, MemberShare share, int bodyBytesMax)
    {
        Debug.Assert(_stage == Stage.Spare, "one copy at a time");
        _stage = Stage.Filling;
        _service = service;
        _server = server;
        _share = share;
        _bodyBytesMax = bodyBytesMax;
        _client = server.EndsOf(exchange.ClientLink);
        _method = exchange.Request.Method;
        _hasLength = exchange.Request.Framing != BodyFraming.None;
        _hasCredentials = exchange.HasConnectionCredentials;
        RequestHeadWriter.WriteCopy(exchange, service, server, _head);
    }

    /// <summary>Bytes of the body were handed on; those of an earlier try are here already.</summary>
    public void Take(ReadOnlySpan<byte> payload)
    {
        int known = Math.Min(payload.Length, _body.Length - _position);
        _position += payload.Length;
        if (_stage == Stage.Filling
            && (_position > _bodyBytesMax || !_body.TryAppend(payload[known..], _bodyBytesMax)))
        {
            _stage = Stage.TooLong;
            _body.Release();
        }
    }

    public void Restart() => _position = 0;

    /// <summary>The exchange lets go of it.</summary>
    public void Send()
    {
        Next = null;
        if (_stage == Stage.TooLong)
        {
            End(Counter.MirrorsDropped);
            return;
        }

        _stage = Stage.Due;
        Post();
    }

    /// <summary>The exchange lets go of it, and there is not all of it.</summary>
    public void Drop()
    {
        Next = null;
        End(Counter.MirrorsDropped);
    }

    public void RunOn(EpollLoop loop)
    {
        _isPosted = false;
        if (_stage == Stage.Due)
        {
            FinishHead();
            Start(mayReuse: true);
        }
        else if (_stage >= Stage.Connecting)
        {
            Advance();
        }
    }

    public void OnLinkReady(ByteLink link)
    {
        if (ReferenceEquals(link, _connection?.Link))
        {
            Advance();
        }
    }

    public void OnTimer(TimerNode timer, long nowMs) =>
        Fail(_stage == Stage.Connecting ? FaultKind.ConnectTimeout : FaultKind.ResponseTimeout);

    private void Post()
    {
        if (!_isPosted)
        {
            _isPosted = true;
            _shard.Loop.Post(this);
        }
    }

    private void FinishHead()
    {
        if (_head.TryRoom(HeadEndBytesMax, out Span<byte> room))
        {
            var buffer = new HeadBuffer(room);
            if (_hasLength)
            {
                buffer.Write("Content-Length: "u8);
                buffer.Write(_body.Length);
                buffer.Write("\r\n"u8);
            }

            buffer.Write("\r\n"u8);
            _head.Commit(buffer.Length);
        }
    }

    private static int HeadEndBytesMax => "Content-Length: 1234567890\r\n\r\n"u8.Length;

    private void Start(bool mayReuse)
    {
        ServerPool? pool = _server.Pool(_shard.Loop.Index);
        if (pool is null)
        {
            pool = new ServerPool(_server, _shard.Loop, _shard.Counters);
            _server.SetPool(_shard.Loop.Index, pool);
        }

        _startedMs = _shard.Loop.NowMs;
        _answered = default;
        UpstreamConnection? connection = mayReuse ? pool.Take(this, _client) : null;
        if (connection is null)
        {
            connection = pool.Connect(_server.Address!, this, _client);
        }
        else
        {
            _shard.Counters.Add(Counter.UpstreamReuses);
        }

        _stage = Stage.Connecting;
        _connection = connection;
        _server.Load(_shard.Loop.Index).Enter();
        _source.Bind(connection.Link, _shard.Loop.Blocks, HeadLimits.Default);
        _sink.Bind(connection.Link, _shard.Loop.Blocks);
        _sink.StartBody(isChunked: false);
        _shard.Loop.Timers.Arm(_timer, _startedMs + _service.ConnectTimeoutMs);
        Advance();
    }

    // Goes on until the link has to be waited for, or it is over.
    private void Advance()
    {
        ByteLink link = _connection!.Link;
        if (_stage == Stage.Connecting)
        {
            if (link.IsBroken)
            {
                _shard.Counters.Add(Counter.UpstreamConnectFailures);
                _shard.Reports.ConnectFailed(_server, FaultKind.ConnectFailed, link.BreakReason);
                Fail(FaultKind.ConnectFailed);
                return;
            }

            if (!link.IsConnected)
            {
                return;
            }

            Connected();
        }

        if (!_isSendingOver)
        {
            AdvanceSending();
        }

        while (_stage == Stage.Head)
        {
            if (!AdvanceHead())
            {
                return;
            }
        }

        if (_stage == Stage.Body)
        {
            AdvanceBody();
        }
    }

    private void Connected()
    {
        if (_server.NoteSuccess())
        {
            _shard.Reports.ConnectWorks(_server);
        }

        _connection!.IsBound |= _hasCredentials && !_server.IsHttp2;
        _stage = Stage.Head;
        long limitMs = _service.ResponseTimeoutMs > 0 ? _service.ResponseTimeoutMs : AnswerTimeoutMs;
        _shard.Loop.Timers.Arm(_timer, _shard.Loop.NowMs + limitMs);
    }

    // A server may answer before it has read everything: what it does not take is not sent, its answer is read all the
    // same.
    private void AdvanceSending()
    {
        PumpStatus status = SendPart(_head);
        if (status == PumpStatus.Done)
        {
            status = BodyPump.Run(_body, _sink);
        }

        _isSendingOver = status is PumpStatus.Done or PumpStatus.SinkBroken;
    }

    private PumpStatus SendPart(HeldBody part)
    {
        if (part.Unsent.IsEmpty)
        {
            return PumpStatus.Done;
        }

        _sink.Append(part.Unsent);
        part.Advance(part.Unsent.Length);
        return PumpStatus.Done;
    }

    // True if there is more to do at once.
    private bool AdvanceHead()
    {
        if (!_source.Unread.IsEmpty)
        {
            switch (ResponseHeadReader.Read(_source.Unread, HeadLimits.Default, _method, _response))
            {
                case ParseStatus.Complete:
                    return TakeHead();
                case ParseStatus.Malformed:
                    return Fail(FaultKind.UpstreamMalformed);
            }
        }

        switch (_source.Fill(BlockPool.SmallBytes, HeadLimits.HeadBytesDefault + BlockPool.SmallBytes))
        {
            case LinkStatus.Ok:
                return true;
            case LinkStatus.WouldBlock:
                return false;
            default:
                return IsStale() ? StartAgain() : Fail(FaultKind.UpstreamClosed);
        }
    }

    // A pooled connection that the server had closed meanwhile; a fresh one cannot be, so this happens once.
    private bool IsStale() => _connection!.IsReused && _source.BytesRead == 0;

    private bool StartAgain()
    {
        _shard.Counters.Add(Counter.UpstreamStale);
        Detach().Link.Abort();
        _head.Rewind();
        _body.Rewind();
        Start(mayReuse: false);
        return false;
    }

    private bool TakeHead()
    {
        int status = _response.StatusCode;
        _connection!.IsBound |= !_server.IsHttp2 && ConnectionBinding.IsAskedFor(_response, _source.Unread);
        _source.Skip(_response.Length);
        if (status is >= 100 and < 200 and not 101)
        {
            _response.Reset();
            return ++_interimCount <= InterimMax || Fail(FaultKind.UpstreamMalformed);
        }

        if (status == 101)
        {
            return Fail(FaultKind.UpstreamMalformed); // nobody asked for a tunnel
        }

        _answered = Outcomes.NoteAnswered(_shard, _service, _server, _startedMs, status);
        _source.StartBody(_response.Framing, _response.ContentLength);
        _stage = Stage.Body;
        return true;
    }

    private void AdvanceBody()
    {
        BodyStep step = BodyStep.Data;
        for (int piece = 0; piece < PiecesPerTurnMax && step == BodyStep.Data; piece++)
        {
            step = _source.Next(out ReadOnlySpan<byte> payload);
            _source.Advance(payload.Length);
        }

        switch (step)
        {
            case BodyStep.Data:
                Post();
                break;
            case BodyStep.Wait:
                break;
            case BodyStep.End:
                Finish();
                break;
            case BodyStep.Malformed:
                Fail(FaultKind.UpstreamMalformed);
                break;
            default:
                Fail(FaultKind.UpstreamClosed);
                break;
        }
    }

    private void Finish()
    {
        _source.EndMessage();
        bool isClean = _isSendingOver && _sink.IsEnded && !_sink.HasPending && _response.KeepAlive
            && _source.Unread.IsEmpty && !_source.HasSeenEnd;
        FaultWatch.NoteWhole(_server, _answered);
        UpstreamConnection connection = Detach();
        if (isClean)
        {
            connection.Pool.Put(connection);
        }
        else
        {
            connection.Link.Close();
        }

        End(Counter.MirrorsAnswered);
    }

    // Always false: nothing more is to be done.
    private bool Fail(FaultKind kind)
    {
        Outcomes.NoteFailed(_shard, _service, _server, _startedMs, kind, _answered);
        Detach().Link.Abort();
        End(Counter.MirrorsFailed);
        return false;
    }

    private UpstreamConnection Detach()
    {
        UpstreamConnection connection = _connection!;
        _connection = null;
        _source.Unbind();
        _sink.Unbind();
        _response.Reset();
        _interimCount = 0;
        _isSendingOver = false;
        _server.Load(_shard.Loop.Index).Leave();
        return connection;
    }

    private void End(Counter result)
    {
        _shard.Counters.Add(result);
        _shard.Loop.Timers.Disarm(_timer);
        _share.Leave();
        if (_service.RequestsMax > 0)
        {
            _server.GiveSlot();
            _service.NoteRoom(_shard.Loop.Index);
        }

        _head.Release();
        _body.Release();
        _position = 0;
        _bodyBytesMax = 0;
        _hasLength = false;
        _hasCredentials = false;
        _method = default;
        _service = null!;
        _server = null!;
        _share = null!;
        _stage = Stage.Spare;
        _shard.Mirrors.Return(this);
    }
}
