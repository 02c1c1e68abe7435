using System;
using System.Collections.Generic;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class MemoryLinkTests
{
    [Fact]
    public void Feed_SplitAtEveryByte_OwnerReadsAll()
    {
        var link = new MemoryLink { ReadMax = 1 };
        var owner = new Reader();
        link.Owner = owner;

        link.Feed("abc");
        link.FeedEnd();

        Assert.Equal("abc"u8.ToArray(), owner.Bytes);
        Assert.Equal(LinkStatus.End, owner.Last);
        Assert.False(link.MayRead);
        Assert.True(link.HasEnded);
    }

    [Fact]
    public void Break_AfterBytes_GivesTheBytesFirst()
    {
        var link = new MemoryLink();
        link.Feed("abc");
        link.Break();

        Assert.Equal(LinkStatus.Ok, link.TryRead(new byte[8], out int count));
        Assert.Equal(3, count);
        Assert.Equal(LinkStatus.Broken, link.TryRead(new byte[8], out _));
        Assert.True(link.IsBroken);
        Assert.Equal(LinkStatus.Broken, link.TryWrite("x"u8, [], [], out _));
    }

    [Fact]
    public void TryWrite_WithoutRoom_WaitsForRoomAndTellsTheOwner()
    {
        var link = new MemoryLink { WriteRoom = 2 };
        var owner = new Reader();
        link.Owner = owner;

        Assert.Equal(LinkStatus.Ok, link.TryWrite("a"u8, "bc"u8, "d"u8, out int count));
        Assert.Equal(2, count);
        Assert.Equal(LinkStatus.WouldBlock, link.TryWrite("c"u8, [], [], out _));
        Assert.Equal(0, owner.Calls);

        link.WriteRoom = 10;

        Assert.Equal(1, owner.Calls);
        Assert.Equal(LinkStatus.Ok, link.TryWrite("cd"u8, [], [], out _));
        Assert.Equal("abcd", link.WrittenText);
    }

    [Fact]
    public void Pair_WriteAndAbort_PeerReadsAndThenBreaks()
    {
        (MemoryLink left, MemoryLink right) = MemoryLink.Pair();
        var owner = new Reader();
        right.Owner = owner;

        left.TryWrite("hello"u8, [], [], out _);
        left.Abort();

        Assert.Equal("hello"u8.ToArray(), owner.Bytes);
        Assert.Equal(LinkStatus.Broken, owner.Last);
        Assert.True(left.IsAborted && left.IsClosed && right.IsBroken);
    }

    private sealed class Reader : ILinkOwner
    {
        public List<byte> Bytes { get; } = [];

        public LinkStatus Last { get; private set; }

        public int Calls { get; private set; }

        public void OnLinkReady(ByteLink link)
        {
            Calls++;
            byte[] room = new byte[16];
            do
            {
                Last = link.TryRead(room, out int count);
                Bytes.AddRange(room.AsSpan(0, count));
            }
            while (Last == LinkStatus.Ok);
        }
    }
}
