using System;
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
    /// <summary>
    /// A body this long at most, its framing included, is read and thrown away so that the connection can go on; a
    /// longer one ends it.
    /// </summary>
    public const int DiscardBytesMax = 64 * 1024;

    private const int HeadBytesMax = 512;
    private const string PlainText = "text/plain; charset=utf-8";

    // RFC 9110 section 15.5.6: what a reverse proxy passes on. CONNECT and TRACE it does not.
    private const string AllowedMethods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

    // What the proxy says of an answer of its own, unless a middleware says otherwise.
    private static readonly FieldName ContentType = FieldName.Of("Content-Type");
    private static readonly FieldName CacheControl = FieldName.Of("Cache-Control");
    private static readonly FieldName TypeOptions = FieldName.Of("X-Content-Type-Options");
    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");

    /// <summary>The answer for the exchange's fault. Only before a response has started.</summary>
    public static LocalAnswer AnswerTo(Exchange exchange)
    {
        bool isRejection = exchange.Fault.Kind == FaultKind.Rejected;
        int status = isRejection ? RejectReasons.StatusCode(exchange.RejectReason) : StatusCode(exchange.Fault.Kind);
        string detail = isRejection ? RejectReasons.Text(exchange.RejectReason) : Detail(exchange.Fault.Kind);

        // After bytes that were not understood, or not waited for, the next message cannot be found.
        exchange.ClosesClient |= isRejection
            || exchange.Fault.Kind is FaultKind.HeadTimeout or FaultKind.BodyTimeout or FaultKind.OverLimit;
        if (exchange.Call?.AnswerTo(exchange, status, detail) is { } answer)
        {
            return answer;
        }

        byte[] body = Encoding.ASCII.GetBytes($"{status}: {detail}\n");
        string allow = status == 405 ? AllowedMethods : "";
        return new LocalAnswer(status, PlainText, body, allow);
    }

    /// <summary>
    /// Puts the head of an answer of the proxy's own into the client sink; its body follows by the pipeline.
    /// </summary>
    public static void Write(Exchange exchange, LocalAnswer answer)
    {
        exchange.ClosesClient |= !exchange.Request.KeepAlive || exchange.IsLast || !CanDiscard(exchange);
        exchange.HasResponseStarted = true;
        exchange.LocalBodySent = 0;
        HeaderEdits edits = exchange.ResponseEdits;
        int bound = HeadBytesMax + answer.ContentType.Length + answer.Allow.Length + answer.Fields.Length
            + edits.Added.Length;
        var buffer = new HeadBuffer(exchange.ClientSink.Room(bound));
        buffer.WriteStatusLine(answer.Status);
        buffer.Write("Date: "u8);
        buffer.Write(exchange.Shard.Loop.Clock.DateText);
        buffer.Write("\r\n"u8);
        if (!answer.IsBodiless)
        {
            WriteOwn(ref buffer, edits, ContentType, answer.ContentType);
            buffer.Write("Content-Length: "u8);
            buffer.Write(answer.Body.Length);
            buffer.Write("\r\n"u8);
        }

        WriteOwn(ref buffer, edits, CacheControl, "no-store");
        WriteOwn(ref buffer, edits, TypeOptions, "nosniff");
        if (answer.Allow.Length > 0)
        {
            buffer.Write("Allow: "u8);
            buffer.Write(answer.Allow);
            buffer.Write("\r\n"u8);
        }

        if (answer.Status == 503 && !edits.Drops(RetryAfter.Written))
        {
            buffer.Write("Retry-After: "u8);
            buffer.Write(RetryAfterSeconds(exchange));
            buffer.Write("\r\n"u8);
        }

        buffer.Write(answer.Fields);
        buffer.Write(edits.Added);

        ResponseHeadWriter.WriteConnection(ref buffer, exchange);
        buffer.Write("\r\n"u8);
        exchange.ClientSink.Commit(buffer.Length);
        exchange.ClientSink.StartBody(isChunked: false);
        if (exchange.Request.Method == Method.Head || answer.IsBodiless)
        {
            exchange.LocalBodySent = answer.Body.Length;
        }
    }

    private static void WriteOwn(ref HeadBuffer buffer, HeaderEdits edits, FieldName name, string value)
    {
        if (!edits.Drops(name.Written))
        {
            buffer.Write(name.Written);
            buffer.Write(": "u8);
            buffer.Write(value);
            buffer.Write("\r\n"u8);
        }
    }

    /// <summary>
    /// What is left of the request body is there, short, and coming without being asked for. How long a chunked one is
    /// shows when it is read.
    /// </summary>
    public static bool CanDiscard(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        if (source.IsComplete || exchange.Whole.HasRequest)
        {
            return true;
        }

        bool mayBeShort = exchange.Request.Framing == BodyFraming.Chunked
            ? source.Reason == RejectReason.None
            : source.Remaining <= DiscardBytesMax;
        return mayBeShort && !(exchange.Request.ExpectsContinue && source.Unread.IsEmpty);
    }

    // An open breaker knows when it makes sense to come again; else it is soon.
    private static int RetryAfterSeconds(Exchange exchange)
    {
        long waitMs = exchange.Fault.Kind == FaultKind.BreakerOpen && exchange.Service?.Breaker is { } breaker
            ? breaker.OpenForMs(exchange.Shard.Loop.NowMs)
            : 0;
        return (int)Math.Max(1, (waitMs + 999) / 1000);
    }

    /// <summary>The status that says what went wrong.</summary>
    public static int StatusCode(FaultKind kind) => kind switch
    {
        FaultKind.NoRoute => 404,
        FaultKind.Internal => 500,
        FaultKind.NoTunnel => 501,
        FaultKind.HeadTimeout or FaultKind.BodyTimeout => 408,
        FaultKind.NoServer or FaultKind.NameNotResolved or FaultKind.QueueFull or FaultKind.QueueTimeout => 503,
        FaultKind.OverLimit or FaultKind.Drained or FaultKind.BreakerOpen => 503,
        FaultKind.AuditStuck or FaultKind.Halted => 503,
        FaultKind.ConnectTimeout or FaultKind.ResponseTimeout or FaultKind.ResponseIdleTimeout => 504,
        _ => 502,
    };

    private static string Detail(FaultKind kind) => kind switch
    {
        FaultKind.NoRoute => "no router takes this request",
        FaultKind.NoServer => "no server of the service is healthy",
        FaultKind.BreakerOpen => "the service does not answer well and is left alone for a while",
        FaultKind.QueueFull => "too many requests wait for a server",
        FaultKind.QueueTimeout => "no server had room for the request in time",
        FaultKind.NameNotResolved => "the server's name has no address yet",
        FaultKind.ConnectFailed => "the server refused the connection",
        FaultKind.ConnectTimeout => "the server did not accept the connection in time",
        FaultKind.ResponseTimeout => "the server did not answer in time",
        FaultKind.ResponseIdleTimeout => "the server began to answer and did not go on in time",
        FaultKind.UpstreamClosed => "the server closed the connection before it had answered",
        FaultKind.UpstreamMalformed => "the server's answer is not valid HTTP/1.1",
        FaultKind.NoTunnel => "nothing behind this address opens the tunnel that is asked for",
        FaultKind.TunnelIgnored => "the server answered and did not open the tunnel that is asked for",
        FaultKind.AnswerTooLong => "the server's answer is longer than is accepted",
        FaultKind.HeadTimeout => "the request head did not arrive in time",
        FaultKind.BodyTimeout => "the request body did not arrive in time",
        FaultKind.OverLimit => "a limit is reached",
        FaultKind.Drained => "the proxy is going down",
        FaultKind.Internal => "a step of the proxy failed",
        FaultKind.Halted => "requests like this one are halted by the operator",
        FaultKind.AuditStuck => "requests cannot be recorded now",
        _ => "the request could not be forwarded",
    };
}
