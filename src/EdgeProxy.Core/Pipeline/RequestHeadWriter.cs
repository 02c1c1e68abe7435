using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Writes the request head a server receives: the canonical path, the client's fields but for hop-by-hop ones (RFC 9110
/// section 7.6.1) and those only the proxy may assert, then what it asserts. Every byte was checked by the reader.
/// </summary>
internal static class RequestHeadWriter
{
    // Everything written besides the client's own bytes: names, separators, two addresses, two ports, a request id, a
    // traceparent.
    private const int OwnBytesMax = 896;

    public static void Write(Exchange exchange, MessageSink sink)
    {
        if (exchange.Call is { PagePath.IsEmpty: false } page)
        {
            WritePage(exchange, page.PagePath, sink);
            return;
        }

        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        Server server = exchange.Server!;
        HeaderEdits edits = exchange.RequestEdits;
        ReadOnlySpan<byte> certificate = ClientCertificate.FieldsOf(exchange.ClientLink);
        var buffer = new HeadBuffer(sink.Room(Bound(exchange, server.Authority.Length + certificate.Length)));
        WriteRequestLine(ref buffer, exchange, head, exchange.Path);
        WriteHost(ref buffer, request, head, exchange.Service!, server);
        Kept kept = CopyFields(ref buffer, exchange, head, isCopy: false);
        buffer.Write(edits.Added);
        if (exchange.Call is { } call)
        {
            // Who reads bodies asks in its own name: it does not tell who asked it.
            WriteLength(ref buffer, exchange, call);
        }
        else
        {
            buffer.Write(certificate);
            WriteForwarded(ref buffer, exchange, head, kept);
        }

        WriteIds(ref buffer, exchange, kept);
        if (request.WantsUpgrade && exchange.Call is null)
        {
            buffer.Write("Connection: Upgrade\r\n"u8);
        }

        buffer.Write("\r\n"u8);
        sink.Commit(buffer.Length);
        sink.StartBody(request.Framing == BodyFraming.Chunked && exchange.Call is null, exchange.RequestEdits);
    }

    /// <summary>
    /// Writes the head of a copy for another server, all but its length and the empty line. Its body is sent whole, by
    /// length, without being asked for, and it never becomes a tunnel.
    /// </summary>
    public static void WriteCopy(Exchange exchange, Service service, Server server, HeldBody into)
    {
        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        ReadOnlySpan<byte> certificate = ClientCertificate.FieldsOf(exchange.ClientLink);
        if (!into.TryRoom(Bound(exchange, server.Authority.Length + certificate.Length), out Span<byte> room))
        {
            return;
        }

        var buffer = new HeadBuffer(room);
        WriteRequestLine(ref buffer, exchange, head, exchange.Path);
        WriteHost(ref buffer, request, head, service, server);
        Kept kept = CopyFields(ref buffer, exchange, head, isCopy: true);
        buffer.Write(exchange.RequestEdits.Added);
        buffer.Write(certificate);
        WriteForwarded(ref buffer, exchange, head, kept);
        WriteIds(ref buffer, exchange, kept);
        into.Commit(buffer.Length);
    }

    // The client's head may be gone by now: what is told is what the exchange has of its own.
    private static void WritePage(Exchange exchange, ReadOnlySpan<byte> path, MessageSink sink)
    {
        Server server = exchange.Server!;
        var buffer = new HeadBuffer(
            sink.Room(path.Length + server.Authority.Length + Exchange.HostBytesMax + OwnBytesMax));
        buffer.Write(exchange.Request.Method == Method.Head ? "HEAD "u8 : "GET "u8);
        buffer.Write(path);
        buffer.Write(" HTTP/1.1\r\nHost: "u8);
        bool passesHost = exchange.Service!.Settings.PassHostHeader && !exchange.Host.IsEmpty;
        buffer.Write(passesHost ? exchange.Host : server.Authority.Span);
        buffer.Write("\r\n"u8);
        WriteIds(ref buffer, exchange, Kept.None);
        buffer.Write("\r\n"u8);
        sink.Commit(buffer.Length);
        sink.StartBody(isChunked: false);
    }

