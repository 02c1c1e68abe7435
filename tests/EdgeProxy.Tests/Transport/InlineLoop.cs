using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

/// <summary>A loop turned by the test's own thread, and a plain listening socket it can connect to.</summary>
internal sealed class InlineLoop : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    public InlineLoop()
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen(64);
    }

    public EpollLoop Loop { get; } = new(0);

    public IPEndPoint Address => (IPEndPoint)_listener.LocalEndPoint!;

    /// <summary>Connects and gives both ends; the owner has heard of it.</summary>
    public (TcpLink Link, Socket Peer) Connect(ILinkOwner owner)
    {
        ByteLink link = Loop.Connect(Address, owner);
        Socket peer = _listener.Accept();
        peer.ReceiveTimeout = (int)LoopHost.Patience.TotalMilliseconds;
        TurnUntil(() => link.IsConnected);
        return (Assert.IsType<TcpLink>(link), peer);
    }

    /// <summary>Until the kernel has something for the link, if only its end.</summary>
    public static void WaitForBytes(TcpLink link)
    {
        using var borrowed = new Socket(new SafeSocketHandle(link.Fd, ownsHandle: false));
        Assert.True(borrowed.Poll(LoopHost.Patience, SelectMode.SelectRead), "nothing came");
    }

    public void TurnUntil(Func<bool> condition)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < LoopHost.Patience, "did not happen");
            Loop.RunOnce(10);
        }
    }

    public void Dispose()
    {
        Loop.Dispose();
        _listener.Dispose();
    }
}

/// <summary>Counts its calls and does what the test says.</summary>
internal sealed class ProbeOwner : ILinkOwner
{
    public int Calls { get; private set; }

    public Action<ByteLink>? OnReady { get; set; }

    public void OnLinkReady(ByteLink link)
    {
        Calls++;
        OnReady?.Invoke(link);
    }
}

/// <summary>Keeps what it accepts.</summary>
internal sealed class KeepingOwner : IAcceptOwner
{
    public List<(EpollLoop Loop, ByteLink Link)> Accepted { get; } = [];

    public void OnAccepted(EpollLoop loop, ByteLink link) => Accepted.Add((loop, link));
}
