using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// A client's connection until its TLS handshake is over; then ALPN says which protocol takes it on. A handshake that
/// fails is counted by its reason and closed so that the client hears why.
/// </summary>
internal sealed class TlsHandshake(
    EntryPoint entryPoint, ConnectionList list, Shard shard, ByteLink inner, TlsServerContext tls)
    : ClientConnection, ILinkOwner, ITimerOwner
{
    // As for an answer (Http1Connection): closed on unread bytes the alert would be lost.
    private const long LingerMs = 1_000;
    private const int LingerBytesMax = 64 * 1024;

    // A draining proxy lets a handshake that has begun finish, and the request after it.
    private const long DrainMs = 1_000;

    private TlsLink? _link;
    private TimerNode? _timer;
    private State _state;
    private int _lingerBytes;

    private enum State : byte
    {
        Handshake,
        Linger,
        Done,
    }

    private static ReadOnlySpan<byte> PlainHttpAnswer =>
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 49\r\n"u8
        + "Connection: close\r\n\r\n400 bad request: this port takes HTTPS, not HTTP\n"u8;

    public void Start()
    {
        list.Add(this);
        TlsServerSettings settings = tls.Settings;
        if (!entryPoint.Handshakes.TryEnter(
            inner.RemoteAddress, settings.HandshakesMax, settings.HandshakesPerAddressMax))
        {
            shard.Counters.Add(Counter.TlsOverLimit);
            _state = State.Done;
            list.Remove(this);
            inner.Close();
            End();
            return;
        }

        _timer = new TimerNode(this);
        shard.Loop.Timers.Arm(_timer, shard.Loop.NowMs + (long)settings.HandshakeTimeout.TotalMilliseconds);
        _link = TlsLink.Accept(inner, tls, this);
        if (_link.Advance())
        {
            Conclude(_link);
        }
    }

    public void OnLinkReady(ByteLink link)
    {
        if (_state == State.Handshake)
        {
            Conclude(_link!);
        }
        else if (_state == State.Linger)
        {
            RunLinger(_link!);
        }
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        if (_state == State.Handshake)
        {
            shard.Counters.Add(Counter.TlsTimeouts);
        }

        Close();
    }

    public override void Drain()
    {
        if (_state == State.Handshake)
        {
            shard.Loop.Timers.Arm(_timer!, shard.Loop.NowMs + DrainMs);
        }
    }

    public override void Cut() => Close();

    private void Conclude(TlsLink link)
    {
        if (!link.IsConnected)
        {
            shard.Counters.Add(CounterOf(link.Failure));
            StartLinger(link);
            return;
        }

        shard.Counters.Add(link.IsResumed ? Counter.TlsResumptions : Counter.TlsHandshakes);
        Leave();

        if (link.Protocol().SequenceEqual("h2"u8))
        {
            entryPoint.ServeHttp2(shard, link);
        }
        else
        {
            entryPoint.Serve(shard, link, isAdmitted: true);
        }
    }

    private void StartLinger(TlsLink link)
    {
        if (link.Failure == TlsFailure.Closed)
        {
            Close();
            return;
        }

        if (link.Failure == TlsFailure.PlainHttp)
        {
            link.SayPlain(PlainHttpAnswer);
        }

        _state = State.Linger;
        link.EndBelow();
        shard.Loop.Timers.Arm(_timer!, shard.Loop.NowMs + LingerMs);
        RunLinger(link);
    }

    private void RunLinger(TlsLink link)
    {
        Block block = shard.Loop.Blocks.RentLarge();
        LinkStatus status = LinkStatus.Ok;
        while (status == LinkStatus.Ok && _lingerBytes < LingerBytesMax)
        {
            status = link.DropBelow(block.Free, out int count);
            _lingerBytes += count;
        }

        shard.Loop.Blocks.Return(block);
        if (status != LinkStatus.WouldBlock)
        {
            Close();
        }
    }

    private void Close()
    {
        if (_state != State.Done)
        {
            Leave();
            _link!.Close();
            End();
        }
    }

    // Out of this stage, into the next or to the end.
    private void Leave()
    {
        _state = State.Done;
        shard.Loop.Timers.Disarm(_timer!);
        list.Remove(this);
        entryPoint.Handshakes.Leave(inner.RemoteAddress);
    }

    private void End()
    {
        shard.Counters.Add(Counter.ConnectionsClosed);
        entryPoint.Limiter.Leave(inner.RemoteAddress);
    }

    private static Counter CounterOf(TlsFailure failure) => failure switch
    {
        TlsFailure.PlainHttp => Counter.TlsPlainHttp,
        TlsFailure.NothingShared => Counter.TlsNothingShared,
        TlsFailure.UnknownName => Counter.TlsUnknownNames,
        TlsFailure.Certificate => Counter.TlsBadCertificates,
        TlsFailure.RefusedByPeer => Counter.TlsRefusals,
        TlsFailure.Closed => Counter.TlsClosed,
        _ => Counter.TlsMalformed,
    };
}
