using System;
using System.Linq;
using System.Text;
using CsCheck;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

public sealed class BodyPumpTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, int.MaxValue)]
    [InlineData(7, 3)]
    [InlineData(int.MaxValue, int.MaxValue)]
    public void Run_ContentLength_MovesExactlyTheBody(int readMax, int writeMax)
    {
        byte[] body = Body(70_000);
        using var pump = new Bench(readMax, writeMax);
        pump.Source.StartBody(BodyFraming.ContentLength, body.Length);
        pump.Sink.StartBody(isChunked: false);
        pump.From.Feed([.. body, .. "GET /next"u8]);

        Assert.Equal(PumpStatus.Done, pump.RunToRest());
        Assert.True(body.AsSpan().SequenceEqual(pump.To.Written));

        pump.Source.EndMessage();
        pump.Source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes);
        Assert.True("GET /next"u8.StartsWith(pump.Source.Unread), "what follows the body stays");
    }

    [Fact]
    public void Run_ChunkedEitherSideInAnyPieces_DecodesToTheSameBody()
    {
        var cases = Gen.Select(Gen.Int[0, 20_000], Gen.Int[1, 5_000], Gen.Int[1, 9_000], Gen.Int[1, 9_000]);
        cases.SampleSame((size, chunk, read, write) =>
        {
            byte[] body = Body(size);
            using var pump = new Bench(read, write);
            pump.Source.StartBody(BodyFraming.Chunked, 0);
            pump.Sink.StartBody(isChunked: true);
            pump.From.Feed(Chunked(body, chunk));

            Assert.Equal(PumpStatus.Done, pump.RunToRest());
            Assert.True(body.AsSpan().SequenceEqual(Unchunk(pump.To.Written)));
        }, iter: 200);
    }

    // What came with the head is copied behind it, and leaves with the next long piece: one call less per body.
    [Theory]
    [InlineData(64 * 1024, 2)] // head, start and 32 KiB; the rest
    [InlineData(3_000, 1)]
    public void Run_StartOfTheBodyCameWithItsHead_LeavesWithWhatFollows(int size, int writes)
    {
        using var pump = new Bench(int.MaxValue, int.MaxValue);
        byte[] body = Body(size);
        int first = Math.Min(size, 3_900);
        pump.Source.StartBody(BodyFraming.ContentLength, body.Length);
        pump.From.Feed(body.AsSpan(0, first));
        pump.Source.Fill(BlockPool.SmallBytes, BlockPool.SmallBytes);
        pump.From.Feed(body.AsSpan(first));
        pump.Sink.Append(Encoding.ASCII.GetBytes(new string('h', 400)));
        pump.Sink.StartBody(isChunked: false);

        Assert.Equal(PumpStatus.Done, pump.RunToRest());

        Assert.True(body.AsSpan().SequenceEqual(pump.To.Written[400..]));
        Assert.Equal(writes, pump.To.WriteCalls);
    }

    [Fact]
    public void Run_SinkTakesNothing_HoldsNoMoreThanItsBlocks()
    {
        using var pump = new Bench(int.MaxValue, int.MaxValue);
        pump.Source.StartBody(BodyFraming.UntilClose, 0);
        pump.Sink.StartBody(isChunked: true);
        pump.To.WriteRoom = 100;
        pump.From.Feed(Body(1_000_000));

        Assert.Equal(PumpStatus.WaitSink, pump.RunToRest());
        int left = pump.From.UnreadCount;
        Assert.Equal(PumpStatus.WaitSink, pump.RunToRest());
        Assert.Equal(left, pump.From.UnreadCount);
        Assert.True(left > 900_000, $"{1_000_000 - left} bytes were read for a peer that takes none");
    }

    [Fact]
    public void Run_ChunkedEndsTooSoon_IsTruncatedAndWritesNoLastChunk()
    {
        using var pump = new Bench(int.MaxValue, int.MaxValue);
        pump.Source.StartBody(BodyFraming.Chunked, 0);
        pump.Sink.StartBody(isChunked: true);
        pump.From.Feed("5\r\nhello\r\n");
        pump.From.FeedEnd();

        Assert.Equal(PumpStatus.SourceTruncated, pump.RunToRest());
        Assert.Equal("5\r\nhello\r\n", pump.To.WrittenText);
    }

    [Fact]
    public void Run_Trailers_OnlySafeOnesTravel()
    {
        using var pump = new Bench(int.MaxValue, int.MaxValue);
        pump.Source.StartBody(BodyFraming.Chunked, 0);
        pump.Sink.StartBody(isChunked: true);
        pump.From.Feed("2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n");

        Assert.Equal(PumpStatus.Done, pump.RunToRest());
        Assert.Equal("2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", pump.To.WrittenText);
    }

    [Fact]
    public void Rewind_PinnedHead_GivesTheBodyAgain()
    {
        using var pump = new Bench(int.MaxValue, int.MaxValue);
        pump.From.Feed("HEAD|hello");
        pump.Source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes);
        pump.Source.Pin(5);
        pump.Source.StartBody(BodyFraming.ContentLength, 5);
        pump.Sink.StartBody(isChunked: false);
        Assert.Equal(PumpStatus.Done, pump.RunToRest());

        Assert.True(pump.Source.CanRewind);
        pump.Source.Rewind();
        Assert.Equal("HEAD|", Encoding.ASCII.GetString(pump.Source.Head));
        pump.Sink.StartBody(isChunked: false);
        Assert.Equal(PumpStatus.Done, pump.RunToRest());
        Assert.Equal("hellohello", pump.To.WrittenText);
    }

    private static byte[] Body(int size) => [.. Enumerable.Range(0, size).Select(i => (byte)(i * 31))];

    private static byte[] Chunked(byte[] body, int chunk) =>
    [
        .. body.Chunk(chunk).SelectMany(
            piece => (byte[])[.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8]),
        .. "0\r\n\r\n"u8,
    ];

    // A reader of its own, so that a mistake of the product's is not repeated.
    private static byte[] Unchunk(ReadOnlySpan<byte> wire)
    {
        byte[] body = [];
        while (true)
        {
            int line = wire.IndexOf("\r\n"u8);
            int size = Convert.ToInt32(Encoding.ASCII.GetString(wire[..line]), 16);
            wire = wire[(line + 2)..];
            if (size == 0)
            {
                Assert.Equal("\r\n", Encoding.ASCII.GetString(wire));
                return body;
            }

            body = [.. body, .. wire[..size]];
            Assert.Equal("\r\n", Encoding.ASCII.GetString(wire.Slice(size, 2)));
            wire = wire[(size + 2)..];
        }
    }

    /// <summary>A source and a sink over memory; disposing holds that no block is kept.</summary>
    private sealed class Bench : IDisposable
    {
        private readonly BlockPool _blocks = new();

        public Bench(int readMax, int writeMax)
        {
            From = new MemoryLink { ReadMax = readMax };
            To = new MemoryLink { WriteMax = writeMax };
            Source.Bind(From, _blocks, HeadLimits.Default);
            Sink.Bind(To, _blocks);
        }

        public MemoryLink From { get; }

        public MemoryLink To { get; }

        public MessageSource Source { get; } = new();

        public MessageSink Sink { get; } = new();

        public PumpStatus RunToRest()
        {
            PumpStatus status;
            do
            {
                status = BodyPump.Run(Source, Sink);
                if (status == PumpStatus.WaitSink && To.WriteRoom == long.MaxValue)
                {
                    To.WriteRoom = long.MaxValue; // a short write: the socket has room again
                    status = PumpStatus.Yield;
                }
            }
            while (status == PumpStatus.Yield);
            return status;
        }

        public void Dispose()
        {
            Source.Unbind();
            Sink.Unbind();
            Assert.Equal(0, _blocks.RentedCount);
            _blocks.Dispose();
        }
    }
}
