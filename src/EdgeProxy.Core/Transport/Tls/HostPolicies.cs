using System;
using System.Collections.Generic;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// What an entrypoint asks of clients, by the host they come for. The handshake asks it by the name of the ClientHello,
/// and each request again by the host it is routed by. Immutable, asked by all loops.
/// </summary>
internal sealed class HostPolicies
{
    private readonly ClientPolicy[] _policies;
    private readonly ServerNameTable? _names;

    public HostPolicies(TlsServerSettings settings)
    {
        var policies = new List<ClientPolicy> { settings.Policy };
        var names = new List<List<string>> { new() };
        foreach (HostPolicy host in settings.Hosts)
        {
            int place = policies.IndexOf(host.Policy);
            if (place < 0)
            {
                place = policies.Count;
                policies.Add(host.Policy);
                names.Add([]);
            }

            names[place].Add(host.Host);
        }

        _policies = [.. policies];
        _names = settings.Hosts.Count > 0 ? new ServerNameTable(names) : null;
    }

    /// <summary>All there are, each once; the first is the entrypoint's own.</summary>
    public IReadOnlyList<ClientPolicy> All => _policies;

    /// <summary>No host has a policy of its own.</summary>
    public bool IsUniform => _names is null;

    /// <summary>The place in <see cref="All"/> of a host's policy; of any other host the entrypoint's own.</summary>
    public int PlaceOf(ReadOnlySpan<byte> host) => Math.Max(0, _names?.Find(host) ?? 0);

    /// <summary>Whether a request for the host may come over this connection.</summary>
    public bool Admit(ReadOnlySpan<byte> host, ByteLink client)
    {
        ClientPolicy policy = _policies[PlaceOf(host)];
        return client.Carrier is TlsLink link
            ? policy.IsMetBy(link.Policy, link.Version)
            : policy.Auth == ClientAuth.None; // from the time before the entrypoint spoke TLS
    }
}
