using System;
using System.Linq;
using System.Reflection;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class ChunkedReaderTests
{
    private const string Two = "5;a=\"b\"\r\nhello\r\n6\r\n world\r\n0\r\nX-A: b\r\n\r\n";

    // Pieces that make whole bodies likely and faults as likely.
    private static readonly string[] Pieces =
    [
        "5\r\nhello\r\n", "5\r\nhello", "a\r\n0123456789\r\n", "3;x\r\nabc\r\n", "3;x=y\r\nabc\r\n",
        "3 ; x = \"q\\\"z\" ;y\r\nabc\r\n",
        "00002\r\nhi\r\n", "1\r\n", "x", "\r\n", "\r", "\n", "5", ";", "=", "\"", " ", "\t", "\\", "a", "zz", "-1\r\n",
        "0x2\r\nhi\r\n",
        "3;x\nabc\r\n", "3;\"\r\nabc\r\n", "ffffffffffffffff\r\n", "10000000000000005\r\nhello\r\n", "X: y\r\n",
        "X : y\r\n", ": y\r\n", " fold\r\n",
        "\0", "\u0001", "\u00E9", "0\r\n", "0;l=a\r\n", "0\r\n\r\n", "0\r\nX-Sum: 1\r\nY:\r\n\r\n",
    ];

    [Fact]
    public void Next_ChunksAndTrailers_YieldsPayloadAndRanges()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Two + "GET ");
        var reader = default(ChunkedReader);

        Assert.Equal(ChunkStep.Data, reader.Next(bytes, HeadLimits.Default, out int framing, out int payload));
        Assert.Equal((9, 5), (framing, payload));
        reader.Advance(2);
        Assert.Equal(ChunkStep.Data, reader.Next(bytes.AsSpan(11), HeadLimits.Default, out framing, out payload));
        Assert.Equal((0, 3), (framing, payload));
        reader.Advance(3);
        Assert.Equal(ChunkStep.Data, reader.Next(bytes.AsSpan(14), HeadLimits.Default, out framing, out payload));
        Assert.Equal((5, 6), (framing, payload));
        reader.Advance(6);
        ReadOnlySpan<byte> rest = bytes.AsSpan(25);
        Assert.Equal(ChunkStep.End, reader.Next(rest, HeadLimits.Default, out framing, out payload));
        Assert.Equal((rest.Length - 4, 0), (framing, payload));
        Assert.Equal("X-A: b\r\n", Encoding.Latin1.GetString(reader.Trailers.Of(rest)));
    }

    [Fact]
    public void Next_SizeLineWithoutPayloadYet_ConsumesTheLine()
    {
        var reader = default(ChunkedReader);
        Assert.Equal(ChunkStep.NeedMore, reader.Next("5\r\n"u8, HeadLimits.Default, out int framing, out _));
        Assert.Equal(3, framing);
        Assert.Equal(ChunkStep.Data, reader.Next("he"u8, HeadLimits.Default, out framing, out int payload));
        Assert.Equal((0, 2), (framing, payload));
    }

    [Fact]
    public void Next_SplitTrailers_AreLeftUntilWholeAndScannedOnce()
    {
        byte[] bytes = Encoding.Latin1.GetBytes("0\r\nX-A: b\r\nX-B: c\r\n\r\n");
        FieldInfo scan = typeof(ChunkedReader).GetField(
            "_trailerScan", BindingFlags.NonPublic | BindingFlags.Instance)!;
        object reader = default(ChunkedReader);
        var typed = (ChunkedReader)reader;
        Assert.Equal(ChunkStep.NeedMore, typed.Next(bytes.AsSpan(0, 3), HeadLimits.Default, out int framing, out _));
        Assert.Equal(3, framing);
        ReadOnlySpan<byte> section = bytes.AsSpan(3);
        for (int length = 1; length < section.Length; length++)
        {
            Assert.Equal(ChunkStep.NeedMore, typed.Next(section[..length], HeadLimits.Default, out framing, out _));
            Assert.Equal(0, framing);
            Assert.Equal(section[length - 1] == (byte)'\r' ? length - 1 : length, scan.GetValue(typed));
        }

        Assert.Equal(ChunkStep.End, typed.Next(section, HeadLimits.Default, out framing, out _));
        Assert.Equal(section.Length, framing);
        Assert.Equal(new ByteRange(0, section.Length - 2), typed.Trailers);
    }

    [Fact]
    public void Next_AfterEnd_StaysEnded()
    {
        var reader = default(ChunkedReader);
        Assert.Equal(ChunkStep.End, reader.Next("0\r\n\r\nGET "u8, HeadLimits.Default, out int framing, out _));
        Assert.Equal(5, framing);
        Assert.Equal(ChunkStep.End, reader.Next("GET "u8, HeadLimits.Default, out framing, out _));
        Assert.Equal(0, framing);
    }

    [Fact]
    public void Next_AfterFault_StaysMalformed()
    {
        var reader = default(ChunkedReader);
        Assert.Equal(ChunkStep.Malformed, reader.Next("zz"u8, HeadLimits.Default, out _, out _));
        Assert.Equal(ChunkStep.Malformed, reader.Next("0\r\n\r\n"u8, HeadLimits.Default, out _, out _));
        Assert.Equal(RejectReason.ChunkSizeInvalid, reader.Reason);
    }

    // Bytes of extension: 4 + 3 + 2, then 4 + 4 + 3.
    [Fact]
    public void Next_ExtensionsOfManyChunks_AreSummed()
    {
        var limits = new HeadLimits { ChunkExtensionBytes = 10 };
        Assert.Equal("xxx", Decode("1;abc\r\nx\r\n1;ab\r\nx\r\n1;a\r\nx\r\n0\r\n\r\n", limits)?.Payload);
        Assert.Null(Decode("1;abc\r\nx\r\n1;abc\r\nx\r\n1;ab\r\nx\r\n0\r\n\r\n", limits));
    }

    [Fact]
    public void Advance_PastTheChunk_Throws()
    {
        var reader = default(ChunkedReader);
        reader.Next("5\r\nhello"u8, HeadLimits.Default, out _, out _);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Advance(6));
    }

    [Fact]
    public void Next_Warm_AllocatesNothing()
    {
        byte[] bytes = Encoding.Latin1.GetBytes(Two);
        int sum = Sum(bytes);
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1000; i++)
            {
                sum += Sum(bytes);
            }
        });
        Assert.NotEqual(0, sum);

        static int Sum(ReadOnlySpan<byte> rest)
        {
            var reader = default(ChunkedReader);
            int sum = 0;
            while (reader.Next(rest, HeadLimits.Default, out int framing, out int payload) == ChunkStep.Data)
            {
                reader.Advance(payload);
                sum += payload;
                rest = rest[(framing + payload)..];
            }

            return sum;
        }
    }

    [Fact]
    public void Next_AnyInput_EndsExactlyWhenTheNaiveDecoderDoes() =>
        Gen.Int[0, Pieces.Length - 1].Array[0, 12]
            .Select(Gen.Int[1, 7], (picks, step) => (Text: string.Concat(picks.Select(i => Pieces[i])), step))
            .SampleSame(
                input => NaiveChunks.Decode(input.Text) == Decode(input.Text, HeadLimits.Default, input.step),
                iter: 200_000,
                print: input => $"{input.step}: {Uri.EscapeDataString(input.Text)}");

    [Fact]
    public void WriteHead_ThenRead_ReturnsTheSize() =>
        Gen.Long[1, long.MaxValue / 2].SampleSame(size =>
        {
            Span<byte> line = stackalloc byte[ChunkedWriter.HeadBytesMax + 1];
            int length = ChunkedWriter.WriteHead(line, size);
            line[length] = (byte)'x';
            var reader = default(ChunkedReader);
            ReadOnlySpan<byte> input = line[..(length + 1)];
            bool fits = reader.Next(input, HeadLimits.Default, out int framing, out int payload) == ChunkStep.Data;
            string text = size.ToString("x", null) + "\r\n";
            return Encoding.Latin1.GetString(line[..length]) == text
                && (size > ChunkLine.SizeMax ? !fits : fits && framing == length && payload == 1);
        });

    [Fact]
    public void WriteHead_Zero_Throws() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => ChunkedWriter.WriteHead(new byte[20], 0));

    [Theory]
    [InlineData("X-Checksum: a\r\n", "X-Checksum: a\r\n")]
    [InlineData("Content-Length: 5\r\nGrpc-Status: 0\r\nHost: x\r\n", "Grpc-Status: 0\r\n")]
    [InlineData("Authorization: x\r\nSet-Cookie: a=b\r\nCache-Control: no-store\r\nwww_authenticate: x\r\n", "")]
    [InlineData("X_Forwarded_For: 1\r\nTransfer.Encoding: chunked\r\nA: b\r\n", "A: b\r\n")]
    [InlineData("Content.Range: 1\r\nPROXY-AUTHORIZATION: 1\r\nexpires: 0\r\n", "")]
    [InlineData("", "")]
    public void CopyTrailers_LeavesOutWhatMayNotTravel(string trailers, string expected)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(trailers);
        var kept = new StringBuilder();
        int start = 0;
        while (TrailerFields.TryNext(bytes, ref start, out ReadOnlySpan<byte> line, out _))
        {
            kept.Append(Encoding.Latin1.GetString(line));
        }

        Assert.Equal(expected, kept.ToString());
    }

    // Feeds pieces of `step` bytes, keeping what was not consumed, as a connection would.
    private static (string Payload, int Consumed)? Decode(string text, HeadLimits limits, int step = int.MaxValue)
    {
        byte[] bytes = Encoding.Latin1.GetBytes(text);
        var reader = default(ChunkedReader);
        var payload = new StringBuilder();
        int consumed = 0;
        int seen = 0;
        while (true)
        {
            ReadOnlySpan<byte> input = bytes.AsSpan(consumed, seen - consumed);
            ChunkStep found = reader.Next(input, limits, out int framing, out int data);
            if (found == ChunkStep.Malformed)
            {
                return null;
            }

            payload.Append(Encoding.Latin1.GetString(input.Slice(framing, data)));
            reader.Advance(data);
            consumed += framing + data;
            if (found == ChunkStep.End)
            {
                return (payload.ToString(), consumed);
            }

            if (found == ChunkStep.NeedMore)
            {
                if (seen == bytes.Length)
                {
                    return null;
                }

                seen = (int)Math.Min(bytes.Length, (long)seen + step);
            }
        }
    }
}
