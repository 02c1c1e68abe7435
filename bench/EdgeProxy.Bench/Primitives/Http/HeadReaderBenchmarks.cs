using System;
using System.Text;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Bench.Primitives.Http;

/// <summary>
/// Heads as they come: six fields from curl or wrk, thirteen from a browser, a response of nginx. The baseline is the
/// least that any reader must do, finding the line ends; Kestrel's parser stands beside. Bar: well under 300 ns for six
/// fields.
/// </summary>
[MemoryDiagnoser]
public class HeadReaderBenchmarks
{
    private static readonly byte[] Small = Encoding.Latin1.GetBytes(
        "GET /api/v1/orders?id=42 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
        + "Accept-Encoding: gzip, br\r\nX-Request-Id: 3f2a9c81d0\r\nConnection: keep-alive\r\n\r\n");

    private static readonly byte[] Browser = Encoding.Latin1.GetBytes(
        "GET /static/app.css?v=31 HTTP/1.1\r\nHost: shop.example.com\r\nConnection: keep-alive\r\n"
        + "sec-ch-ua: \"Chromium\";v=\"140\", \"Not=A?Brand\";v=\"24\"\r\nsec-ch-ua-mobile: ?0\r\n"
        + "sec-ch-ua-platform: \"Linux\"\r\nUpgrade-Insecure-Requests: 1\r\n"
        + "User-Agent: Mozilla/5.0 (X11; Linux x86_64) "
        + "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36\r\n"
        + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
        + "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: navigate\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
        + "Accept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
        + "Cookie: session=0af7651916cd43dd8448eb211c80319c; theme=dark\r\n\r\n");

    private static readonly byte[] Response = Encoding.Latin1.GetBytes(
        "HTTP/1.1 200 OK\r\nServer: nginx/1.26.3\r\nDate: Tue, 24 Nov 2026 06:00:00 GMT\r\nContent-Type: text/html\r\n"
        + "Content-Length: 612\r\nLast-Modified: Tue, 24 Nov 2026 05:00:00 GMT\r\nConnection: keep-alive\r\n"
        + "ETag: \"65f1a2b3-264\"\r\nAccept-Ranges: bytes\r\n\r\n");

    private readonly RequestHead _request = new();
    private readonly ResponseHead _response = new();

    [Benchmark(Baseline = true)]
    public int LineEndsOnly_SixFields()
    {
        ReadOnlySpan<byte> rest = Small;
        int lines = 0;
        for (int end = rest.IndexOf("\r\n"u8); end >= 0; end = rest.IndexOf("\r\n"u8))
        {
            rest = rest[(end + 2)..];
            lines++;
        }

        return lines;
    }

    [Benchmark]
    public int Request_SixFields() => ReadRequest(Small);

    [Benchmark]
    public int Request_Browser() => ReadRequest(Browser);

    [Benchmark]
    public int Kestrel_SixFields() => KestrelHeadReader.Read(Small);

    [Benchmark]
    public int Kestrel_Browser() => KestrelHeadReader.Read(Browser);

    [Benchmark]
    public int Request_SixFields_InTwoPieces()
    {
        _request.Reset();
        RequestHeadReader.Read(Small.AsSpan(0, 100), HeadLimits.Default, _request);
        RequestHeadReader.Read(Small, HeadLimits.Default, _request);
        return _request.Length;
    }

    [Benchmark]
    public int Response_EightFields()
    {
        _response.Reset();
        ResponseHeadReader.Read(Response, HeadLimits.Default, Method.Get, _response);
        return _response.Length;
    }

    private int ReadRequest(byte[] bytes)
    {
        _request.Reset();
        RequestHeadReader.Read(bytes, HeadLimits.Default, _request);
        return _request.Length;
    }
}
