namespace EdgeProxy.EntryPoints;

/// <summary>
/// A client's connection in one of the stages it goes through: a TLS handshake, then a protocol. Lives on its loop.
/// </summary>
internal abstract class ClientConnection
{
    public ClientConnection? NextInList { get; set; }

    public ClientConnection? PreviousInList { get; set; }

    /// <summary>The proxy or this entrypoint goes: what is under way may finish.</summary>
    public abstract void Drain();

    /// <summary>Ends now, whatever is under way.</summary>
    public abstract void Cut();
}
