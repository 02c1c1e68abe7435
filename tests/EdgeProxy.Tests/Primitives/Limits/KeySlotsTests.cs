using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Limits;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Limits;

public class KeySlotsTests
{
    [Fact]
    public void Update_ManyKeys_KeepsThemApart()
    {
        var slots = new KeySlots(64 * 1024);
        var hash = KeyHash.Random();
        ulong[] keys = [.. Enumerable.Range(0, 1_000).Select(i => hash.Of((System.UInt128)i))];
        for (int round = 1; round <= 3; round++)
        {
            Assert.All(keys, key => Assert.Equal(round, Add(slots, key, out _)));
        }
    }

    [Fact]
    public void Update_FullBucket_ForgetsTheSmallest()
    {
        var slots = new KeySlots(KeySlots.Ways);
        for (ulong key = 1; key <= KeySlots.Ways; key++)
        {
            for (ulong i = 0; i < key + 1; i++)
            {
                Add(slots, key, out long none);
                Assert.Equal(0, none);
            }
        }

        Assert.Equal(1, Add(slots, 100, out long lost));
        Assert.Equal(2, lost);
        Assert.Equal(4, Add(slots, 2, out lost));
        Assert.Equal(0, lost);
    }

    [Fact]
    public void Lower_UnknownKey_ChangesNobodyElse()
    {
        var slots = new KeySlots(KeySlots.Ways);
        for (ulong key = 1; key <= KeySlots.Ways; key++)
        {
            Add(slots, key, out _);
        }

        slots.Lower(100);
        slots.Lower(1);
        slots.Lower(1);

        Assert.Equal(2, Add(slots, 2, out _));
        Assert.Equal(1, Add(slots, 1, out _));
    }

    [Fact]
    public async Task Update_FromSeveralThreads_LosesNothing()
    {
        var slots = new KeySlots(KeySlots.Ways);
        const int Threads = 4;
        const int Times = 50_000;

        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => Task.Run(() =>
        {
            for (int i = 0; i < Times; i++)
            {
                Add(slots, 1 + ((ulong)i % 4), out long _);
            }
        })));

        Assert.Equal((Threads * Times / 4) + 1, Add(slots, 1, out _));
    }

    [Fact]
    public void Update_Warm_AllocatesNothing()
    {
        var slots = new KeySlots(1024);
        var hash = KeyHash.Random();
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 10_000; i++)
            {
                Add(slots, hash.Of((System.UInt128)i), out _);
            }
        });
    }

    private static long Add(KeySlots slots, ulong key, out long lost) =>
        slots.Update(key, 1, static (number, one) => (number + one, number + one), out lost);
}
