using System;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Pipeline.Auditing;

/// <summary>
/// What is known of one audited exchange until its record is noted, and whether it was (decision 90): before the end of
/// its answer leaves, and again if it then ended badly. Rented from its <see cref="AuditLane"/>.
/// </summary>
internal sealed class AuditNote(AuditLane lane)
{
    private byte[] _asked = new byte[256];
    private int _askedLength;
    private int _ahead;
    private int _outputTaken;
    private ulong _number;
    private bool _hasFacts;
    private bool _isWaiting;
    private bool _isTunnel;
    private CapturedPayload? _payload;

    public RecordFacts Facts { get; } = new();

    /// <summary>As the client sent it.</summary>
    public BodyDigest Request { get; } = new();

    /// <summary>As the client gets it.</summary>
    public BodyDigest Answer { get; } = new();

    /// <summary>Fields of what was asked for, written while the head was there.</summary>
    public ReadOnlySpan<byte> Asked => _asked.AsSpan(0, _askedLength);

    /// <summary>What the record says of the bodies themselves; "" if none is kept.</summary>
    public string PayloadText => _payload is null || (Request.Count == 0 && Answer.Count == 0) ? ""
        : _payload.IsLost ? PayloadRecords.Dropped : PayloadRecords.TextOf(_payload.Mode);

    /// <summary>The record is in the ring, or was given up.</summary>
    public bool IsNoted { get; private set; }

    /// <summary>Since when the end of the answer waits, in the loop's milliseconds; -1 while it does not.</summary>
    public long WaitingSinceMs { get; private set; } = -1;

    public void Begin(Exchange exchange)
    {
        BeginBodies(exchange);
        int bound = AuditRecords.AskedBytes(exchange);
        if (_asked.Length < bound)
        {
            _asked = new byte[bound];
        }

        _askedLength = AuditRecords.WriteAsked(exchange, lane.Settings.Query, _asked);
    }

    /// <summary>
    /// The exchange's route turned out to be another, before anything of its body was handed on: what is kept of it is
    /// that one's to say.
    /// </summary>
    public void Reroute(Exchange exchange)
    {
        GiveUpPayload();
        if (exchange.Route!.Audit == AuditScope.None)
        {
            exchange.ClientSource.Digest = null;
            exchange.Audit = null;
            lane.Return(this);
            return;
        }

        BeginBodies(exchange);
    }

    private void BeginBodies(Exchange exchange)
    {
        AuditScope scope = exchange.Route!.Audit;
        PayloadMode payloads = exchange.Route.Payloads;
        _payload = payloads == PayloadMode.None ? null : lane.Payloads?.Rent(payloads);
        Request.Begin(scope == AuditScope.Digests, _payload?.Request);
        Answer.Begin(scope == AuditScope.Digests, _payload?.Answer);
        exchange.ClientSource.Digest = scope == AuditScope.Digests || _payload is not null ? Request : null;
    }

    /// <summary>Bytes of the answer left; what was looked at before is not taken twice.</summary>
    public void TakeAnswer(ReadOnlySpan<byte> sent, BodyCall? call)
    {
        int seen = Math.Min(_ahead, sent.Length);
        _ahead -= seen;
        if (seen < sent.Length)
        {
            Answer.Take(sent[seen..]);
            call?.Take(sent[seen..]);
        }
    }

    /// <summary>The last bytes of the answer, which leave once the record is noted.</summary>
    public void LookAhead(ReadOnlySpan<byte> last, BodyCall? call)
    {
        if (_ahead < last.Length)
        {
            Answer.Take(last[_ahead..]);
            call?.Take(last[_ahead..]);
            _ahead = last.Length;
        }
    }

    /// <summary>What a call wrote in the place of the server's bytes; empty once it was sent.</summary>
    public void TakeOutput(ReadOnlySpan<byte> output)
    {
        if (_outputTaken < output.Length)
        {
            Answer.Take(output[_outputTaken..]);
        }

        _outputTaken = output.Length;
    }

