using System;
using System.Text;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Bench.Primitives.Http;

/// <summary>A body of 64 KiB in chunks of 8 KiB, and SSE-like chunks of 64 bytes; per body.</summary>
[MemoryDiagnoser]
public class ChunkedReaderBenchmarks
{
    private static readonly byte[] Large = Body(8, 8192);
    private static readonly byte[] Small = Body(100, 64);

    [Benchmark]
    public int Chunks8Of8KiB() => Read(Large);

    [Benchmark]
    public int Chunks100Of64Bytes() => Read(Small);

    [Benchmark]
    public int WriteHead()
    {
        Span<byte> line = stackalloc byte[ChunkedWriter.HeadBytesMax];
        return ChunkedWriter.WriteHead(line, 8192);
    }

    private static int Read(ReadOnlySpan<byte> rest)
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

    private static byte[] Body(int chunks, int bytes)
    {
        var text = new StringBuilder();
        for (int i = 0; i < chunks; i++)
        {
            text.Append(bytes.ToString("x", null)).Append("\r\n").Append('x', bytes).Append("\r\n");
        }

        return Encoding.Latin1.GetBytes(text.Append("0\r\n\r\n").ToString());
    }
}
