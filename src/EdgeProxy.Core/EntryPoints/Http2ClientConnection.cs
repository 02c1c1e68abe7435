using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// One client connection speaking HTTP/2: gives each stream an exchange and decides how long the connection lasts.
/// Lives on its link's loop.
/// </summary>
internal sealed class Http2ClientConnection : ClientConnection, IHttp2Owner, ITimerOwner
{
    // As for HTTP/1.1 (Http1Connection): what still comes is let in for a while, so that the last frame arrives.
    private const long LingerMs = 2_000;

    // A client that does not answer the ping of a drain has heard of it by now.
    private const long LeaveMs = 1_000;

    private readonly Http2Lane _lane;
    private readonly Http2Connection _connection;
    private readonly TimerNode _timer;
    private readonly long _startedMs;
    private long _streamsCounted;
    private long _resetsCounted;
    private long _idleSinceMs;
    private long _headSinceMs;
    private long _leaveMs = long.MaxValue;
    private bool _isLeaving;
    private long _lingerSinceMs;
    private long _sentBefore;
    private long _stalledSinceMs;
    private Waits _waits = Waits.Idle;

    public Http2ClientConnection(Http2Lane lane, ByteLink link)
    {
        _lane = lane;
        _timer = new TimerNode(this);
        _startedMs = NowMs;
        _idleSinceMs = NowMs;
        EntryPointSettings settings = lane.EntryPoint.Settings;
        var terms = new Http2Terms
        {
            IsServer = true,
            StreamsMax = settings.StreamsMax,
            HeadLimits = settings.HeadLimits,
        };
        _connection = new Http2Connection(link, this, lane.Shard.Loop.Streams, terms);
    }

    /// <summary>What is waited for.</summary>
    [Flags]
    private enum Waits : byte
    {
        Idle = 1,
        Head = 2,
        Linger = 4,
        Output = 8,
    }

    private long NowMs => _lane.Shard.Loop.NowMs;

    public void Start()
    {
        _lane.Connections.Add(this);
        _lane.Shard.Counters.Add(Counter.Http2Connections);
        _connection.Start();
    }

    /// <summary>Streams in flight finish, those on their way are let in, then it ends.</summary>
    public override void Drain()
    {
        if (!_connection.IsClosed && !_isLeaving)
        {
            _isLeaving = true;
            _leaveMs = NowMs + LeaveMs;
            _connection.Leave();
        }
    }

    public override void Cut() => _connection.Cut(Http2End.Broken);

    public void OnStream(Http2Connection connection, Http2Stream stream)
    {
        if (!_lane.HasRoom)
        {
            _lane.Shard.Counters.Add(Counter.Http2StreamsRefused);
            connection.Refuse(stream);
            return;
        }

        bool isLast = _lane.EntryPoint.Terms.IsLast(connection.StreamsBegun, NowMs - _startedMs);
        if (isLast)
        {
            _isLeaving = true;
            connection.LeaveNow();
        }

        _lane.Rent().Begin(stream, isLast);
    }

    public void OnStreamEnded(Http2Connection connection)
    {
    }

    public void OnTurn(Http2Connection connection)
    {
        Count();
        NoteChanges();
        long deadline = NextDeadline();
        if (deadline != _timer.DeadlineMs)
        {
            _lane.Shard.Loop.Timers.Arm(_timer, deadline);
        }
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        if (NextDeadline() > nowMs)
        {
            OnTurn(_connection);
            return;
        }

        ClientTerms terms = _lane.EntryPoint.Terms;
        if (_connection.IsLingering)
        {
            _connection.Cut(Http2End.Asked);
        }
        else if (HeadDeadline() <= nowMs)
        {
            _lane.Shard.Counters.Add(Counter.HeadTimeouts);
            _connection.Cut(Http2End.Broken);
        }
        else if (_connection.HasOutput && _stalledSinceMs + terms.WriteIdleTimeoutMs <= nowMs)
        {
            _lane.Shard.Counters.Add(Counter.WriteTimeouts);
            _connection.Cut(Http2End.Broken);
        }
        else
        {
            if (!_isLeaving)
            {
                _lane.Shard.Counters.Add(Counter.KeepAliveTimeouts);
            }

            _isLeaving = true;
            _leaveMs = long.MaxValue;
            _connection.LeaveNow();
            OnTurn(_connection); // there may be no other turn: what else is waited for is waited for still
        }
    }

    public void OnEnded(Http2Connection connection, Http2End end, Http2Error error)
    {
        Count();
        _lane.Shard.Loop.Timers.Disarm(_timer);
        _lane.Connections.Remove(this);
        _lane.Shard.Counters.Add(Counter.ConnectionsClosed);
        if (end == Http2End.Flood)
        {
            _lane.Shard.Counters.Add(Counter.Http2Floods);
        }
        else if (end == Http2End.Malformed)
        {
            _lane.Shard.Counters.Add(Counter.Http2Malformed);
        }

        _lane.EntryPoint.Limiter.Leave(connection.Link.RemoteAddress);
    }

    private void Count()
    {
        LoopCounters counters = _lane.Shard.Counters;
        counters.Add(Counter.Http2Streams, _connection.StreamsBegun - _streamsCounted);
        counters.Add(Counter.Http2Resets, _connection.Resets - _resetsCounted);
        _streamsCounted = _connection.StreamsBegun;
        _resetsCounted = _connection.Resets;
    }

    // Each wait is counted from the turn in which it began.
    private void NoteChanges()
    {
        long nowMs = NowMs;
        Note(_connection.StreamCount == 0, Waits.Idle, nowMs, ref _idleSinceMs);
        Note(_connection.IsWithinHead, Waits.Head, nowMs, ref _headSinceMs);
        Note(_connection.IsLingering, Waits.Linger, nowMs, ref _lingerSinceMs);
        Note(_connection.HasOutput, Waits.Output, nowMs, ref _stalledSinceMs);
        if (_connection.BytesSent != _sentBefore)
        {
            _sentBefore = _connection.BytesSent;
            _stalledSinceMs = nowMs;
        }
    }

    private void Note(bool waits, Waits which, long nowMs, ref long sinceMs)
    {
        if (waits && (_waits & which) == 0)
        {
            sinceMs = nowMs;
        }

        _waits = waits ? _waits | which : _waits & ~which;
    }

    // Of the first frame, or of a head that began.
    private long HeadDeadline()
    {
        long timeoutMs = _lane.EntryPoint.Terms.HeadTimeoutMs;
        return !_connection.HasBegun ? _startedMs + timeoutMs
            : _connection.IsWithinHead ? _headSinceMs + timeoutMs
            : long.MaxValue;
    }

    private long NextDeadline()
    {
        ClientTerms terms = _lane.EntryPoint.Terms;
        if (_connection.IsLingering)
        {
            return _lingerSinceMs + LingerMs;
        }

        long deadline = Math.Min(_leaveMs, HeadDeadline());
        if (_connection.HasBegun && !_connection.IsWithinHead && _connection.StreamCount == 0 && !_isLeaving)
        {
            deadline = Math.Min(deadline, _idleSinceMs + terms.KeepAliveTimeoutMs);
        }

        return _connection.HasOutput ? Math.Min(deadline, _stalledSinceMs + terms.WriteIdleTimeoutMs) : deadline;
    }
}
