using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>One answer on its way through a <see cref="ContentCoder"/>.</summary>
internal sealed class CompressedAnswer(ContentCoding coding, CompressionEffort effort, Compress owner) : AnswerFilter
{
    private static readonly FieldName ContentEncoding = FieldName.Of("Content-Encoding");
    private static readonly FieldName EntityTag = FieldName.Of("ETag");

    // They speak of bytes that the client does not get (RFC 9530, RFC 9110 section 14.3).
    private static readonly FieldName[] Untrue =
    [
        FieldName.Of("Accept-Ranges"), FieldName.Of("Content-MD5"), FieldName.Of("Digest"),
        FieldName.Of("Content-Digest"), FieldName.Of("Repr-Digest"),
    ];

    private readonly ContentCoder _coder = ContentCoder.Of(coding, effort);

    // Others of the same loop come in between; what all of them take of a turn is bounded besides (FilterTurns).
    public override int PiecesPerTurnMax => 2;

    public override void OnHead(Exchange exchange)
    {
        HeaderEdits edits = exchange.ResponseEdits;
        edits.Set(ContentEncoding, ContentCoder.NameOf(coding));
        foreach (FieldName name in Untrue)
        {
            edits.Remove(name);
        }

        // The same tag for other bytes would be a strong one no longer (RFC 9110 section 8.8.1).
        if (exchange.Response.TryFind("etag"u8, exchange.ResponseHeadBytes, out ReadOnlySpan<byte> tag)
            && tag.Length < FieldName.BytesMax && !tag.StartsWith("W/"u8) && !edits.Drops(EntityTag.Written))
        {
            Span<byte> weak = stackalloc byte[FieldName.BytesMax + 2];
            "W/"u8.CopyTo(weak);
            tag.CopyTo(weak[2..]);
            edits.Set(EntityTag, weak[..(tag.Length + 2)]);
        }
        else if (!tag.StartsWith("W/"u8))
        {
            edits.Remove(EntityTag);
        }
    }

    public override void Take(ReadOnlySpan<byte> payload)
    {
        _coder.Write(payload, Output);
        HasHeld = true;
    }

    public override void Flush()
    {
        _coder.Flush(Output);
        HasHeld = false;
    }

    public override void TakeEnd()
    {
        _coder.End(Output);
        HasHeld = false;
    }

    public override void OnEnd()
    {
        _coder.Dispose();
        owner.Leave();
        base.OnEnd();
    }
}
