using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Content-Length and Transfer-Encoding, alike in both kinds of head (RFC 9112 section 6).</summary>
internal static class MessageFraming
{
    private const int LengthDigitsMax = 19; // 2^63-1 has 19 digits

    /// <summary>Judges a Content-Length field; the first one sets <see cref="MessageHead.ContentLength"/>.</summary>
    public static RejectReason NoteContentLength(ReadOnlySpan<byte> value, MessageHead head)
    {
        if (head.Has(KnownHeader.ContentLength))
        {
            return RejectReason.ContentLengthRepeated;
        }

        if (head.Has(KnownHeader.TransferEncoding))
        {
            return RejectReason.FramingConflict;
        }

        if (!TryReadLength(value, out long length))
        {
            return RejectReason.ContentLengthInvalid;
        }

        head.ContentLength = length;
        return RejectReason.None;
    }

    /// <summary>
    /// Judges a Transfer-Encoding field: "chunked", once, in HTTP/1.1, and no Content-Length beside it.
    /// </summary>
    public static RejectReason NoteTransferEncoding(ReadOnlySpan<byte> value, MessageHead head)
    {
        if (head.MinorVersion == 0)
        {
            return RejectReason.TransferEncodingInHttp10;
        }

        if (head.Has(KnownHeader.TransferEncoding))
        {
            return RejectReason.TransferEncodingRepeated;
        }

        if (head.Has(KnownHeader.ContentLength))
        {
            return RejectReason.FramingConflict;
        }

        return Ascii.EqualsIgnoreCase(value, "chunked"u8) ? RejectReason.None : CodingFault(value);
    }

    // Content-Length = 1*DIGIT. Leading zeros are refused: some parsers read them as octal.
    private static bool TryReadLength(ReadOnlySpan<byte> value, out long length)
    {
        length = 0;
        if (value.IsEmpty || value.Length > LengthDigitsMax || (value[0] == (byte)'0' && value.Length > 1))
        {
            return false;
        }

        ulong number = 0; // 19 digits cannot overflow 64 bits
        foreach (byte digit in value)
        {
            uint worth = (uint)(digit - '0');
            if (worth > 9)
            {
                return false;
            }

            number = (number * 10) + worth;
        }

        length = (long)number;
        return number <= long.MaxValue;
    }

    // RFC 9112 section 6.3: a request whose last coding is not chunked gets 400; section 6.1: an unknown coding gets
    // 501.
    private static RejectReason CodingFault(ReadOnlySpan<byte> value)
    {
        int codings = 0;
        int chunked = 0;
        bool chunkedLast = false;
        var list = new TokenList(value);
        while (list.MoveNext())
        {
            if (!AsciiSet.Token.ContainsAll(list.Current))
            {
                return RejectReason.TransferEncodingInvalid;
            }

            codings++;
            chunkedLast = Ascii.EqualsIgnoreCase(list.Current, "chunked"u8);
            chunked += chunkedLast ? 1 : 0;
        }

        bool othersBefore = codings > 1 && chunkedLast && chunked == 1;
        return othersBefore ? RejectReason.TransferCodingUnknown : RejectReason.TransferEncodingInvalid;
    }
}
