using System;
using System.Collections.Generic;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Telemetry;
using Xunit;

namespace EdgeProxy.Tests.Telemetry;

public sealed class RequestRingTests
{
    [Fact]
    public void Full_DropsWhatComes_CountedExactly()
    {
        var ring = new RequestRing(records: 8, textBytes: 1024);
        for (int i = 0; i < 8; i++)
        {
            Assert.True(Put(ring, i, "x"));
        }

        for (int i = 0; i < 5; i++)
        {
            Assert.False(Put(ring, 100 + i, "x"));
        }

        Assert.Equal((8, 5), (ring.Written, ring.Dropped));
        Assert.Equal((0, "x"), Take(ring));
        Assert.True(Put(ring, 8, "y"));
        Assert.False(Put(ring, 9, "z"));
        for (int i = 1; i < 8; i++)
        {
            Assert.Equal((i, "x"), Take(ring));
        }

        Assert.Equal((8, "y"), Take(ring));
        Assert.False(ring.TryRead(out _));
        Assert.Equal(6, ring.Dropped);
    }

    [Fact]
    public void NoRoomForTexts_Drops()
    {
        var ring = new RequestRing(records: 8, textBytes: 16);
        Assert.True(Put(ring, 1, "0123456789"));
        Assert.False(Put(ring, 2, "0123456789"));
        Assert.True(Put(ring, 3, "012345"));
        Assert.Equal((1, "0123456789"), Take(ring));

        // 10 of 16 are free, at the start.
        Assert.True(Put(ring, 4, "abcdefghij"));
        Assert.Equal((3, "012345"), Take(ring));
        Assert.Equal((4, "abcdefghij"), Take(ring));
        Assert.Equal(1, ring.Dropped);
    }

    [Fact]
    public void AnyLengths_ComeOutAsTheyWentIn()
    {
        var random = new Random(3);
        var ring = new RequestRing(records: 16, textBytes: 256);
        var expected = new Queue<(int, string)>();
        for (int i = 0; i < 20_000; i++)
        {
            if (random.Next(2) == 0)
            {
                string text = new((char)('a' + (i % 26)), random.Next(100));
                if (Put(ring, i, text))
                {
                    expected.Enqueue((i, text));
                }
            }
            else if (expected.TryDequeue(out (int, string) next))
            {
                Assert.Equal(next, Take(ring));
            }
        }

        Assert.True(ring.Dropped > 0);
    }

    [Fact]
    public void HalfFull_AsksOnceUntilItWasEmpty()
    {
        int asked = 0;
        var ring = new RequestRing(records: 8, textBytes: 1024, () => asked++);
        for (int i = 0; i < 12; i++)
        {
            Put(ring, i, "");
        }

        Assert.Equal(1, asked);
        while (ring.TryRead(out _))
        {
            ring.Release();
        }

        for (int i = 0; i < 6; i++)
        {
            Put(ring, i, "");
        }

        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task TwoThreads_EveryRecordIsReadOrCounted()
    {
        const int count = 200_000;
        var ring = new RequestRing(records: 64, textBytes: 1024);
        var writing = Task.Run(() =>
        {
            for (int i = 0; i < count; i++)
            {
                Put(ring, i, (i % 1000).ToString(System.Globalization.CultureInfo.InvariantCulture));
            }
        }, TestContext.Current.CancellationToken);
        int read = 0;
        int last = -1;
        while (!writing.IsCompleted || !ring.IsEmpty)
        {
            if (ring.TryRead(out _))
            {
                (int number, string text) = Take(ring);
                Assert.True(number > last);
                Assert.Equal((number % 1000).ToString(System.Globalization.CultureInfo.InvariantCulture), text);
                last = number;
                read++;
            }
            else
            {
                Thread.Yield();
            }
        }

        await writing;
        Assert.Equal((read, count - read), (ring.Written, ring.Dropped));
    }

    [Fact]
    public void WriteAndRead_AllocateNothing()
    {
        var ring = new RequestRing(records: 64, textBytes: 1024);
        Allocations.AssertNone(() =>
        {
            var record = new RequestRecord { Texts = new TextLengths { Path = 4 } };
            for (int i = 0; i < 200; i++)
            {
                ring.TryWrite(record, "/abc"u8);
                ring.TryRead(out _);
                ring.Release();
            }
        });
    }

    private static bool Put(RequestRing ring, int number, string path)
    {
        byte[] texts = Encoding.ASCII.GetBytes(path);
        var record = new RequestRecord
        {
            ClientPort = number,
            Texts = new TextLengths { Path = (ushort)texts.Length },
        };
        return ring.TryWrite(record, texts);
    }

    private static (int Number, string Path) Take(RequestRing ring)
    {
        Assert.True(ring.TryRead(out RecordView view));
        (int, string) taken = (view.Record.ClientPort, Encoding.ASCII.GetString(view.Path));
        ring.Release();
        return taken;
    }
}
