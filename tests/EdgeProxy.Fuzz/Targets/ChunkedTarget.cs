using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Primitives.Http;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Chunked bodies: the reader ends exactly where the naive decoder does, with the same payload, however split.
/// </summary>
internal sealed class ChunkedTarget : FuzzTarget
{
    // The naive decoder knows no limits, so the reader gets none that the inputs here could reach.
    private readonly HeadLimits _limits = new()
    {
        TrailerBytes = 1 << 20,
        ChunkExtensionBytes = 1 << 20,
        FieldCount = 1000,
    };

    public override string Name => "chunked";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Corpus.Requests.Concat(Corpus.Responses).Select(item => Encoding.Latin1.GetString(item.Bytes))
            .Where(text => text.Contains("chunked", StringComparison.Ordinal) && text.Length < 4096)
            .Select(text => Encoding.Latin1.GetBytes(text[(text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..])),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "\r\n", "\n", "\r", "0\r\n", "0\r\n\r\n", "5\r\nhello\r\n", "3;a=b\r\nabc\r\n", "1\r\nx\r\n", ";", ";a",
            "=", "\"", "\\\"", " ", "\t",
            "A: b\r\n", ": ", "ffffffffffffffff", "0x", "00", "\0",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        (string Payload, int Consumed)? naive = NaiveChunks.Decode(Encoding.Latin1.GetString(input));
        int step = input.IsEmpty ? 1 : 1 + (input[0] % 9);
        (string Payload, int Consumed)? whole = Decode(input, input.Length, out RejectReason reason, out int chunks);
        (string Payload, int Consumed)? split = Decode(input, step, out RejectReason again, out _);

        Require(naive == whole, $"naive {naive}, ours {whole} {reason}");
        Require(split == whole && reason == again, $"whole {whole} {reason}, by {step} {split} {again}");
        return HashCode.Combine(
            reason, Math.Min(chunks, 5), whole?.Consumed == input.Length, whole is null,
            Math.Min(input.Length / 64, 5));
    }

    private (string Payload, int Consumed)? Decode(
        ReadOnlySpan<byte> bytes, int step, out RejectReason reason, out int chunks)
    {
        var reader = default(ChunkedReader);
        var payload = new StringBuilder();
        int consumed = 0;
        int seen = 0;
        chunks = 0;
        while (true)
        {
            ReadOnlySpan<byte> input = bytes[consumed..seen];
            ChunkStep found = reader.Next(input, _limits, out int framing, out int data);
            reason = reader.Reason;
            if (found == ChunkStep.Malformed)
            {
                return null;
            }

            payload.Append(Encoding.Latin1.GetString(input.Slice(framing, data)));
            reader.Advance(data);
            consumed += framing + data;
            chunks += found == ChunkStep.Data ? 1 : 0;
            if (found == ChunkStep.End)
            {
                Require(reader.Trailers.End <= framing, "trailers out of bounds");
                return (payload.ToString(), consumed);
            }

            if (found == ChunkStep.NeedMore)
            {
                if (seen == bytes.Length)
                {
                    return null;
                }

                seen = Math.Min(bytes.Length, seen + step);
            }
        }
    }
}
