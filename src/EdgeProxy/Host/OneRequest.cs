using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>What came back: the status, the fields as received, the body up to the connection's end.</summary>
internal sealed record RawAnswer(int Status, string Fields, byte[] Body)
{
    /// <summary>The value of a field, null without it.</summary>
    public string? Field(string name)
    {
        foreach (string line in Fields.Split("\r\n"))
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon > 0 && line.AsSpan(0, colon).Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                return line[(colon + 1)..].Trim();
            }
        }

        return null;
    }
}

/// <summary>What became of a request.</summary>
/// <param name="Answer">Null if there was none.</param>
/// <param name="Reason">Why there was none; "" with one.</param>
/// <param name="IsReached">
/// Somebody is there, and may have taken the request: who sends it elsewhere as well sends it twice.
/// </param>
internal readonly record struct AskOutcome(RawAnswer? Answer, string Reason, bool IsReached)
{
    public void Deconstruct(out RawAnswer? answer, out string reason)
    {
        answer = Answer;
        reason = Reason;
    }
}

/// <summary>
/// One HTTP/1.1 request to our own admin address or demo entrypoint, one answer, then the connection ends. HttpClient
/// would be a third of the binary for this.
/// </summary>
internal static class OneRequest
{
    private const int AnswerBytesMax = 64 * 1024 * 1024; // metrics of thousands of routers and servers
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(30); // a reload of 10,000 routers takes under 1 s

    /// <param name="limit">Longest wait for the answer once it is connected; null: 30 s.</param>
    public static async Task<AskOutcome> SendAsync(
        IPEndPoint address,
        string method,
        string path,
        string? host = null,
        string fields = "",
        string? body = null,
        TimeSpan? limit = null,
        CancellationToken stop = default)
    {
        bool isReached = false;
        TimeSpan longest = Timeout;
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
            deadline.CancelAfter(longest);
            using Socket socket = await ConnectAsync(address, deadline.Token).ConfigureAwait(false);
            isReached = true;
            longest = limit ?? Timeout;
            deadline.CancelAfter(longest);
            byte[] request = Write(method, path, host ?? HostOf(address), fields, body);
            await socket.SendAsync(request, deadline.Token).ConfigureAwait(false);
            byte[] received = await ReceiveAllAsync(socket, deadline.Token).ConfigureAwait(false);
            RawAnswer? answer = Read(received);
            return new AskOutcome(answer, answer is null ? $"{address} does not speak HTTP/1.1" : "", IsReached: true);
        }
        catch (SocketException e)
        {
            return new AskOutcome(null, $"{address}: {e.Message}", isReached);
        }
        catch (OperationCanceledException)
        {
            return new AskOutcome(null, $"{address}: no answer within {longest.TotalSeconds} s", isReached);
        }
    }

    private static string HostOf(IPEndPoint address) => address is UnixEndPoint ? "localhost" : address.ToString();

    private static async Task<Socket> ConnectAsync(IPEndPoint address, CancellationToken stop)
    {
        var unix = address as UnixEndPoint;
        Socket socket = unix is null
            ? new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp)
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            EndPoint peer = unix is null ? address : new UnixDomainSocketEndPoint(unix.Path);
            await socket.ConnectAsync(peer, stop).ConfigureAwait(false);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // RFC 9110 section 8.6: a POST without content says so; a GET has no length to state.
    private static byte[] Write(string method, string path, string host, string fields, string? body)
    {
        string length = body is null && method is "GET" or "HEAD"
            ? ""
            : $"Content-Length: {Encoding.UTF8.GetByteCount(body ?? "")}\r\n";
        return Encoding.UTF8.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{fields}{length}\r\n{body}");
    }

    private static async Task<byte[]> ReceiveAllAsync(Socket socket, CancellationToken stop)
    {
        using var all = new MemoryStream();
        byte[] block = new byte[16 * 1024];
        while (all.Length < AnswerBytesMax)
        {
            int count = await socket.ReceiveAsync(block, stop).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }

            all.Write(block, 0, count);
        }

        return all.ToArray();
    }

    // RFC 9112 section 4: status-line = HTTP-version SP status-code SP [ reason-phrase ]
    private static RawAnswer? Read(ReadOnlySpan<byte> received)
    {
        int end = received.IndexOf("\r\n\r\n"u8);
        if (end < 0 || !received.StartsWith("HTTP/1.1 "u8) || end < "HTTP/1.1 200".Length)
        {
            return null;
        }

        return int.TryParse(received[9..12], NumberStyles.None, CultureInfo.InvariantCulture, out int status)
            ? new RawAnswer(status, Encoding.Latin1.GetString(received[..end]), received[(end + 4)..].ToArray())
            : null;
    }
}
