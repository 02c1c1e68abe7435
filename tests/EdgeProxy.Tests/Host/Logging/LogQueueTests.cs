using System;
using System.IO;
using System.Text;
using System.Threading;
using EdgeProxy.Host.Logging;
using Xunit;

namespace EdgeProxy.Tests.Host.Logging;

public sealed class LogQueueTests
{
    [Fact]
    public void Dispose_WritesWhatIsQueued_InOrder()
    {
        var stream = new GatedStream();
        stream.Gate.Set();
        using (var queue = new LogQueue(stream, Lost))
        {
            for (int i = 0; i < 100; i++)
            {
                Assert.True(queue.TryPut(Encoding.ASCII.GetBytes($"{i}\n")));
            }
        }

        string[] lines = stream.Text.TrimEnd().Split('\n');
        Assert.Equal(100, lines.Length);
        Assert.Equal(("0", "99"), (lines[0], lines[99]));
    }

    [Fact]
    public void TryPut_StreamStalled_DropsCountsAndNeverWaits()
    {
        var stream = new GatedStream();
        var queue = new LogQueue(stream, Lost);
        Assert.True(queue.TryPut("first\n"u8.ToArray()));
        stream.Entered.Wait(TestContext.Current.CancellationToken);

        int taken = 0;
        while (queue.TryPut("more\n"u8.ToArray()))
        {
            taken++;
        }

        Assert.Equal(LogQueue.LinesMax, taken);
        Assert.Equal(1, queue.Dropped);
        stream.Gate.Set();
        queue.Dispose();
        Assert.Contains("lost 1\n", stream.Text);
    }

    [Fact]
    public void TryPut_LineLargerThanABatch_IsWritten()
    {
        var stream = new GatedStream();
        stream.Gate.Set();
        using (var queue = new LogQueue(stream, Lost))
        {
            queue.TryPut("small\n"u8.ToArray());
            queue.TryPut(new byte[100_000]);
            queue.TryPut("after\n"u8.ToArray());
        }

        Assert.Equal(100_000 + 12, stream.Text.Length);
        Assert.EndsWith("after\n", stream.Text);
    }

    private static byte[] Lost(long count) => Encoding.ASCII.GetBytes($"lost {count}\n");

    private sealed class GatedStream : MemoryStream
    {
        public ManualResetEventSlim Gate { get; } = new();

        public ManualResetEventSlim Entered { get; } = new();

        public string Text => Encoding.ASCII.GetString(ToArray());

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Entered.Set();
            Gate.Wait();
            base.Write(buffer);
        }
    }
}