    private static int Bound(Exchange exchange, int more) =>
        exchange.Request.Length + exchange.Path.Length + exchange.Query.Length
        + (3 * exchange.Request.Authority.Length) + exchange.RequestEdits.Added.Length + more + OwnBytesMax;

    private static void WriteHost(
        ref HeadBuffer buffer, RequestHead request, ReadOnlySpan<byte> head, Service service, Server server)
    {
        bool passesHost = service.Settings.PassHostHeader && !request.Authority.IsEmpty;
        buffer.Write("Host: "u8);
        buffer.Write(passesHost ? request.Authority.Of(head) : server.Authority.Span);
        buffer.Write("\r\n"u8);
    }

    // What servers write beside their own records, to be found again.
    private static void WriteIds(ref HeadBuffer buffer, Exchange exchange, Kept kept)
    {
        if ((kept & Kept.RequestId) == 0)
        {
            buffer.Write("X-Request-Id: "u8);
            buffer.Write(exchange.RequestId);
            buffer.Write("\r\n"u8);
        }

        if (exchange.Trace.IsTraced && !exchange.RequestEdits.Owns(KnownHeader.Traceparent))
        {
            buffer.Write("traceparent: "u8);
            buffer.Write(exchange.Trace.Here with { Span = exchange.Trace.TrySpan });
            buffer.Write("\r\n"u8);
        }
    }

    // RFC 9110 section 8.6: a method that may have a body tells the length of one that is empty, too.
    private static void WriteLength(ref HeadBuffer buffer, Exchange exchange, BodyCall call)
    {
        if (call.Body.Length > 0 || exchange.Request.Framing != BodyFraming.None)
        {
            buffer.Write("Content-Length: "u8);
            buffer.Write(call.Body.Length);
            buffer.Write("\r\n"u8);
        }
    }

    private static void WriteRequestLine(
        ref HeadBuffer buffer, Exchange exchange, ReadOnlySpan<byte> head, ReadOnlySpan<byte> path)
    {
        buffer.Write(exchange.Request.MethodText.Of(head));
        buffer.Write(" "u8);
        buffer.Write(path);
        if (exchange.HasQuery)
        {
            buffer.Write("?"u8);
            buffer.Write(exchange.Query);
        }

        buffer.Write(" HTTP/1.1\r\n"u8);
    }

    private static Kept CopyFields(
        ref HeadBuffer buffer, Exchange exchange, ReadOnlySpan<byte> head, bool isCopy)
    {
        HeaderEdits edits = exchange.RequestEdits;
        bool isEdited = !edits.IsEmpty;
        Kept kept = isEdited ? KeptBy(edits) : Kept.None;
        FieldRun run = HeadBuffer.StartRun();
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (!(isCopy && IsOfThisMessage(field.Known))
                && !(isEdited && edits.Drops(field.Name.Of(head))) && Keeps(field, exchange, head, ref kept))
            {
                HeadBuffer.Keep(ref run, field);
            }
            else
            {
                buffer.Flush(ref run, head);
            }
        }

