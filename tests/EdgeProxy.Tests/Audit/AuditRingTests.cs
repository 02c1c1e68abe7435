using System;
using System.IO;
using EdgeProxy.Audit;
using Xunit;

namespace EdgeProxy.Tests.Audit;

public sealed class AuditRingTests : IDisposable
{
    private const int Capacity = 32 * 1024;
    private const ulong Lane = 0xABCD;

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"ring-{Guid.NewGuid():N}");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Records_OverManyLaps_ComeOutAsTheyWentIn()
    {
        using AuditRing ring = AuditRing.Create(_path, Lane, Capacity);
        ulong read = 0;
        for (ulong i = 1; i <= 5_000; i++)
        {
            Assert.True(TryAdd(ring, size: (int)(i * 37 % 900)));
            if (i % 3 == 0)
            {
                while (ring.TryRead(out ReadOnlySpan<byte> record, out _))
                {
                    var reader = new RecordReader(record);
                    Assert.Equal(++read, reader.Number);
                    Assert.True(reader.TryNext());
                    Assert.Equal((int)(read * 37 % 900) + 1, reader.Value.Length);
                }

                ring.Release(read);
            }
        }

        Assert.Equal(4_998UL, ring.DurableNumber);
    }

    [Fact]
    public void TryReserve_NothingReleased_IsFullAndFreeAfterwards()
    {
        using AuditRing ring = AuditRing.Create(_path, Lane, Capacity);
        int count = 0;
        while (TryAdd(ring, 1000))
        {
            count++;
        }

        Assert.InRange(count, 20, 32);
        Assert.True(ring.IsFilling);
        ulong last = 0;
        while (ring.TryRead(out ReadOnlySpan<byte> record, out _))
        {
            last = new RecordReader(record).Number;
        }

        Assert.False(TryAdd(ring, 1000)); // read is not released
        ring.Rewind();
        Assert.True(ring.TryRead(out ReadOnlySpan<byte> again, out _));
        Assert.Equal(1UL, new RecordReader(again).Number);
        while (ring.TryRead(out _, out _))
        {
        }

        ring.Release(last);
        Assert.True(TryAdd(ring, 1000));
        Assert.False(ring.IsFilling);
    }

    [Fact]
    public void Open_AfterTheWriterDied_FindsWhatWasPublishedAndNotReleased()
    {
        using (AuditRing ring = AuditRing.Create(_path, Lane, Capacity))
        {
            Assert.True(TryAdd(ring, 10));
            Assert.True(TryAdd(ring, 20));
            Assert.True(ring.TryRead(out _, out _));
            ring.Release(1);
            Assert.True(TryAdd(ring, 30));
            Assert.True(ring.TryReserve(100, out _)); // died before it was committed
        }

        using AuditRing left = AuditRing.Open(_path)!;
        Assert.Equal(Lane, left.Lane);
        Assert.True(left.TryRead(out ReadOnlySpan<byte> record, out _));
        Assert.Equal(2UL, new RecordReader(record).Number);
        Assert.True(left.TryRead(out record, out _));
        Assert.Equal(3UL, new RecordReader(record).Number);
        Assert.False(left.TryRead(out _, out bool isTorn));
        Assert.False(isTorn);
    }

    [Fact]
    public void Open_AnyByteOfASlotSpoilt_IsTornAndNoRecord()
    {
        using (AuditRing ring = AuditRing.Create(_path, Lane, Capacity))
        {
            Assert.True(TryAdd(ring, 10));
        }

        byte[] whole = File.ReadAllBytes(_path);
        for (int i = 0; i < 8 + RecordWriter.HeadBytes + RecordWriter.FieldHeadBytes + 11; i++)
        {
            byte[] spoilt = [.. whole];
            spoilt[4096 + i] ^= 0x10;
            File.WriteAllBytes(_path, spoilt);
            using AuditRing ring = AuditRing.Open(_path)!;

            Assert.False(ring.TryRead(out _, out bool isTorn), $"byte {i}");
            Assert.True(isTorn, $"byte {i}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(4096)]
    [InlineData(4096 + Capacity - 1)]
    [InlineData(4096 + Capacity)]
    public void Open_FileThatIsNoRing_IsNone(int length)
    {
        File.WriteAllBytes(_path, new byte[length]);

        Assert.Null(AuditRing.Open(_path));
    }

    [Fact]
    public void Commit_AllocatesNothing()
    {
        using AuditRing ring = AuditRing.Create(_path, Lane, Capacity);

        Allocations.AssertNone(() =>
        {
            TryAdd(ring, 100);
            ring.TryRead(out _, out _);
            ring.Release(1);
        });
    }

    private static bool TryAdd(AuditRing ring, int size)
    {
        if (!ring.TryReserve(RecordWriter.HeadBytes + RecordWriter.FieldHeadBytes + size + 1, out Span<byte> room))
        {
            return false;
        }

        var writer = new RecordWriter(room, RecordKind.Exchange, 1, ring.Lane, ring.NextNumber);
        writer.Reserve(RecordField.Path, size + 1).Fill((byte)'x');
        ring.Commit(writer.Length);
        return true;
    }
}
