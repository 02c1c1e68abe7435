using System;
using System.Buffers;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Control;

/// <summary>What the admin surface answers: everything a response needs but the connection's own business.</summary>
internal sealed record AdminAnswer(int Status, string ContentType, ReadOnlyMemory<byte> Body)
{
    private const string PlainText = "text/plain; charset=utf-8";

    /// <summary>The methods of the resource, for a 405 (RFC 9110 section 10.2.1); else null.</summary>
    public string? Allow { get; init; }

    public static AdminAnswer Text(int status, string text) => new(status, PlainText, Encoding.UTF8.GetBytes(text));

    /// <summary>
    /// Writes the whole HTTP/1.1 response. A HEAD request gets the same head and no body (RFC 9110 section 9.3.2).
    /// </summary>
    public void WriteTo(IBufferWriter<byte> output, bool isHead, bool keepAlive)
    {
        var head = new StringBuilder(256);
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {Status} {Reason(Status)}\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Type: {ContentType}\r\nContent-Length: {Body.Length}\r\n");
        if (Allow is not null)
        {
            head.Append(CultureInfo.InvariantCulture, $"Allow: {Allow}\r\n");
        }

        // Answers are of the moment, and none is a page to be framed or guessed at.
        head.Append("Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n");
        head.Append(keepAlive ? "\r\n" : "Connection: close\r\n\r\n");
        Encoding.ASCII.GetBytes(head.ToString(), output);
        if (!isHead)
        {
            output.Write(Body.Span);
        }
    }

    private static string Reason(int status) => status switch
    {
        200 => "OK",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        422 => "Unprocessable Content",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        _ => "Unknown",
    };
}