    /// <summary>
    /// The end of the answer may leave: its record is noted and as safe as fsync asks for. False: the exchange is
    /// called when it may be.
    /// </summary>
    public bool MayEnd(Exchange exchange)
    {
        if (IsSafelyNoted(exchange))
        {
            WaitingSinceMs = -1;
            return true;
        }

        WaitingSinceMs = WaitingSinceMs < 0 ? exchange.Shard.Loop.NowMs : WaitingSinceMs;
        if (_isWaiting)
        {
            lane.Listen();
        }
        else
        {
            _isWaiting = true;
            lane.Enqueue(exchange);
        }

        // What the writer did before it heard of us wakes nobody.
        if (IsSafelyNoted(exchange))
        {
            WaitingSinceMs = -1;
            return true;
        }

        if (!IsNoted)
        {
            lane.Urge();
        }

        return false;
    }

    /// <summary>As <see cref="MayEnd(Exchange)"/>, of an answer of the proxy's own.</summary>
    public bool MayEnd(Exchange exchange, ReadOnlySpan<byte> body)
    {
        if (!IsNoted)
        {
            Answer.Restart();
            Answer.Take(body);
        }

        return MayEnd(exchange);
    }

    /// <summary>The connection becomes a tunnel; how it ends is a record of its own.</summary>
    public void BeginTunnel() => _isTunnel = true;

    public void StopWaiting() => _isWaiting = false;

    /// <summary>The exchange is over.</summary>
    public void End(Exchange exchange, bool isCut)
    {
        bool wasNoted = IsNoted;
        if (!IsNoted && !TryNote(exchange))
        {
            lane.Ring.Lose();
        }
        else if (wasNoted && (isCut || _isTunnel))
        {
            NoteEnd(exchange, _isTunnel ? RecordKind.TunnelEnd : RecordKind.ExchangeCut);
        }

        exchange.ClientSource.Digest = null;
        exchange.Audit = null;
        GiveUpPayload();
        lane.Return(this);
    }

    public void Reset()
    {
        Facts.Reset();
        Request.Reset();
        Answer.Reset();
        IsNoted = false;
        WaitingSinceMs = -1;
        _askedLength = 0;
        _ahead = 0;
        _outputTaken = 0;
        _number = 0;
        _hasFacts = false;
        _isWaiting = false;
        _isTunnel = false;
    }

    private bool IsSafelyNoted(Exchange exchange) => (IsNoted || TryNote(exchange)) && lane.IsSafe(_number);

    // False: there is no room, and none may go unrecorded.
    private bool TryNote(Exchange exchange)
    {
        if (!_hasFacts)
        {
            _hasFacts = true;
            exchange.Call?.NoteFacts(exchange);
        }

        if (!lane.Ring.TryReserve(AuditLimits.RecordBytesMax, out Span<byte> room))
        {
            if (lane.Settings.OnFull == AuditFull.Block)
            {
                return false;
            }

            lane.Ring.Lose();
            IsNoted = true;
            return true;
        }

        _number = lane.Commit(AuditRecords.WriteExchange(exchange, this, lane.Ring, room));
        IsNoted = true;
        KeepPayload(exchange);
        return true;
    }

    // What passes after this is no part of the record, nor of what is kept.
    private void KeepPayload(Exchange exchange)
    {
        string text = PayloadText;
        if (_payload is not { } payload || text.Length == 0 || payload.IsLost)
        {
            if (text.Length > 0)
            {
                lane.Payloads!.CountDropped();
            }

            GiveUpPayload();
            return;
        }

        payload.Lane = lane.Ring.Lane;
        payload.Number = _number;
        payload.UnixMs = exchange.Shard.Loop.Clock.UnixMs;
        payload.RequestId = exchange.RequestId;
        payload.Router = exchange.Route!.Name;
        payload.Consumer = exchange.Consumer?.NameMemory ?? default;
        Request.KeepNoMore();
        Answer.KeepNoMore();
        _payload = null;
        lane.Payloads!.Submit(payload);
    }

    private void GiveUpPayload()
    {
        if (_payload is { } payload)
        {
            Request.KeepNoMore();
            Answer.KeepNoMore();
            _payload = null;
            lane.Payloads!.GiveBack(payload);
        }
    }

    private void NoteEnd(Exchange exchange, RecordKind kind)
    {
        if (lane.Ring.TryReserve(AuditLimits.RecordBytesMax, out Span<byte> room))
        {
            lane.Commit(AuditRecords.WriteEnd(exchange, kind, lane.Ring, room));
        }
        else
        {
            lane.Ring.Lose();
        }
    }
}
