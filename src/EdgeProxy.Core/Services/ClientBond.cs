using System.Collections.Generic;

namespace EdgeProxy.Services;

/// <summary>
/// The idle server connections that belong to one connection of a client, because that authenticated them (NTLM,
/// Negotiate: RFC 4559 section 6): one to a server, and no more than <see cref="ConnectionsMax"/>. Made for the first,
/// ended with the client's connection. Lives on one loop.
/// </summary>
internal sealed class ClientBond
{
    /// <summary>Servers that one client's connection keeps connections to; beyond them the oldest is closed.</summary>
    public const int ConnectionsMax = 8;

    private readonly List<UpstreamConnection> _kept = [];

    public int Count => _kept.Count;

    /// <summary>The connection to a server; null if there is none.</summary>
    public UpstreamConnection? To(Server server)
    {
        foreach (UpstreamConnection connection in _kept)
        {
            if (ReferenceEquals(connection.Server, server))
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>
    /// The place of the first of a service's servers that there is a connection to and that takes a request now; -1
    /// without.
    /// </summary>
    public int PlaceIn(Service service, long nowMs)
    {
        Server[] servers = service.Servers;
        for (int place = 0; _kept.Count > 0 && place < servers.Length; place++)
        {
            if (To(servers[place]) is not null && service.TakesPart(place, nowMs) && service.HasRoom(servers[place]))
            {
                return place;
            }
        }

        return -1;
    }

    /// <summary>Takes on a connection that is idle now; what it leaves no room for is closed.</summary>
    public void Add(UpstreamConnection connection)
    {
        if (To(connection.Server) is { } other)
        {
            Close(other);
        }
        else if (_kept.Count == ConnectionsMax)
        {
            Close(_kept[0]);
        }

        _kept.Add(connection);
        connection.Bond = this;
    }

    /// <summary>It is in use, or ended.</summary>
    public void Remove(UpstreamConnection connection) => _kept.Remove(connection);

    /// <summary>The client's connection ended: nobody may use these.</summary>
    public void End()
    {
        while (_kept.Count > 0)
        {
            Close(_kept[^1]);
        }
    }

    private static void Close(UpstreamConnection connection)
    {
        connection.LeaveBond();
        connection.Pool.CloseBound(connection);
    }
}
