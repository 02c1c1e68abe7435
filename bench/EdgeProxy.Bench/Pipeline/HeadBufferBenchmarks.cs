using System;
using System.Text;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Bench.Pipeline;

/// <summary>
/// A head that was read, written for the server: hop-by-hop fields left out, ours added. Unchanged lines go in as runs;
/// the baseline copies each line by itself.
/// </summary>
[MemoryDiagnoser]
public class HeadBufferBenchmarks
{
    private readonly byte[] _room = new byte[8192];
    private readonly RequestHead _request = new();
    private byte[] _head = [];

    [Params(6, 20)]
    public int Fields { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var text = new StringBuilder("GET /api/v1/orders?id=42 HTTP/1.1\r\nHost: shop.example.com\r\n");
        for (int i = 0; i < Fields - 2; i++)
        {
            text.Append(null, $"X-Field-Number-{i}: some value of medium length {i}\r\n");
        }

        _head = Encoding.ASCII.GetBytes(text.Append("Connection: keep-alive\r\n\r\n").ToString());
        if (RequestHeadReader.Read(_head, HeadLimits.Default, _request) != ParseStatus.Complete)
        {
            throw new InvalidOperationException("the sample head is not complete");
        }
    }

    [Benchmark(Baseline = true)]
    public int LineByLine() => Rewrite(inRuns: false);

    [Benchmark]
    public int InRuns() => Rewrite(inRuns: true);

    private int Rewrite(bool inRuns)
    {
        var buffer = new HeadBuffer(_room);
        buffer.Write("GET /api/v1/orders?id=42 HTTP/1.1\r\n"u8);
        FieldRun run = HeadBuffer.StartRun();
        foreach (ref readonly HeaderField field in _request.Fields)
        {
            if (field.Known == KnownHeader.Connection)
            {
                buffer.Flush(ref run, _head);
                continue;
            }

            HeadBuffer.Keep(ref run, field);
            if (!inRuns)
            {
                buffer.Flush(ref run, _head);
            }
        }

        buffer.Flush(ref run, _head);
        buffer.Write("X-Forwarded-For: "u8);
        buffer.Write(IpAddress.FromV4(0x0a000001));
        buffer.Write("\r\nX-Forwarded-Proto: http\r\n\r\n"u8);
        return buffer.Length;
    }
}
