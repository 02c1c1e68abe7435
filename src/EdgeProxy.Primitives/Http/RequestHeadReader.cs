using System;
using System.Text;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads one request head, strictly (RFC 9112 sections 2 to 6).</summary>
internal static class RequestHeadReader
{
    /// <summary>
    /// Reads a head at the start of <paramref name="input"/> into <paramref name="head"/>, which MUST be fresh or hold
    /// the resume points of an earlier NeedMore over a prefix of the same bytes. On Complete, head.Length bytes belong
    /// to it.
    /// </summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, HeadLimits limits, RequestHead head)
    {
        // Bytes past the limit are not looked at, so nothing depends on how many came with the last receive.
        ReadOnlySpan<byte> seen = input.Length > limits.HeadBytes ? input[..limits.HeadBytes] : input;

        ParseStatus status = head.MethodText.IsEmpty ? RequestLine.Read(seen, limits, head) : ParseStatus.Complete;
        if (status == ParseStatus.Complete)
        {
            status = FieldSection.Read<Rules>(seen, limits, head);
        }

        return status == ParseStatus.NeedMore && seen.Length == limits.HeadBytes
            ? head.Refuse(RejectReason.HeadTooLarge)
            : status;
    }

    private readonly struct Rules : IFieldRules
    {
        public static RejectReason Note(ReadOnlySpan<byte> input, MessageHead head, in HeaderField field) =>
            field.Known switch
            {
                KnownHeader.Host => NoteHost(input, (RequestHead)head, field.Value),
                KnownHeader.ContentLength => MessageFraming.NoteContentLength(field.Value.Of(input), head),
                KnownHeader.TransferEncoding => MessageFraming.NoteTransferEncoding(field.Value.Of(input), head),
                KnownHeader.Expect => NoteExpect(input, head, field.Value),
                _ => RejectReason.None,
            };

        public static RejectReason Finish(ReadOnlySpan<byte> input, MessageHead head)
        {
            var request = (RequestHead)head;
            bool isHttp11 = request.MinorVersion == 1;
            if (isHttp11 && !request.Has(KnownHeader.Host))
            {
                return RejectReason.HostMissing;
            }

            RejectReason reason = ConnectionOptions.Read(input, request, out ConnectionChoice choice);
            request.KeepAlive = ConnectionOptions.Persists(choice, request.MinorVersion);
            request.Framing = request.Has(KnownHeader.TransferEncoding) ? BodyFraming.Chunked
                : request.Has(KnownHeader.ContentLength) ? BodyFraming.ContentLength
                : BodyFraming.None;

            // RFC 9110 section 10.1.1: ignored in HTTP/1.0, and without a body there is nothing to wait for.
            request.ExpectsContinue = isHttp11 && request.Has(KnownHeader.Expect)
                && (request.Framing == BodyFraming.Chunked || request.ContentLength > 0);

            // RFC 9110 section 7.8: ignored in HTTP/1.0.
            request.WantsUpgrade = isHttp11 && (choice & ConnectionChoice.Upgrade) != 0
                && request.Has(KnownHeader.Upgrade) && !Lists(input, request, KnownHeader.Upgrade, "h2c"u8);
            request.AcceptsTrailers = request.Has(KnownHeader.Te)
                && Lists(input, request, KnownHeader.Te, "trailers"u8);
            return reason;
        }

        private static RejectReason NoteHost(ReadOnlySpan<byte> input, RequestHead head, ByteRange value)
        {
            if (head.Has(KnownHeader.Host))
            {
                return RejectReason.HostRepeated;
            }

            if (value.IsEmpty)
            {
                return RejectReason.HostEmpty;
            }

            if (!Authority.TryRead(value.Of(input), out int hostLength, out int port))
            {
                return RejectReason.HostInvalid;
            }

            // RFC 9112 section 3.2.2: the authority of an absolute target wins.
            if (head.Form != TargetForm.Absolute)
            {
                head.SetAuthority(value.Offset, value.Length, hostLength, port);
            }

            return RejectReason.None;
        }

        private static RejectReason NoteExpect(ReadOnlySpan<byte> input, MessageHead head, ByteRange value)
        {
            bool known = !head.Has(KnownHeader.Expect) && Ascii.EqualsIgnoreCase(value.Of(input), "100-continue"u8);
            return known ? RejectReason.None : RejectReason.ExpectationUnknown;
        }

        private static bool Lists(
            ReadOnlySpan<byte> input, RequestHead head, KnownHeader header, ReadOnlySpan<byte> word)
        {
            foreach (HeaderField field in head.Fields)
            {
                if (field.Known != header || (field.Traits & FieldTraits.Alias) != 0)
                {
                    continue;
                }

                var list = new TokenList(field.Value.Of(input));
                while (list.MoveNext())
                {
                    if (Ascii.EqualsIgnoreCase(list.Current, word))
                    {
                        return true;
                    }
                }
            }

            return false;
        }
    }
}
