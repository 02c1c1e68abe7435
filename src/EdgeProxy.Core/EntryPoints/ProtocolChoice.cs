using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// A connection in clear text where HTTP/2 may be spoken without a word before (RFC 9113 section 3.3), until its first
/// bytes tell. They stay where they are: the protocol that takes it on reads them.
/// </summary>
internal sealed class ProtocolChoice(EntryPoint entryPoint, ConnectionList list, Shard shard, ByteLink link)
    : ClientConnection, ILinkOwner, ITimerOwner
{
    // As an idle connection of HTTP/1.1.
    private const long DrainMs = 1_000;

    private TimerNode? _timer;
    private bool _isOver;

    public void Start()
    {
        list.Add(this);
        link.Owner = this;
        _timer = new TimerNode(this);
        shard.Loop.Timers.Arm(_timer, shard.Loop.NowMs + entryPoint.Terms.HeadTimeoutMs);
        Choose();
    }

    public void OnLinkReady(ByteLink _) => Choose();

    public void OnTimer(TimerNode timer, long nowMs)
    {
        shard.Counters.Add(Counter.HeadTimeouts);
        Cut();
    }

    /// <summary>What is on its way is answered, and is the last.</summary>
    public override void Drain()
    {
        long deadlineMs = shard.Loop.NowMs + DrainMs;
        if (!_isOver && deadlineMs < _timer!.DeadlineMs)
        {
            shard.Loop.Timers.Arm(_timer, deadlineMs);
        }
    }

    public override void Cut()
    {
        if (!_isOver)
        {
            Leave();
            link.Close();
            shard.Counters.Add(Counter.ConnectionsClosed);
            entryPoint.Limiter.Leave(link.RemoteAddress);
        }
    }

    private void Choose()
    {
        ReadOnlySpan<byte> preface = Http2Connection.Preface;
        Span<byte> first = stackalloc byte[Http2Connection.Preface.Length];
        int count = link.Peek(first);
        bool mayBe = first[..count].SequenceEqual(preface[..count]);
        if (mayBe && count < preface.Length && !link.HasEnded)
        {
            return;
        }

        Leave();
        if (mayBe && count == preface.Length)
        {
            entryPoint.ServeHttp2(shard, link);
        }
        else
        {
            entryPoint.Serve(shard, link, isAdmitted: true);
        }
    }

    private void Leave()
    {
        _isOver = true;
        shard.Loop.Timers.Disarm(_timer!);
        list.Remove(this);
    }
}
