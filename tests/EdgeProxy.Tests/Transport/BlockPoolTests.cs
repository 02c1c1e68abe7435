using System;
using System.Collections.Generic;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class BlockPoolTests : IDisposable
{
    private readonly BlockPool _pool = new();

    public void Dispose() => _pool.Dispose();

    [Theory]
    [InlineData(1, BlockPool.SmallBytes)]
    [InlineData(BlockPool.SmallBytes, BlockPool.SmallBytes)]
    [InlineData(BlockPool.SmallBytes + 1, BlockPool.LargeBytes)]
    [InlineData(BlockPool.LargeBytes, BlockPool.LargeBytes)]
    [InlineData(BlockPool.LargeBytes + 1, 36 * 1024)]
    public void Rent_AnySize_HasAtLeastThatRoom(int bytes, int capacity)
    {
        Block block = _pool.Rent(bytes);

        Assert.Equal(capacity, block.Capacity);
        Assert.Equal(capacity, block.Free.Length);
        block.Free.Fill(1);
        _pool.Return(block);
    }

    [Fact]
    public void Rent_AfterReturn_GivesTheLastReturnedEmpty()
    {
        Block first = _pool.RentSmall();
        Block second = _pool.RentSmall();
        second.Commit(100);
        _pool.Return(first);
        _pool.Return(second);

        Block again = _pool.RentSmall();

        Assert.Same(second, again);
        Assert.True(again.IsEmpty);
        Assert.Equal(BlockPool.SmallBytes, again.Free.Length);
    }

    [Fact]
    public void Rent_Many_NoTwoShareMemory()
    {
        var blocks = new List<Block>();
        for (int i = 0; i < 300; i++)
        {
            Block block = i % 3 == 0 ? _pool.RentLarge() : _pool.RentSmall();
            block.Free.Fill((byte)i);
            block.Commit(block.Capacity);
            blocks.Add(block);
        }

        Assert.Equal(300, _pool.RentedCount);
        for (int i = 0; i < blocks.Count; i++)
        {
            Assert.Equal(-1, blocks[i].Filled.IndexOfAnyExcept((byte)i));
            _pool.Return(blocks[i]);
        }

        Assert.Equal(0, _pool.RentedCount);
    }

    [Fact]
    public void Return_Twice_Throws()
    {
        Block small = _pool.RentSmall();
        Block odd = _pool.Rent(100_000);
        _pool.Return(small);
        _pool.Return(odd);

        Assert.Throws<InvalidOperationException>(() => _pool.Return(small));
        Assert.Throws<InvalidOperationException>(() => _pool.Return(odd));
        Assert.Equal(0, _pool.RentedCount);
    }

    [Fact]
    public void Trim_AfterABurst_GivesTheMemoryBack()
    {
        var blocks = new List<Block>();
        for (int i = 0; i < 400; i++)
        {
            Block block = _pool.RentLarge();
            block.Free.Fill(7);
            blocks.Add(block);
        }

        blocks.ForEach(_pool.Return);
        Assert.Equal(400L * BlockPool.LargeBytes, _pool.FreeBytes);
        Assert.True(_pool.NeedsTrim);

        _pool.Trim(); // the period with the burst
        _pool.Trim(); // one without
        Assert.Equal(8L * BlockPool.LargeBytes, _pool.FreeBytes);
        Assert.False(_pool.NeedsTrim);

        // A page given back reads as zeroes; one that was kept still holds what was written.
        int givenBack = 0;
        for (int i = 0; i < 400; i++)
        {
            givenBack += _pool.RentLarge().Free.IndexOfAnyExcept((byte)0) < 0 ? 1 : 0;
        }

        Assert.Equal(392, givenBack);
    }

    [Fact]
    public void Trim_NeededInThisPeriod_IsKept()
    {
        for (int period = 0; period < 3; period++)
        {
            var blocks = new List<Block>();
            for (int i = 0; i < 200; i++)
            {
                blocks.Add(_pool.RentSmall());
            }

            blocks.ForEach(_pool.Return);
            _pool.Trim();
            Assert.Equal(200L * BlockPool.SmallBytes, _pool.FreeBytes);
        }
    }

    [Fact]
    public void RentReturn_Warm_AllocatesNothing()
    {
        int checksum = 0;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                Block small = _pool.RentSmall();
                Block large = _pool.RentLarge();
                checksum += small.Capacity + large.Capacity;
                _pool.Return(small);
                _pool.Return(large);
            }
        });

        Assert.NotEqual(0, checksum);
    }
}
