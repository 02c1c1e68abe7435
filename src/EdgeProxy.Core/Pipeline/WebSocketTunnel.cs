using System;
using EdgeProxy.Primitives.WebSocket;

namespace EdgeProxy.Pipeline;

/// <summary>
/// A tunnel that WebSocket is spoken in: where both directions are in their frames, so that the proxy can say that it
/// goes away (1001, RFC 6455 section 7.4.1) instead of cutting a message.
/// </summary>
internal sealed class WebSocketTunnel
{
    /// <summary>Time for the frame under way and for what is said, after a limit of time was reached.</summary>
    public const long EndingMs = 2_000;

    /// <summary>Frames on their way to the client.</summary>
    public FrameTrack ToClient;

    /// <summary>Frames on their way to the server.</summary>
    public FrameTrack ToServer;

    private const long Never = -1;

    /// <summary>When a limit of time was reached; below 0: not yet.</summary>
    public long EndingSinceMs { get; private set; } = Never;

    /// <summary>The client was told, or is just being told.</summary>
    public bool IsTold { get; private set; }

    /// <summary>FIN, close, two bytes, unmasked: what a server sends.</summary>
    private static ReadOnlySpan<byte> GoingAway => [0x88, 0x02, 0x03, 0xe9];

    /// <summary>The same masked, as a client has to; any mask will do, this one is zero.</summary>
    private static ReadOnlySpan<byte> GoingAwayMasked => [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe9];

    /// <summary>A limit of time was reached: it ends between two frames.</summary>
    public void Expire(long nowMs) => EndingSinceMs = nowMs;

    /// <summary>Puts the close behind what was sent to the client; the server hears it, too, if it can.</summary>
    public void Tell(MessageSink toClient, MessageSink toServer)
    {
        IsTold = true;
        if (!ToClient.HasClosed)
        {
            toClient.Append(GoingAway);
        }

        if (ToServer.IsBetween && !ToServer.HasClosed)
        {
            toServer.Append(GoingAwayMasked);
        }
    }
}
