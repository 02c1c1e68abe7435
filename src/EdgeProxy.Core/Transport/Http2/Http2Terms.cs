using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Transport.Http2;

/// <summary>What one side of HTTP/2 grants the other.</summary>
internal sealed record Http2Terms
{
    /// <summary>It accepted the connection, and answers; else it asks.</summary>
    public required bool IsServer { get; init; }

    /// <summary>Streams at once that the peer may open.</summary>
    public int StreamsMax { get; init; } = Http2Limits.StreamsDefault;

    /// <summary>Streams at once that the peer is supposed to take until it says so.</summary>
    public int PeerStreamsMax { get; init; } = Http2Limits.StreamsDefault;

    /// <summary>Heads and trailers of the peer.</summary>
    public HeadLimits HeadLimits { get; init; } = HeadLimits.Default;
}
