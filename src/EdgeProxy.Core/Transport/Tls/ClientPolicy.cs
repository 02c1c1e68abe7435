using System;

namespace EdgeProxy.Transport.Tls;

/// <summary>What an entrypoint asks of its clients; the words of client_auth.</summary>
internal enum ClientAuth : byte
{
    None,

    /// <summary>A certificate is asked for; with none, or one that does not verify, the client may go on.</summary>
    Request,

    /// <summary>There has to be a certificate, whether it verifies or not.</summary>
    Require,

    /// <summary>There has to be a certificate that verifies.</summary>
    Verify,
}

/// <summary>
/// What is asked of clients who come for a host: [tls.options.NAME], or what the entrypoint itself says.
/// </summary>
internal sealed record ClientPolicy
{
    /// <summary>Asks nothing beyond TLS 1.2; of an entrypoint.</summary>
    public static ClientPolicy None { get; } = new();

    /// <summary>"" for the entrypoint's own.</summary>
    public string Name { get; init; } = "";

    public ClientAuth Auth { get; init; }

    /// <summary>Who signs clients' certificates, PEM; "" for nobody.</summary>
    public string CaPem { get; init; } = "";

    /// <summary>0x0303 (TLS 1.2, the default) or 0x0304.</summary>
    public int VersionMin { get; init; } = LibSsl.Version12;

    /// <summary>
    /// Whether a connection on which <paramref name="asked"/> was asked of the client, and this version of TLS is
    /// spoken, may carry a request for a host of this policy: nothing less was asked, by the same authorities. One
    /// that has another authority would have its certificates told to servers as verified.
    /// </summary>
    /// <remarks>
    /// A policy whose authorities a reload changed is still the same by its name, as certificates are: connections go
    /// on with what they began with.
    /// </remarks>
    public bool IsMetBy(ClientPolicy asked, int version) =>
        asked.Auth >= Auth
        && version >= VersionMin
        && (string.Equals(asked.Name, Name, StringComparison.Ordinal)
            || string.Equals(asked.CaPem, CaPem, StringComparison.Ordinal));
}

/// <summary>The policy of one host.</summary>
/// <param name="Host">Lower case, exact or "*." and a name: one label before it.</param>
internal sealed record HostPolicy(string Host, ClientPolicy Policy);
