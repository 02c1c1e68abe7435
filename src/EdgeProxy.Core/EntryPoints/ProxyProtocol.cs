using System;
using System.Runtime.CompilerServices;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// A connection of somebody who may say for whom it is (the PROXY protocol), until that is said or will not be. Nothing
/// but the header is taken from the link; whatever comes next, TLS or HTTP, begins after it.
/// </summary>
internal sealed class ProxyProtocol(
    EntryPoint entryPoint, ConnectionList list, Shard shard, ByteLink link, bool isRequired)
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
        Read();
    }

    public void OnLinkReady(ByteLink _) => Read();

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
            Close();
        }
    }

    [SkipLocalsInit]
    private void Read()
    {
        Span<byte> room = stackalloc byte[ProxyHeader.BytesMax];
        ReadOnlySpan<byte> bytes = room[..link.Peek(room)];
        if (!ProxyHeader.MayBegin(bytes))
        {
            EndWithout(isRequired);
            return;
        }

        ParseStatus status = ProxyHeader.Read(bytes, out ProxyHeader header);
        if (status == ParseStatus.NeedMore)
        {
            if (link.HasEnded)
            {
                EndWithout(isRefused: true);
            }

            return;
        }

        // What was looked at is there to be taken.
        if (status == ParseStatus.Malformed || link.TryRead(room[..header.Length], out int taken) != LinkStatus.Ok
            || taken != header.Length)
        {
            EndWithout(isRefused: true);
            return;
        }

        shard.Counters.Add(Counter.ProxyHeaders);
        Leave();
        GoOn(header);
    }

    // A header may be left out where it is not required; one that is broken, or half of one, is refused.
    private void EndWithout(bool isRefused)
    {
        Leave();
        if (isRefused)
        {
            shard.Counters.Add(Counter.ProxyHeadersRefused);
            Close();
        }
        else
        {
            entryPoint.ServeAdmitted(shard, link);
        }
    }

    // From now on the client is who was told of, and limits by address are its own.
    private void GoOn(in ProxyHeader header)
    {
        if (header.HasAddresses)
        {
            EntryPointSettings settings = entryPoint.Settings;
            entryPoint.Limiter.Leave(link.RemoteAddress);
            link.StandFor(header.Source, header.SourcePort, header.Destination, header.DestinationPort);
            if (!entryPoint.Limiter.TryEnter(
                link.RemoteAddress, settings.ConnectionsMax, settings.ConnectionsPerAddressMax))
            {
                shard.Counters.Add(Counter.ConnectionsRefused);
                shard.Counters.Add(Counter.ConnectionsClosed);
                link.Close();
                return;
            }
        }

        entryPoint.ServeAdmitted(shard, link);
    }

    private void Leave()
    {
        _isOver = true;
        shard.Loop.Timers.Disarm(_timer!);
        list.Remove(this);
    }

    private void Close()
    {
        link.Close();
        shard.Counters.Add(Counter.ConnectionsClosed);
        entryPoint.Limiter.Leave(link.RemoteAddress);
    }
}
