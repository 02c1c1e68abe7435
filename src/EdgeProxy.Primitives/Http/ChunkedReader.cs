using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>What <see cref="ChunkedReader.Next"/> found at the start of its input.</summary>
internal enum ChunkStep : byte
{
    /// <summary>Payload follows the framing; both counts are set and the payload is not empty.</summary>
    Data,

    /// <summary>More bytes are needed; only the framing bytes reported may be consumed.</summary>
    NeedMore,

    /// <summary>The body ended; the framing bytes run through the last CRLF of the trailer section.</summary>
    End,

    /// <summary>The bytes are not chunks; see <see cref="ChunkedReader.Reason"/>.</summary>
    Malformed,
}

/// <summary>
/// Finds payload in a chunked body without copying it (RFC 9112 section 7.1). The caller consumes
/// <c>framingBytes</c>, then hands on any part of the payload and says so with <see cref="Advance"/>.
/// </summary>
internal struct ChunkedReader
{
    public RejectReason Reason { get; private set; }

    /// <summary>After End: the trailer field lines within the input of that call, final empty line excluded; often empty.</summary>
    public ByteRange Trailers { get; private set; }

    public ChunkStep Next(ReadOnlySpan<byte> input, HeadLimits limits, out int framingBytes, out int payloadBytes) =>
        throw new NotSupportedException();

    /// <summary>Tells that <paramref name="payloadBytes"/> bytes of the current chunk's payload were consumed.</summary>
    public void Advance(int payloadBytes) => throw new NotSupportedException();
}
