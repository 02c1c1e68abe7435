using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Reads one response head of a server, strictly (RFC 9112 sections 2, 4 to 6).</summary>
internal static class ResponseHeadReader
{
    /// <summary>
    /// As <see cref="RequestHeadReader.Read"/>; <paramref name="method"/> is that of the request it answers.
    /// </summary>
    public static ParseStatus Read(ReadOnlySpan<byte> input, HeadLimits limits, Method method, ResponseHead head)
    {
        ReadOnlySpan<byte> seen = input.Length > limits.HeadBytes ? input[..limits.HeadBytes] : input;

        ParseStatus status = head.StatusCode == 0 ? StatusLine.Read(seen, head) : ParseStatus.Complete;
        if (status == ParseStatus.Complete)
        {
            status = FieldSection.Read<Rules>(seen, limits, head);
        }

        if (status == ParseStatus.Complete)
        {
            Frame(method, head);
        }

        return status == ParseStatus.NeedMore && seen.Length == limits.HeadBytes
            ? head.Refuse(RejectReason.HeadTooLarge)
            : status;
    }

    // RFC 9112 section 6.3, rules 1 to 8.
    private static void Frame(Method method, ResponseHead head)
    {
        bool chunked = head.Has(KnownHeader.TransferEncoding);
        bool mayNotHaveBody = head.StatusCode is < 200 or 204;
        if (method == Method.Head || mayNotHaveBody || head.StatusCode == 304)
        {
            head.Framing = BodyFraming.None;

            // A server that frames a body where none may be is likely to send it: those bytes must not meet the next
            // exchange.
            head.KeepAlive &= !(mayNotHaveBody && (chunked || head.ContentLength > 0));
        }
        else if (chunked)
        {
            head.Framing = BodyFraming.Chunked;
        }
        else if (head.ContentLength >= 0)
        {
            head.Framing = BodyFraming.ContentLength;
        }
        else
        {
            head.Framing = BodyFraming.UntilClose;
            head.KeepAlive = false;
        }
    }

    private readonly struct Rules : IFieldRules
    {
        public static RejectReason Note(ReadOnlySpan<byte> input, MessageHead head, in HeaderField field) =>
            field.Known switch
            {
                KnownHeader.ContentLength => MessageFraming.NoteContentLength(field.Value.Of(input), head),
                KnownHeader.TransferEncoding => MessageFraming.NoteTransferEncoding(field.Value.Of(input), head),
                _ => RejectReason.None,
            };

        public static RejectReason Finish(ReadOnlySpan<byte> input, MessageHead head)
        {
            var response = (ResponseHead)head;
            RejectReason reason = ConnectionOptions.Read(input, response, out ConnectionChoice choice);
            response.KeepAlive = ConnectionOptions.Persists(choice, response.MinorVersion);
            response.HasUpgrade = response.StatusCode == 101
                && (choice & ConnectionChoice.Upgrade) != 0
                && response.Has(KnownHeader.Upgrade);
            return reason;
        }
    }
}
