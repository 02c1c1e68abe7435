using System;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Writes the request head a server receives: the canonical path, the client's fields but for hop-by-hop ones (RFC 9110
/// section 7.6.1) and those only the proxy may assert, then what it asserts. Every byte was checked by the reader.
/// </summary>
internal static class RequestHeadWriter
{
    // Everything written besides the client's own bytes: names, separators, two addresses, two ports, a request id.
    private const int OwnBytesMax = 768;

    // Longest X-Request-Id taken over from the client.
    private const int RequestIdBytesMax = 128;

    public static void Write(Exchange exchange, MessageSink sink)
    {
        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        ReadOnlySpan<byte> path = exchange.Path;
        ReadOnlySpan<byte> serverAuthority = exchange.Server!.Authority.Span;
        HeaderEdits edits = exchange.RequestEdits;
        ReadOnlySpan<byte> certificate = ClientCertificate.FieldsOf(exchange.ClientLink);
        int bound = request.Length + path.Length + exchange.Query.Length + (3 * request.Authority.Length)
            + serverAuthority.Length + edits.Added.Length + certificate.Length + OwnBytesMax;

        var buffer = new HeadBuffer(sink.Room(bound));
        WriteRequestLine(ref buffer, exchange, head, path);
        bool passesHost = exchange.Service!.Settings.PassHostHeader && !request.Authority.IsEmpty;
        buffer.Write("Host: "u8);
        buffer.Write(passesHost ? request.Authority.Of(head) : serverAuthority);
        buffer.Write("\r\n"u8);

        Kept kept = CopyFields(ref buffer, exchange, head);
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

        if (!kept.HasFlag(Kept.RequestId))
        {
            buffer.Write("X-Request-Id: "u8);
            if (exchange.Audit is { } note)
            {
                buffer.Write(note.RequestId);
            }
            else
            {
                buffer.WriteRequestId(exchange.Shard.Ids);
            }

            buffer.Write("\r\n"u8);
        }

        if (request.WantsUpgrade && exchange.Call is null)
        {
            buffer.Write("Connection: Upgrade\r\n"u8);
        }

        buffer.Write("\r\n"u8);
        sink.Commit(buffer.Length);
        sink.StartBody(request.Framing == BodyFraming.Chunked && exchange.Call is null, exchange.RequestEdits);
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

    private static Kept CopyFields(ref HeadBuffer buffer, Exchange exchange, ReadOnlySpan<byte> head)
    {
        HeaderEdits edits = exchange.RequestEdits;
        bool isEdited = !edits.IsEmpty;
        Kept kept = isEdited ? KeptBy(edits) : Kept.None;
        FieldRun run = HeadBuffer.StartRun();
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (!(isEdited && edits.Drops(field.Name.Of(head))) && Keeps(field, exchange, head, ref kept))
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
            return field.Known == KnownHeader.XRequestId
                ? KeepsRequestId(field.Value.Of(head), !isForwarded, ref kept)
                : isForwarded;
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
                return request.ExpectsContinue;
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
                return KeepsRequestId(field.Value.Of(head), isListed, ref kept);
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

    /// <summary>The id the server will be told: the client's if that may be kept, else a new one; its length.</summary>
    public static int ChooseRequestId(Exchange exchange, Span<byte> room)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        Kept kept = Kept.None;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            bool isListed = (field.Traits & (FieldTraits.ListedInConnection | FieldTraits.Alias)) != 0;
            if (field.Known == KnownHeader.XRequestId && KeepsRequestId(field.Value.Of(head), isListed, ref kept))
            {
                field.Value.Of(head).CopyTo(room);
                return field.Value.Length;
            }
        }

        exchange.Shard.Ids.Write(room);
        return RequestIds.TextBytes;
    }

    private static bool KeepsRequestId(ReadOnlySpan<byte> value, bool isListed, ref Kept kept)
    {
        if (isListed || (kept & Kept.RequestId) != 0 || value.Length is 0 or > RequestIdBytesMax
            || value.ContainsAnyExcept(RequestIdBytes))
        {
            return false;
        }

        kept |= Kept.RequestId;
        return true;
    }

    private static readonly System.Buffers.SearchValues<byte> RequestIdBytes = System.Buffers.SearchValues.Create(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_.:/+=@"u8);

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
