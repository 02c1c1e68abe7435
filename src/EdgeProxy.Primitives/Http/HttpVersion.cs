using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>The version in a first line (RFC 9112 section 2.3).</summary>
internal static class HttpVersion
{
    /// <summary>Length of "HTTP/1.1".</summary>
    public const int Bytes = 8;

    /// <summary>Why a text that is neither HTTP/1.0 nor HTTP/1.1 is refused.</summary>
    public static RejectReason Fault(ReadOnlySpan<byte> text)
    {
        // HTTP-version = HTTP-name "/" DIGIT "." DIGIT
        bool wellFormed = text.Length == Bytes
            && text.StartsWith("HTTP/"u8)
            && char.IsAsciiDigit((char)text[5])
            && text[6] == (byte)'.'
            && char.IsAsciiDigit((char)text[7]);
        return wellFormed ? RejectReason.VersionUnsupported : RejectReason.VersionInvalid;
    }
}
