using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Writes the response head a client receives: the server's fields but for hop-by-hop ones, framed for this client
/// (RFC 9112 section 6.3), with Date if the server sent none (RFC 9110 section 6.6.1).
/// </summary>
internal static class ResponseHeadWriter
{
    // Status line start, Date, Content-Length or Transfer-Encoding, Connection, the final empty line.
    private const int OwnBytesMax = 256;

    /// <summary>The final response. Returns true if the body has to be chunked.</summary>
    public static void WriteFinal(Exchange exchange, ReadOnlySpan<byte> head)
    {
        ResponseHead response = exchange.Response;
        MessageSink sink = exchange.ClientSink;
        exchange.AnswerFilter?.OnHead(exchange);
        ClientFraming framing = FramingFor(exchange);
        exchange.ClosesClient |= framing == ClientFraming.UntilClose;

        HeaderEdits edits = exchange.ResponseEdits;
        bool isEdited = !edits.IsEmpty;
        var buffer = new HeadBuffer(sink.Room(response.Length + edits.Added.Length + OwnBytesMax));
        if (exchange.Status == response.StatusCode)
        {
            WriteStatusLine(ref buffer, response, head);
        }
        else
        {
            buffer.WriteStatusLine(exchange.Status);
        }

        FieldRun run = HeadBuffer.StartRun();
        foreach (ref readonly HeaderField field in response.Fields)
        {
            if (Keeps(field, response, framing) && !(isEdited && edits.Drops(field.Name.Of(head))))
            {
                HeadBuffer.Keep(ref run, field);
            }
            else
            {
                buffer.Flush(ref run, head);
            }
        }

        buffer.Flush(ref run, head);
        buffer.Write(edits.Added);
        if (!response.Has(KnownHeader.Date))
        {
            buffer.Write("Date: "u8);
            buffer.Write(exchange.Shard.Loop.Clock.DateText);
            buffer.Write("\r\n"u8);
        }

        if (framing == ClientFraming.Chunked)
        {
            buffer.Write("Transfer-Encoding: chunked\r\n"u8);
        }

        WriteConnection(ref buffer, exchange);
        buffer.Write("\r\n"u8);
        sink.Commit(buffer.Length);
        sink.StartBody(framing == ClientFraming.Chunked, exchange.ResponseEdits);
    }

    /// <summary>An interim response (1xx), or the 101 that ends HTTP on this connection.</summary>
    public static void WriteInterim(Exchange exchange, ReadOnlySpan<byte> head)
    {
        ResponseHead response = exchange.Response;
        var buffer = new HeadBuffer(exchange.ClientSink.Room(response.Length + OwnBytesMax));
        WriteStatusLine(ref buffer, response, head);
        bool isUpgrade = response.StatusCode == 101;
        FieldRun run = HeadBuffer.StartRun();
        foreach (ref readonly HeaderField field in response.Fields)
        {
            bool keeps = (field.Known == KnownHeader.Upgrade && isUpgrade)
                || (field.Traits & (FieldTraits.HopByHop | FieldTraits.ListedInConnection)) == 0;
            if (keeps && field.Known != KnownHeader.ContentLength)
            {
                HeadBuffer.Keep(ref run, field);
            }
            else
            {
                buffer.Flush(ref run, head);
            }
        }

        buffer.Flush(ref run, head);
        if (isUpgrade)
        {
            buffer.Write("Connection: Upgrade\r\n"u8);
        }

        buffer.Write("\r\n"u8);
        exchange.ClientSink.Commit(buffer.Length);
    }

    /// <summary>Connection, where the client's version does not imply it (RFC 9112 section 9.3).</summary>
    public static void WriteConnection(ref HeadBuffer buffer, Exchange exchange)
    {
        if (exchange.ClosesClient)
        {
            buffer.Write("Connection: close\r\n"u8);
        }
        else if (exchange.Request.MinorVersion == 0)
        {
            buffer.Write("Connection: keep-alive\r\n"u8);
        }
    }

    private static void WriteStatusLine(ref HeadBuffer buffer, ResponseHead response, ReadOnlySpan<byte> head)
    {
        ReadOnlySpan<byte> statusAndReason = response.StatusAndReason.Of(head);
        buffer.Write("HTTP/1.1 "u8);
        buffer.Write(statusAndReason);

        // RFC 9112 section 4: the space after the code stays when there is no reason phrase.
        buffer.Write(statusAndReason.Length == 3 ? " \r\n"u8 : "\r\n"u8);
    }

    private static ClientFraming FramingFor(Exchange exchange)
    {
        ResponseHead response = exchange.Response;
        switch (response.Framing)
        {
            case BodyFraming.None:
                // HEAD and 304 tell the length of what they do not send; 204 has none (RFC 9110 section 8.6).
                return response.StatusCode == 204 ? ClientFraming.NoBody : ClientFraming.Declared;
            case BodyFraming.ContentLength when exchange.Call?.Rewrites != true && exchange.AnswerFilter is null:
                return ClientFraming.Declared;
            default:
                return exchange.Request.MinorVersion == 0 ? ClientFraming.UntilClose : ClientFraming.Chunked;
        }
    }

    private static bool Keeps(in HeaderField field, ResponseHead response, ClientFraming framing)
    {
        switch (field.Known)
        {
            case KnownHeader.Unknown:
                return (field.Traits & FieldTraits.ListedInConnection) == 0;
            case KnownHeader.ContentLength:
                return framing == ClientFraming.Declared && !response.Has(KnownHeader.TransferEncoding);
            case KnownHeader.Trailer:
                return framing == ClientFraming.Chunked;
            default:
                return (field.Traits & (FieldTraits.HopByHop | FieldTraits.ListedInConnection)) == 0;
        }
    }

    /// <summary>How this client finds the end of the body.</summary>
    private enum ClientFraming : byte
    {
        NoBody,
        Declared,
        Chunked,
        UntilClose,
    }
}