        buffer.Flush(ref run, head);
        return kept;
    }

    // How the body comes, and what is asked of the connection: a copy has its own.
    private static bool IsOfThisMessage(KnownHeader known) =>
        known is >= KnownHeader.ContentLength and <= KnownHeader.Expect;

    // What a middleware decided is not asserted again.
    private static Kept KeptBy(HeaderEdits edits) =>
        (edits.Owns(KnownHeader.XForwardedHost) ? Kept.ForwardedHost : Kept.None)
        | (edits.Owns(KnownHeader.XForwardedPort) ? Kept.ForwardedPort : Kept.None)
        | (edits.Owns(KnownHeader.XForwardedProto) ? Kept.ForwardedProto : Kept.None)
        | (edits.Owns(KnownHeader.XRealIp) ? Kept.RealIp : Kept.None)
        | (edits.Owns(KnownHeader.XRequestId) ? Kept.RequestId : Kept.None);

    private static bool Keeps(in HeaderField field, Exchange exchange, ReadOnlySpan<byte> head, ref Kept kept)
    {
        RequestHead request = exchange.Request;
        if (exchange.Call is { } call)
        {
            const FieldTraits Refused = FieldTraits.Alias | FieldTraits.ListedInConnection;
            bool isForwarded = (field.Traits & Refused) == 0 && call.Forwards(field.Name.Of(head));
            return field.Known switch
            {
                KnownHeader.XRequestId => KeepsRequestId(field.Value.Of(head), exchange, !isForwarded, ref kept),
                KnownHeader.Traceparent => isForwarded && exchange.Trace.Origin == TraceOrigin.Passed,
                KnownHeader.Tracestate => isForwarded && exchange.Trace.KeepsState,
                _ => isForwarded,
            };
        }

        if (field.Known == KnownHeader.Unknown)
        {
            return (field.Traits & FieldTraits.ListedInConnection) == 0;
        }

        // An alias of a header we own could be taken for it by the server; an alias of any other is just a header.
        if ((field.Traits & FieldTraits.Alias) != 0)
        {
            return field.Known > KnownHeader.XRequestId && (field.Traits & FieldTraits.ListedInConnection) == 0;
        }

        bool isListed = (field.Traits & FieldTraits.ListedInConnection) != 0;
        switch (field.Known)
        {
            case KnownHeader.ContentLength:
            case KnownHeader.TransferEncoding:
                // Checked digit by digit by the reader; framing stays whatever Connection says (RFC 9110 section
                // 7.6.1).
                return true;
            case KnownHeader.Upgrade:
                return request.WantsUpgrade;
            case KnownHeader.Expect:
                return request.ExpectsContinue && !exchange.HasContinued;
            case KnownHeader.Trailer:
                return request.Framing == BodyFraming.Chunked && !isListed;
            case KnownHeader.XForwardedHost:
                return KeepsTrusted(Kept.ForwardedHost, exchange, isListed, ref kept);
            case KnownHeader.XForwardedPort:
                return KeepsTrusted(Kept.ForwardedPort, exchange, isListed, ref kept);
            case KnownHeader.XForwardedProto:
                return KeepsTrusted(Kept.ForwardedProto, exchange, isListed, ref kept);
            case KnownHeader.XRealIp:
                return KeepsTrusted(Kept.RealIp, exchange, isListed, ref kept);
            case KnownHeader.XForwardedPrefix:
            case KnownHeader.XForwardedServer:
                return exchange.IsTrustedClient && !isListed;
            case KnownHeader.XForwardedTlsClientCert:
            case KnownHeader.XForwardedTlsClientCertInfo:
                // Where we ask clients for certificates ourselves, nobody else speaks of them.
                return exchange.IsTrustedClient && !isListed && !ClientCertificate.IsAskedFor(exchange.ClientLink);
            case KnownHeader.XRequestId:
                return KeepsRequestId(field.Value.Of(head), exchange, isListed, ref kept);
            case KnownHeader.Traceparent:
                // One that is malformed, or stands there twice, is nobody's (W3C Trace Context section 4.3); what
                // tracestate says belongs to it.
                return exchange.Trace.Origin == TraceOrigin.Passed && !isListed;
            case KnownHeader.Tracestate:
                return exchange.Trace.KeepsState && !isListed;
            default:
                // Host, Forwarded and X-Forwarded-For are written anew; the other names before X-Request-Id are
                // hop-by-hop.
                return field.Known > KnownHeader.XRequestId && !isListed;
        }
    }

    private static bool KeepsTrusted(Kept header, Exchange exchange, bool isListed, ref Kept kept)
    {
        if (!exchange.IsTrustedClient || isListed || (kept & header) != 0)
        {
            return false;
        }

        kept |= header;
        return true;
    }

    private static bool KeepsRequestId(ReadOnlySpan<byte> value, Exchange exchange, bool isListed, ref Kept kept)
    {
        if (isListed || (kept & Kept.RequestId) != 0 || !exchange.IsRequestIdClients
            || !value.SequenceEqual(exchange.RequestId))
        {
            return false;
        }

        kept |= Kept.RequestId;
        return true;
    }

    private static void WriteForwarded(ref HeadBuffer buffer, Exchange exchange, ReadOnlySpan<byte> head, Kept kept)
    {
        RequestHead request = exchange.Request;
        WriteChain(ref buffer, "X-Forwarded-For: "u8, KnownHeader.XForwardedFor, exchange, head);
        buffer.Write(exchange.ClientLink.RemoteAddress);
        if ((kept & Kept.ForwardedProto) == 0)
        {
            buffer.Write(exchange.ClientLink.IsSecure
                ? "\r\nX-Forwarded-Proto: https"u8
                : "\r\nX-Forwarded-Proto: http"u8);
        }

        if ((kept & Kept.ForwardedHost) == 0 && !request.Authority.IsEmpty)
        {
            buffer.Write("\r\nX-Forwarded-Host: "u8);
            buffer.Write(request.Authority.Of(head));
        }

        if ((kept & Kept.ForwardedPort) == 0)
        {
            buffer.Write("\r\nX-Forwarded-Port: "u8);
            buffer.Write(exchange.Entry.Port);
        }

        if ((kept & Kept.RealIp) == 0)
        {
            buffer.Write("\r\nX-Real-Ip: "u8);
            buffer.Write(exchange.ClientLink.RemoteAddress);
        }

        buffer.Write("\r\n"u8);
        WriteChain(ref buffer, "Forwarded: "u8, KnownHeader.Forwarded, exchange, head);
        WriteForwardedElement(ref buffer, exchange, head);
    }

    // RFC 7239 section 4: an IPv6 address is bracketed and quoted, and so is a host with a port.
    private static void WriteForwardedElement(ref HeadBuffer buffer, Exchange exchange, ReadOnlySpan<byte> head)
    {
        bool isV4 = exchange.ClientLink.RemoteAddress.IsV4;
        buffer.Write(isV4 ? "for="u8 : "for=\"["u8);
        buffer.Write(exchange.ClientLink.RemoteAddress);
        buffer.Write(isV4 ? ""u8 : "]\""u8);
        if (!exchange.Request.Authority.IsEmpty)
        {
            buffer.Write(";host=\""u8);
            buffer.Write(exchange.Request.Authority.Of(head));
            buffer.Write("\""u8);
        }

        buffer.Write(exchange.ClientLink.IsSecure ? ";proto=https\r\n"u8 : ";proto=http\r\n"u8);
    }

    // A trusted client's chain goes first, the client itself after it.
    private static void WriteChain(
        ref HeadBuffer buffer, ReadOnlySpan<byte> name, KnownHeader header, Exchange exchange, ReadOnlySpan<byte> head)
    {
        buffer.Write(name);
        if (!exchange.IsTrustedClient || !exchange.Request.Has(header))
        {
            return;
        }

        const FieldTraits Refused = FieldTraits.Alias | FieldTraits.ListedInConnection;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (field.Known == header && (field.Traits & Refused) == 0 && !field.Value.IsEmpty)
            {
                buffer.Write(field.Value.Of(head));
                buffer.Write(", "u8);
            }
        }
    }

    /// <summary>Headers of a trusted client that stay as it sent them.</summary>
    [Flags]
    private enum Kept : byte
    {
        None = 0,
        ForwardedHost = 1,
        ForwardedPort = 2,
        ForwardedProto = 4,
        RealIp = 8,
        RequestId = 16,
    }
}
