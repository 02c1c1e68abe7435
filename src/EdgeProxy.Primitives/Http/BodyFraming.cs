namespace EdgeProxy.Primitives.Http;

/// <summary>How the end of a message body is found (RFC 9112 section 6.3).</summary>
internal enum BodyFraming : byte
{
    /// <summary>No body.</summary>
    None,

    /// <summary>As many bytes as Content-Length says.</summary>
    ContentLength,

    /// <summary>Chunks until the last one, then trailers.</summary>
    Chunked,

    /// <summary>All bytes until the peer ends the stream: responses without framing, and tunnels.</summary>
    UntilClose,
}
