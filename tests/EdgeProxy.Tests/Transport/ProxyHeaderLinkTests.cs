using System.Text;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

/// <summary>A header goes first, however the link below takes it, and nothing before it is there.</summary>
public sealed class ProxyHeaderLinkTests
{
    private static readonly byte[] Header = "PROXY UNKNOWN\r\n"u8.ToArray();

    private readonly CountingOwner _owner = new();

    [Fact]
    public void Header_LeavesOnceConnected_ThenWhatIsWritten()
    {
        var inner = new MemoryLink(isConnected: false);
        ProxyHeaderLink link = Link(inner);
        Assert.False(link.IsConnected);
        Assert.Equal(LinkStatus.WouldBlock, link.TryWrite("GET"u8, default, default, out _));

        inner.CompleteConnect();

        Assert.True(link.IsConnected);
        Assert.Equal(1, _owner.Calls);
        Assert.Equal(LinkStatus.Ok, link.TryWrite("GET"u8, default, default, out int count));
        Assert.Equal(3, count);
        Assert.Equal("PROXY UNKNOWN\r\nGET", inner.WrittenText);
        Assert.Equal(3, link.BytesWritten);
    }

    [Fact]
    public void Header_InPieces_IsWholeBeforeTheLinkIsConnected()
    {
        var inner = new MemoryLink { WriteMax = 2, WriteRoom = 5 };
        ProxyHeaderLink link = Link(inner);
        Assert.False(link.IsConnected);
        Assert.Equal(LinkStatus.WouldBlock, link.TryWrite("GET"u8, default, default, out _));

        inner.WriteRoom = 3;
        Assert.False(link.IsConnected);
        Assert.Equal(0, _owner.Calls);
        inner.WriteRoom = 100;

        Assert.True(link.IsConnected);
        Assert.NotEqual(0, _owner.Calls);
        Assert.Equal(Encoding.ASCII.GetString(Header), inner.WrittenText);
    }

    [Fact]
    public void Connection_ThatFails_IsTold()
    {
        var inner = new MemoryLink(isConnected: false);
        ProxyHeaderLink link = Link(inner);

        inner.FailConnect();

        Assert.True(link.IsBroken);
        Assert.False(link.IsConnected);
        Assert.Equal(1, _owner.Calls);
        Assert.Equal(LinkStatus.Broken, link.TryWrite("GET"u8, default, default, out _));
        Assert.Equal(0, inner.Written.Length);
    }

    [Fact]
    public void Reads_AndEnds_AreThoseOfTheLinkBelow()
    {
        var inner = new MemoryLink();
        ProxyHeaderLink link = Link(inner);

        inner.Feed("answer");
        byte[] room = new byte[10];
        Assert.True(link.MayRead);
        Assert.Equal(LinkStatus.Ok, link.TryRead(room, out int count));
        Assert.Equal("answer", Encoding.ASCII.GetString(room, 0, count));
        Assert.Equal(6, link.BytesRead);
        inner.FeedEnd();
        Assert.True(link.HasEnded);
        Assert.Equal(LinkStatus.End, link.TryRead(room, out _));

        link.EndWrites();
        Assert.True(inner.HasEndedWrites);
        link.Close();
        Assert.True(inner.IsClosed);
    }

    // As on a loop: what happens during a call is told after it.
    private ProxyHeaderLink Link(MemoryLink inner)
    {
        ProxyHeaderLink? link = null;
        MemoryLink.InTurn(() => link = new ProxyHeaderLink(inner, Header, _owner));
        return link!;
    }

    private sealed class CountingOwner : ILinkOwner
    {
        public int Calls { get; private set; }

        public void OnLinkReady(ByteLink link) => Calls++;
    }
}
