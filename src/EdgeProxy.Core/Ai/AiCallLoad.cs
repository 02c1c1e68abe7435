using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Ai;

/// <content>What its target's load learns of it, and that it was answered without the link.</content>
internal sealed partial class AiCall
{
    // A target that fails at once is not fast (as with services).
    private const long FailedTimeMs = 1_000;

    private static readonly FieldName Offline = FieldName.Of("X-EdgeProxy-Offline");

    private ServerLoad? _load; // where the call counts as under way
    private Exchange? _timed; // while its answer has not begun
    private long _sentMs;
    private bool _hasAnswered; // some target did
    private bool _wasAsked; // some target

    private void EnterLoad(Exchange exchange)
    {
        LeaveLoad();
        _wasAsked = true;
        _load = _target!.Loads.Of(exchange.Shard.Loop.Index, _facts.IsStream);
        _load.Enter();
        _timed = exchange;
        _sentMs = exchange.Shard.Loop.NowMs;
        _startedUs = exchange.Shard.Loop.Clock.NowUs;
        _firstChunkUs = 0;
    }

    private void LeaveLoad()
    {
        _load?.Leave();
        _load = null;
        _timed = null;
    }

    // The answer began: a stream with its first word, any other with its head.
    private void NoteBegun()
    {
        if (_timed is { } exchange && _load is { } load)
        {
            long nowMs = exchange.Shard.Loop.NowMs;
            load.NoteTime(nowMs - _sentMs, nowMs);
            _firstChunkUs = Math.Max(1, exchange.Shard.Loop.Clock.NowUs - _startedUs);
            _timed = null;
        }
    }

    private void NoteFailed()
    {
        if (_timed is { } exchange && _load is { } load)
        {
            long nowMs = exchange.Shard.Loop.NowMs;
            load.NoteTime(Math.Max(nowMs - _sentMs, FailedTimeMs), nowMs);
            _timed = null;
        }
    }

    private static bool IsOutOfReach(FaultKind kind) => kind is FaultKind.ConnectFailed or FaultKind.ConnectTimeout
        or FaultKind.NameNotResolved;

    private void SayOffline(Exchange exchange)
    {
        if (_target!.IsForOffline)
        {
            exchange.ResponseEdits.Set(Offline, "true"u8);
            exchange.Record.IsOffline = true;
        }
    }
}
