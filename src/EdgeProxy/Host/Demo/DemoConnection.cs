using System;
using System.Globalization;
using System.IO;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Host.Demo;

/// <summary>One connection to a demo server: head, body, answer, again.</summary>
internal sealed class DemoConnection(Socket socket, string server, TimeProvider time, Action<DemoVisit> visited)
{
    public const string OursField = "X-Demo-Traffic";

    /// <summary>What tells a model's server the same: the proxy keeps fields of its clients from it.</summary>
    public const string OursUser = "demo-traffic";

    private const string StatusPath = "/status/";
    private const string ChatPath = "/v1/chat/completions";
    private const int BufferBytes = 64 * 1024; // a head (32 KiB at most) and as much body as is kept at once
    private const int EchoBytesMax = 1024;
    private const int EventCount = 5;
    private static readonly TimeSpan EventInterval = TimeSpan.FromMilliseconds(100);

    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly RequestHead _head = new();
    private int _filled;

    public async Task RunAsync(CancellationToken stop)
    {
        while (await ReadHeadAsync(stop).ConfigureAwait(false))
        {
            string target = Text(_head.Target);
            string method = Text(_head.MethodText);
            string authority = Text(_head.Authority);
            bool isOurs = HasField(OursField);
            bool keepAlive = _head.KeepAlive;
            (bool isWhole, string echo) = await ReadBodyAsync(stop).ConfigureAwait(false);
            if (!isWhole)
            {
                return;
            }

            int status = StatusOf(target);
            isOurs |= echo.Contains(OursUser, StringComparison.Ordinal);
            visited(new DemoVisit(server, method, target, authority, status, isOurs));
            await AnswerAsync(method, target, echo, status, stop).ConfigureAwait(false);
            if (!keepAlive)
            {
                return;
            }
        }
    }

    // "/status/503" answers 503, so that a fault can be tried out.
    private static int StatusOf(string target) =>
        target.StartsWith(StatusPath, StringComparison.Ordinal)
        && int.TryParse(
            target.AsSpan(StatusPath.Length), NumberStyles.None, CultureInfo.InvariantCulture, out int status)
        && status is >= 200 and <= 599
            ? status
            : 200;

    private async Task<bool> ReadHeadAsync(CancellationToken stop)
    {
        _head.Reset();
        while (true)
        {
            switch (RequestHeadReader.Read(_buffer.AsSpan(0, _filled), HeadLimits.Default, _head))
            {
                case ParseStatus.Complete:
                    return true;
                case ParseStatus.Malformed:
                    return false;
                case ParseStatus.NeedMore when !await ReceiveAsync(stop).ConfigureAwait(false):
                    return false;
                default:
                    break;
            }
        }
    }

    /// <summary>
    /// Reads the body away, keeping its start for the echo; false if the connection ended before it did.
    /// </summary>
    private async Task<(bool IsWhole, string Echo)> ReadBodyAsync(CancellationToken stop)
    {
        var echo = new StringBuilder();
        Consume(_head.Length);
        var chunks = new ChunkedReader();
        long left = _head.ContentLength;
        while (true)
        {
            int framing = 0;
            int payload = (int)Math.Min(left, _filled);
            ChunkStep step = _head.Framing switch
            {
                BodyFraming.Chunked =>
                    chunks.Next(_buffer.AsSpan(0, _filled), HeadLimits.Default, out framing, out payload),
                _ when left == 0 => ChunkStep.End,
                _ => payload > 0 ? ChunkStep.Data : ChunkStep.NeedMore,
            };
            Consume(framing);
            switch (step)
            {
                case ChunkStep.End:
                    return (true, echo.ToString());
                case ChunkStep.Malformed:
                case ChunkStep.NeedMore when !await ReceiveAsync(stop).ConfigureAwait(false):
                    return (false, "");
                case ChunkStep.Data:
                    int kept = Math.Min(payload, EchoBytesMax - echo.Length);
                    echo.Append(Encoding.Latin1.GetString(_buffer, 0, kept));
                    Consume(payload);
                    Advance(ref chunks, payload);
                    left -= payload;
                    break;
                default:
                    break;
            }
        }
    }

    private void Advance(ref ChunkedReader chunks, int payload)
    {
        if (_head.Framing == BodyFraming.Chunked)
        {
            chunks.Advance(payload);
        }
    }

    private async Task AnswerAsync(string method, string target, string echo, int status, CancellationToken stop)
    {
        if (target == "/events")
        {
            await SendEventsAsync(stop).ConfigureAwait(false);
            return;
        }

        byte[] body = target == ChatPath ? DemoModel.Answer(server, echo) : Body(method, target, echo);
        bool hasBody = method != "HEAD" && status is not (204 or 304);
        string length = status is 204 or 304 ? "" : $"Content-Length: {body.Length}\r\n";
        string head =
            $"HTTP/1.1 {status} Demo\r\nContent-Type: application/json\r\nX-Demo-Server: {server}\r\n{length}\r\n";
        await SendAsync([.. Encoding.ASCII.GetBytes(head), .. hasBody ? body : []], stop).ConfigureAwait(false);
    }

    // RFC 9112 section 7.1 around WHATWG server-sent events: one event per chunk, so each can be seen to arrive alone.
    private async Task SendEventsAsync(CancellationToken stop)
    {
        string head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
            + $"X-Demo-Server: {server}\r\nTransfer-Encoding: chunked\r\n\r\n";
        await SendAsync(Encoding.ASCII.GetBytes(head), stop).ConfigureAwait(false);
        for (int i = 1; i <= EventCount; i++)
        {
            string text = $"data: {server} {i} of {EventCount}\n\n";
            await SendAsync(Encoding.ASCII.GetBytes($"{text.Length:x}\r\n{text}\r\n"), stop).ConfigureAwait(false);
            await Task.Delay(EventInterval, time, stop).ConfigureAwait(false);
        }

        await SendAsync("0\r\n\r\n"u8.ToArray(), stop).ConfigureAwait(false);
    }

    private byte[] Body(string method, string target, string echo)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            json.WriteString("server"u8, server);
            json.WriteString("method"u8, method);
            json.WriteString("path"u8, target);
            json.WriteString("body"u8, echo);
            json.WriteEndObject();
        }

        body.WriteByte((byte)'\n');
        return body.ToArray();
    }

    private async Task SendAsync(byte[] bytes, CancellationToken stop)
    {
        for (int sent = 0; sent < bytes.Length;)
        {
            sent += await socket.SendAsync(bytes.AsMemory(sent), stop).ConfigureAwait(false);
        }
    }

    private async Task<bool> ReceiveAsync(CancellationToken stop)
    {
        if (_filled == _buffer.Length)
        {
            return false;
        }

        int count = await socket.ReceiveAsync(_buffer.AsMemory(_filled), stop).ConfigureAwait(false);
        _filled += count;
        return count > 0;
    }

    private void Consume(int count)
    {
        _buffer.AsSpan(count, _filled - count).CopyTo(_buffer);
        _filled -= count;
    }

    private string Text(ByteRange range) => Encoding.Latin1.GetString(range.Of(_buffer));

    private bool HasField(string name)
    {
        foreach (HeaderField field in _head.Fields)
        {
            if (Text(field.Name).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
