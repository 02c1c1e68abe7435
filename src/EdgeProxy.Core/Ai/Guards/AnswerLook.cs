using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai.Guards;

/// <summary>How a guard can look into an answer.</summary>
internal enum AnswerLook : byte
{
    /// <summary>There is nothing in it to look into.</summary>
    None,

    /// <summary>One JSON text.</summary>
    Whole,

    /// <summary>text/event-stream.</summary>
    Events,

    /// <summary>One JSON text a line (NDJSON).</summary>
    Lines,

    /// <summary>Not at all: it is coded, or of a type that is not known.</summary>
    Opaque,
}

/// <summary>Tells it by an answer's head.</summary>
internal static class AnswerLooks
{
    public static AnswerLook Of(Exchange exchange, AiCallKind kind)
    {
        ResponseHead response = exchange.Response;
        bool isGood = response.StatusCode is >= 200 and < 300;
        bool isOfNumbers = kind is AiCallKind.Embeddings or AiCallKind.OllamaEmbed or AiCallKind.CountTokens;
        if (response.Framing == BodyFraming.None || (isGood && isOfNumbers)
            || (response.Framing == BodyFraming.ContentLength && response.ContentLength == 0))
        {
            return AnswerLook.None;
        }

        ReadOnlySpan<byte> head = exchange.ResponseHeadBytes;
        AnswerLook look = AnswerLook.Opaque;
        int types = 0;
        foreach (ref readonly HeaderField field in response.Fields)
        {
            ReadOnlySpan<byte> name = field.Name.Of(head);
            ReadOnlySpan<byte> value = field.Value.Of(head);
            if (Ascii.EqualsIgnoreCase(name, "content-encoding"u8) && !Ascii.EqualsIgnoreCase(value, "identity"u8))
            {
                return AnswerLook.Opaque;
            }

            if (field.Known == KnownHeader.ContentType)
            {
                types++;
                look = OfType(value);
            }
        }

        return types == 1 ? look : AnswerLook.Opaque;
    }

    private static AnswerLook OfType(ReadOnlySpan<byte> type)
    {
        int end = type.IndexOf((byte)';');
        type = (end < 0 ? type : type[..end]).TrimEnd((byte)' ');
        return Ascii.EqualsIgnoreCase(type, "application/json"u8)
            || Ascii.EqualsIgnoreCase(type, "application/problem+json"u8) ? AnswerLook.Whole
            : Ascii.EqualsIgnoreCase(type, "text/event-stream"u8) ? AnswerLook.Events
            : Ascii.EqualsIgnoreCase(type, "application/x-ndjson"u8) ? AnswerLook.Lines
            : AnswerLook.Opaque;
    }
}
