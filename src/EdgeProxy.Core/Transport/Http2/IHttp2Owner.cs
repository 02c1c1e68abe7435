using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>Why an <see cref="Http2Connection"/> goes on no more.</summary>
internal enum Http2End : byte
{
    None,

    /// <summary>It was to end, and did.</summary>
    Asked,

    /// <summary>The peer ended it.</summary>
    PeerClosed,

    /// <summary>The link broke.</summary>
    Broken,

    /// <summary>The peer broke a rule of the protocol.</summary>
    Malformed,

    /// <summary>The peer made work and nothing else.</summary>
    Flood,
}

/// <summary>Who has an <see cref="Http2Connection"/>. Called on its loop only.</summary>
internal interface IHttp2Owner
{
    /// <summary>
    /// Of a client's connection: a stream began, and a head can be read from it. The owner sets itself as the stream's
    /// owner, and closes it.
    /// </summary>
    void OnStream(Http2Connection connection, Http2Stream stream);

    /// <summary>A stream was let go of.</summary>
    void OnStreamEnded(Http2Connection connection);

    /// <summary>A turn of the connection is over: what is waited for may be another than before.</summary>
    void OnTurn(Http2Connection connection);

    /// <summary>
    /// Nothing more will come of it and no stream is left; the link is closed. Called once, and nothing after it.
    /// </summary>
    void OnEnded(Http2Connection connection, Http2End end, Http2Error error);
}
