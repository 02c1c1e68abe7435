using System;
using System.Buffers.Text;
using System.Diagnostics;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Writes the framing of chunks (RFC 9112 section 7.1); the payload between it is the caller's to place.
/// </summary>
internal static class ChunkedWriter
{
    /// <summary>Longest head of a chunk: 16 hexadecimal digits and CRLF.</summary>
    public const int HeadBytesMax = ChunkLine.SizeDigitsMax + LineEnd.Bytes;

    public static ReadOnlySpan<byte> CrLf => "\r\n"u8;

    /// <summary>The last chunk; trailer fields, if any, and <see cref="CrLf"/> follow it.</summary>
    public static ReadOnlySpan<byte> LastChunk => "0\r\n"u8;

    /// <summary>The last chunk of a body without trailer fields, whole.</summary>
    public static ReadOnlySpan<byte> End => "0\r\n\r\n"u8;

    /// <summary>
    /// Writes the head of a chunk of <paramref name="size"/> bytes and returns its length. A size of 0 would end the
    /// body, so it MUST NOT be given; room for <see cref="HeadBytesMax"/> is always enough.
    /// </summary>
    public static int WriteHead(Span<byte> destination, long size)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(size);

        // chunk = chunk-size CRLF ...; we send no extensions
        if (!Utf8Formatter.TryFormat(size, destination, out int digits, new('x')))
        {
            throw new ArgumentException("no room for the head of a chunk", nameof(destination));
        }

        Debug.Assert(digits <= ChunkLine.SizeDigitsMax, "a long has 16 hexadecimal digits at most");
        CrLf.CopyTo(destination[digits..]);
        return digits + LineEnd.Bytes;
    }
}
