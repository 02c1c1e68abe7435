using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class TcpLinkTests : IDisposable
{
    private readonly InlineLoop _inline = new();
    private readonly ProbeOwner _owner = new();
    private readonly byte[] _room = new byte[64];

    public void Dispose() => _inline.Dispose();

    [Fact]
    public void Connect_ToAListener_OwnerHearsOnceThatItIsConnected()
    {
        ByteLink link = _inline.Loop.Connect(_inline.Address, _owner);
        Assert.False(link.IsConnected);
        Assert.Equal(LinkStatus.WouldBlock, link.TryWrite("x"u8, [], [], out _));
        Assert.Equal(LinkStatus.WouldBlock, link.TryRead(_room, out _));

        _inline.TurnUntil(() => _owner.Calls > 0);
        _inline.Loop.RunOnce(0);

        Assert.True(link.IsConnected);
        Assert.False(link.IsBroken || link.HasEnded || link.MayRead);
        Assert.Equal(1, _owner.Calls);
        Assert.Equal(1, _inline.Loop.LinkCount);
        Assert.Equal(1, _inline.Loop.Counters.ConnectAttempts);
        Assert.Equal(0, _inline.Loop.Counters.ConnectFailures);
    }

    [Fact]
    public void Connect_Refused_OwnerHearsOnceThatItIsBroken()
    {
        var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0)); // bound, so that nobody else listens there
        var link = (TcpLink)_inline.Loop.Connect((IPEndPoint)closed.LocalEndPoint!, _owner);

        _inline.TurnUntil(() => _owner.Calls > 0);
        _inline.Loop.RunOnce(0);

        Assert.True(link.IsBroken && link.HasEnded);
        Assert.False(link.IsConnected || link.MayRead);
        Assert.Equal(Errno.Refused, link.ErrorNumber);
        Assert.Equal(1, _owner.Calls);
        Assert.Equal(1, _inline.Loop.Counters.ConnectFailures);
        link.Close();
        Assert.Equal(0, _inline.Loop.LinkCount);
    }

    [Fact]
    public void Connect_FailsAtOnce_ReturnsABrokenLinkAndCallsNobody()
    {
        // TCP to a multicast address is refused by connect itself.
        var link = (TcpLink)_inline.Loop.Connect(new IPEndPoint(IPAddress.Parse("224.0.0.1"), 80), _owner);
        _inline.Loop.RunOnce(0);

        Assert.True(link.IsBroken);
        Assert.False(link.IsConnected);
        Assert.NotEqual(0, link.ErrorNumber);
        Assert.Equal(0, _owner.Calls);
        Assert.Equal(0, _inline.Loop.LinkCount);
        link.Close();
        link.Abort();
    }

    [Fact]
    public void TryRead_ShortRead_MeansDrained()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        peer.Send("abc"u8);
        _inline.TurnUntil(() => link.MayRead);

        Assert.Equal(LinkStatus.Ok, link.TryRead(_room, out int count));
        Assert.Equal("abc", Encoding.ASCII.GetString(_room, 0, count));
        Assert.False(link.MayRead);
        Assert.Equal(LinkStatus.WouldBlock, link.TryRead(_room, out count));
        Assert.Equal(0, count);

        peer.Send("de"u8);
        _inline.TurnUntil(() => link.MayRead);
        Assert.Equal(LinkStatus.Ok, link.TryRead(_room.AsSpan(0, 2), out count));
        Assert.True(link.MayRead, "a full read says nothing of what is left");
        Assert.Equal(LinkStatus.WouldBlock, link.TryRead(_room, out _));
        Assert.Equal(5, link.BytesRead);
        peer.Dispose();
    }

    [Fact]
    public void TryRead_EndBehindBytes_GivesBothWithoutAnotherEvent()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        peer.Send("abc"u8);
        peer.Shutdown(SocketShutdown.Send);
        _inline.TurnUntil(() => link.HasEnded);

        Assert.Equal(LinkStatus.Ok, link.TryRead(_room, out int count));
        Assert.Equal(3, count);
        Assert.True(link.MayRead);
        Assert.Equal(LinkStatus.End, link.TryRead(_room, out _));
        Assert.False(link.MayRead);
        Assert.Equal(LinkStatus.End, link.TryRead(_room, out _));
        Assert.False(link.IsBroken);

        // The other direction lives on.
        Assert.Equal(LinkStatus.Ok, link.TryWrite("still"u8, [], [], out _));
        Assert.Equal("still"u8.ToArray(), LoopHost.Receive(peer, 5));
        peer.Dispose();
    }

    [Fact]
    public void TryRead_ResetBehindBytes_GivesTheBytesAndThenBroken()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        peer.Send("abc"u8);
        Reset(peer);
        _inline.TurnUntil(() => link.HasEnded);

        LinkStatus first = link.TryRead(_room, out int count);
        if (first == LinkStatus.Ok)
        {
            Assert.Equal(3, count);
            first = link.TryRead(_room, out _);
        }

        Assert.Equal(LinkStatus.Broken, first);
        Assert.True(link.IsBroken);
        Assert.False(link.MayRead);
        Assert.Equal(Errno.Reset, link.ErrorNumber);
        Assert.Equal(LinkStatus.Broken, link.TryWrite("x"u8, [], [], out _));
    }

    [Fact]
    public void Owner_ResetAfterTheEndWasRead_IsCalled()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        peer.Shutdown(SocketShutdown.Send);
        _inline.TurnUntil(() => link.MayRead);
        Assert.Equal(LinkStatus.End, link.TryRead(_room, out _));
        int calls = _owner.Calls;

        Reset(peer);
        _inline.TurnUntil(() => _owner.Calls > calls);

        Assert.True(link.IsBroken);
    }

    [Fact]
    public void TryWrite_PeerWasReset_IsBrokenAndAnEndIsNotTakenForOrder()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        Reset(peer);
        _inline.TurnUntil(() => link.HasEnded);

        Assert.Equal(LinkStatus.Broken, link.TryWrite("x"u8, [], [], out int count));
        Assert.Equal(0, count);
        Assert.True(link.IsBroken);
        Assert.Equal(LinkStatus.Broken, link.TryRead(_room, out _));
    }

    [Fact]
    public void TryWrite_ThreePieces_ArriveInOrder()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);

        Assert.Equal(LinkStatus.Ok, link.TryWrite("ab"u8, [], "cd"u8, out int count));
        Assert.Equal(4, count);
        Assert.Equal(LinkStatus.Ok, link.TryWrite("ef"u8, "gh"u8, "i"u8, out count));
        Assert.Equal(5, count);
        Assert.Equal(LinkStatus.Ok, link.TryWrite([], "j"u8, [], out count));
        Assert.Equal(1, count);

        Assert.Equal("abcdefghij"u8.ToArray(), LoopHost.Receive(peer, 10));
        Assert.Equal(10, link.BytesWritten);
        Assert.Equal(10, _inline.Loop.Counters.BytesWritten);
        peer.Dispose();
    }

    [Fact]
    public void TryWrite_SocketFull_WaitsForRoomAndIsToldOnce()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        byte[] chunk = LoopHost.Pattern(256 * 1024);
        long written = 0;
        LinkStatus status;
        do
        {
            status = link.TryWrite(chunk, chunk, chunk, out int count);
            written += count;
        }
        while (status == LinkStatus.Ok);

        Assert.Equal(LinkStatus.WouldBlock, status);
        int calls = _owner.Calls;
        _inline.Loop.RunOnce(0);
        Assert.Equal(calls, _owner.Calls);

        LoopHost.Receive(peer, (int)written);
        _inline.TurnUntil(() => _owner.Calls > calls);
        Assert.Equal(LinkStatus.Ok, link.TryWrite("x"u8, [], [], out _));
        peer.Dispose();
    }

    [Fact]
    public void EndWrites_PeerSeesTheEndAndMayStillSend()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        link.EndWrites();
        link.EndWrites();

        Assert.Equal(0, peer.Receive(_room));
        Assert.Equal(LinkStatus.Broken, link.TryWrite("x"u8, [], [], out _));
        peer.Send("late"u8);
        _inline.TurnUntil(() => link.MayRead);
        Assert.Equal(LinkStatus.Ok, link.TryRead(_room, out int count));
        Assert.Equal(4, count);
        peer.Dispose();
    }

    [Fact]
    public void Close_Twice_PeerSeesTheEndAndTheLinkIsDead()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        link.Close();
        link.Close();
        link.Abort();
        link.EndWrites();

        Assert.Equal(0, peer.Receive(_room));
        Assert.True(link.IsBroken && link.HasEnded);
        Assert.False(link.IsConnected || link.MayRead);
        Assert.Equal(LinkStatus.Broken, link.TryRead(_room, out _));
        Assert.Equal(LinkStatus.Broken, link.TryWrite("x"u8, [], [], out _));
        Assert.Equal(0, _inline.Loop.LinkCount);
        peer.Dispose();
    }

    [Fact]
    public void Abort_PeerSeesAReset()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        link.Abort();

        var failure = Assert.Throws<SocketException>(() => peer.Receive(_room));
        Assert.Equal(SocketError.ConnectionReset, failure.SocketErrorCode);
        peer.Dispose();
    }

    [Fact]
    public void Addresses_OfBothEnds_AreThoseOfTheSocket()
    {
        (TcpLink link, Socket peer) = _inline.Connect(_owner);
        var local = (IPEndPoint)peer.RemoteEndPoint!;

        Assert.Equal(IpAddress.FromBytes([127, 0, 0, 1]), link.RemoteAddress);
        Assert.Equal(_inline.Address.Port, link.RemotePort);
        Assert.Equal(IpAddress.FromBytes(local.Address.GetAddressBytes()), link.LocalAddress);
        Assert.Equal(local.Port, link.LocalPort);
        peer.Dispose();
    }

    [Fact]
    public void TcpLink_Size_IsSmall()
    {
        var links = new TcpLink[1_000];
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < links.Length; i++)
        {
            links[i] = new TcpLink(_inline.Loop, -1, default, 0, isConnecting: false);
        }

        long bytes = (GC.GetAllocatedBytesForCurrentThread() - before) / links.Length;
        TestContext.Current.SendDiagnosticMessage("a TcpLink takes {0} bytes", bytes);
        Assert.InRange(bytes, 64, 160);
    }

    private static void Reset(Socket socket)
    {
        socket.LingerState = new LingerOption(true, 0);
        socket.Close();
    }
}
