using System.Text;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline;

/// <summary>
/// The one place where a fault, a rejection or an answer of the proxy's own becomes a response: status, text,
/// Retry-After,
/// Allow, and whether the connection goes on.
/// </summary>
internal static class ErrorResponses
{
    // A body this long at most is read and thrown away so that the connection can go on; a longer one ends it.
    public const int DiscardBytesMax = 64 * 1024;

    private const int HeadBytesMax = 512;
    private const string PlainText = "text/plain; charset=utf-8";

    // RFC 9110 section 15.5.6: what a reverse proxy passes on. CONNECT and TRACE it does not.
    private const string AllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    /// <summary>
    /// Puts the answer for the exchange's fault into the client sink. Only before a response has started.
    /// </summary>
    public static void Answer(Exchange exchange)
    {
        bool isRejection = exchange.Fault.Kind == FaultKind.Rejected;
        int status = isRejection ? RejectReasons.StatusCode(exchange.RejectReason) : StatusCode(exchange.Fault.Kind);
        string detail = isRejection ? RejectReasons.Text(exchange.RejectReason) : Detail(exchange.Fault.Kind);

        // After bytes that were not understood, or not waited for, the next message cannot be found.
        exchange.ClosesClient |= isRejection
            || exchange.Fault.Kind is FaultKind.HeadTimeout or FaultKind.BodyTimeout or FaultKind.OverLimit;
        byte[] body = Encoding.ASCII.GetBytes($"{status}: {detail}\n");
        string allow = status == 405 ? AllowedMethods : "";
        Write(exchange, new LocalAnswer(status, PlainText, body, allow));
    }

    /// <summary>
    /// Puts the head of an answer of the proxy's own into the client sink; its body follows by the pipeline.
    /// </summary>
    public static void Write(Exchange exchange, LocalAnswer answer)
    {
        exchange.ClosesClient |= !exchange.Request.KeepAlive || exchange.IsLast || !CanDiscard(exchange);
        exchange.HasResponseStarted = true;
        exchange.Status = answer.Status;
        exchange.LocalAnswer = answer;
        exchange.LocalBodySent = 0;

        int bound = HeadBytesMax + answer.ContentType.Length + answer.Allow.Length;
        var buffer = new HeadBuffer(exchange.ClientSink.Room(bound));
        buffer.WriteStatusLine(answer.Status);
        buffer.Write("Date: "u8);
        buffer.Write(exchange.Shard.Loop.Clock.DateText);
        buffer.Write("\r\nContent-Type: "u8);
        buffer.Write(answer.ContentType);
        buffer.Write("\r\nContent-Length: "u8);
        buffer.Write(answer.Body.Length);
        buffer.Write("\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"u8);
        if (answer.Allow.Length > 0)
        {
            buffer.Write("Allow: "u8);
            buffer.Write(answer.Allow);
            buffer.Write("\r\n"u8);
        }

        if (answer.Status == 503)
        {
            buffer.Write("Retry-After: 1\r\n"u8);
        }

        ResponseHeadWriter.WriteConnection(ref buffer, exchange);
        buffer.Write("\r\n"u8);
        exchange.ClientSink.Commit(buffer.Length);
        exchange.ClientSink.StartBody(isChunked: false);
        if (exchange.Request.Method == Method.Head)
        {
            exchange.LocalBodySent = answer.Body.Length;
        }
    }

    /// <summary>What is left of the request body is there, short, and coming without being asked for.</summary>
    private static bool CanDiscard(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        if (source.IsComplete)
        {
            return true;
        }

        return exchange.Request.Framing == BodyFraming.ContentLength && source.Remaining <= DiscardBytesMax
            && !(exchange.Request.ExpectsContinue && source.Unread.IsEmpty);
    }

    private static int StatusCode(FaultKind kind) => kind switch
    {
        FaultKind.NoRoute => 404,
        FaultKind.HeadTimeout or FaultKind.BodyTimeout => 408,
        FaultKind.NoServer or FaultKind.NameNotResolved or FaultKind.QueueFull or FaultKind.QueueTimeout => 503,
        FaultKind.OverLimit or FaultKind.Drained => 503,
        FaultKind.ConnectTimeout or FaultKind.ResponseTimeout => 504,
        _ => 502,
    };

    private static string Detail(FaultKind kind) => kind switch
    {
        FaultKind.NoRoute => "no router takes this request",
        FaultKind.NoServer => "no server of the service is healthy",
        FaultKind.QueueFull => "too many requests wait for a server",
        FaultKind.QueueTimeout => "no server had room for the request in time",
        FaultKind.NameNotResolved => "the server's name has no address yet",
        FaultKind.ConnectFailed => "the server refused the connection",
        FaultKind.ConnectTimeout => "the server did not accept the connection in time",
        FaultKind.ResponseTimeout => "the server did not answer in time",
        FaultKind.UpstreamClosed => "the server closed the connection before it had answered",
        FaultKind.UpstreamMalformed => "the server's answer is not valid HTTP/1.1",
        FaultKind.HeadTimeout => "the request head did not arrive in time",
        FaultKind.BodyTimeout => "the request body did not arrive in time",
        FaultKind.OverLimit => "a limit is reached",
        FaultKind.Drained => "the proxy is going down",
        _ => "the request could not be forwarded",
    };
}
