using System;
using System.Collections.Generic;
using System.Text;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>The server's end of one connection, driven by a script.</summary>
internal sealed class RawConnection(RawServer server, WireStream wire, int number)
{
    /// <summary>From 1, in the order of accepting.</summary>
    public int Number { get; } = number;

    public WireStream Wire { get; } = wire;

    /// <summary>The next head, recorded; null when the proxy closed. Its body is still on the wire.</summary>
    public async Task<RawRequest?> ReadHeadAsync()
    {
        // An idle connection may wait for its next request for as long as the test runs.
        string? text = await Wire.ReadHeadAsync("the proxy's next request", TimeSpan.FromMinutes(5));
        if (text is null)
        {
            return null;
        }

        WireHead head = WireHead.Parse(text);
        string[] parts = head.StartLine.Split(' ');
        if (parts.Length != 3 || parts[2] is not ("HTTP/1.1" or "HTTP/1.0"))
        {
            throw new FormatException($"request line: {WireHead.Show(head.StartLine)}");
        }

        var request = new RawRequest(Number, head);
        server.Record(request);
        return request;
    }

    /// <summary>The next request with its body; null when the proxy closed.</summary>
    public async Task<RawRequest?> ReadRequestAsync()
    {
        if (await ReadHeadAsync() is not { } request)
        {
            return null;
        }

        await ReadBodyAsync(request);
        return request;
    }

    public async Task ReadBodyAsync(RawRequest request)
    {
        if (request.Head.IsChunked)
        {
            if (request.Head.ContentLength is not null)
            {
                throw new FormatException($"two framings: {request}");
            }

            (byte[] body, List<KeyValuePair<string, string>> trailers) = await WireBody.ReadChunkedAsync(Wire);
            request.Body = body;
            request.Trailers = trailers;
        }
        else
        {
            request.Body = await WireBody.ReadSizedAsync(Wire, request.Head.ContentLength ?? 0);
        }

        server.RecordWhole(request);
    }

    public Task SendAsync(string latin1) => Wire.SendAsync(latin1);

    public Task SendAsync(byte[] bytes) => Wire.SendAsync(bytes);

    /// <summary>200 with a body and Content-Length.</summary>
    public Task AnswerAsync(string body = "ok", string fields = "", string status = "200 OK") => SendAsync(
        $"HTTP/1.1 {status}\r\nContent-Length: {Encoding.Latin1.GetByteCount(body)}\r\n{fields}\r\n{body}");
}
