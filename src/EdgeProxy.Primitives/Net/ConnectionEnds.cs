namespace EdgeProxy.Primitives.Net;

/// <summary>
/// Both ends of a client's connection, as the PROXY protocol tells a server of them. The default value is nobody's
/// connection but ours.
/// </summary>
/// <param name="SourcePort">0 where there is none: the client came by a Unix socket.</param>
internal readonly record struct ConnectionEnds(
    IpAddress Source, int SourcePort, IpAddress Destination, int DestinationPort)
{
    /// <summary>Somebody's; false of the default value.</summary>
    public bool IsClients { get; init; }

    /// <summary>They have addresses, which can be told.</summary>
    public bool HasAddresses => IsClients && SourcePort != 0;
}

/// <summary>
/// Which header of the PROXY protocol a server is sent; the words of TOML's services.NAME.proxy_protocol.
/// </summary>
internal enum ProxyVersion : byte
{
    None,

    /// <summary>A line of text.</summary>
    V1,

    /// <summary>Binary.</summary>
    V2,
}
