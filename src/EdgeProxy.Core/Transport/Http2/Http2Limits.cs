namespace EdgeProxy.Transport.Http2;

/// <summary>Named limits of HTTP/2, on either side.</summary>
internal static class Http2Limits
{
    /// <summary>Exchanges of one client connection at once (RFC 9113: no less than 100); over it: refused.</summary>
    public const int StreamsDefault = 100;

    public const int StreamsMax = 10_000;

    /// <summary>
    /// Bytes of a body that may be on their way or wait here, for one stream: the default of the protocol, rounded up.
    /// </summary>
    public const int StreamWindowBytes = 64 * 1024;

    /// <summary>The same for all streams of a connection.</summary>
    public const int ConnectionWindowBytes = 512 * 1024;

    /// <summary>
    /// Frames that wait to be sent. Over it bodies wait, and over twice as much nothing is read either: a peer that
    /// does not read its answers is not asked for more questions.
    /// </summary>
    public const int OutputBytes = 64 * 1024;

    /// <summary>
    /// What a field section may come to once it is decoded, as a multiple of what a head may have. A larger one is no
    /// mistake (an HPACK bomb) and ends the connection; one in between is a head that is too large.
    /// </summary>
    public const int DecodedHeadsMax = 4;

    /// <summary>
    /// Coded bytes of an answer's head that are read. One over its limit costs its own request, as over HTTP/1.1; what
    /// comes to more than this, or to more than <see cref="DecodedAnswerBytes"/>, ends the connection.
    /// </summary>
    public const int CodedAnswerBytes = 256 * 1024;

    public const int DecodedAnswerBytes = 1024 * 1024;

    /// <summary>Requests that a new connection is sent before the server said how many it takes at once.</summary>
    public const int StreamsBeforeTerms = 8;

    /// <summary>
    /// Frames that move nothing (SETTINGS, PING, PRIORITY, unknown ones, empty DATA and CONTINUATION, WINDOW_UPDATE) a
    /// peer may send at once; then <see cref="IdleFramesPerSecond"/>. What moves something earns more.
    /// </summary>
    public const int IdleFramesMax = 1_000;

    public const int IdleFramesPerSecond = 100;

    /// <summary>
    /// Streams that may end early at once, by whomever; then <see cref="ResetsPerSecond"/>. Each that ends well earns
    /// one more.
    /// </summary>
    public const int ResetsMax = 200;

    public const int ResetsPerSecond = 50;

    /// <summary>
    /// A client's streams of which it is known whether they were reset here, so that late frames are told from
    /// mistakes; a multiple of 64.
    /// </summary>
    public const int StreamsRemembered = 1024;

    /// <summary>
    /// An answer that is here to its last byte may end by a frame of its own, which is waited for so long.
    /// </summary>
    public const int EndAwaitedMs = 5_000;

    /// <summary>
    /// Who gives a request up after so long, while nothing at all came on its connection, has waited for a server that
    /// is not there.
    /// </summary>
    public const int SilenceMs = 1_000;

    /// <summary>
    /// After the last frame what still comes is thrown away, up to so much, so that the frame arrives.
    /// </summary>
    public const int LingerBytes = 256 * 1024;
}
