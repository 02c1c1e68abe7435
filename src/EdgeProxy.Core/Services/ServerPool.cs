using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Services;

/// <summary>
/// The idle connections one loop keeps to one server, last in first out: the warmest is used again, the coldest ages at
/// the bottom and is closed. On a miss the loop connects; it never takes from another loop (ADR-0031). Where
/// connections say whose they are (PROXY protocol), only the same client's is used again; one that a client
/// authenticated is that client's connection's alone (ADR-0153).
/// </summary>
internal sealed class ServerPool(Server server, EpollLoop loop, LoopCounters counters)
{
    // Of streams: they say nothing but which one, and are used again.
    private const int SparesMax = 256;

    private readonly IdleConnections _idle = new(server, loop, counters);
    private readonly Stack<UpstreamConnection> _spares = [];
    private IdleConnections? _bound;

    public Server Server { get; } = server;

    /// <summary>Bound ones included. Any thread, a moment late.</summary>
    public int IdleCount => _idle.Count + BoundCount;

    /// <summary>Idle connections that are some client's. Any thread, a moment late.</summary>
    public int BoundCount => _bound?.Count ?? 0;

    /// <summary>
    /// The most recently used connection that is still open and anybody's, now with this owner, else null.
    /// </summary>
    public UpstreamConnection? Take(ILinkOwner owner, in ConnectionEnds client = default)
    {
        if (Server.IsHttp2)
        {
            return Server.MultiplexOf(loop).TryOpen(owner) is { } stream ? OfStream(stream, isReused: true) : null;
        }

        for (int i = _idle.Count - 1; i >= 0; i--)
        {
            if (Server.ProxyVersion != ProxyVersion.None && _idle[i].Client != client)
            {
                continue;
            }

            if (_idle.Take(i, owner) is { } connection)
            {
                return connection;
            }
        }

        return null;
    }

    /// <summary>The client's own connection to the server, now with this owner; null if there is none open.</summary>
    public UpstreamConnection? TakeBound(ClientBond bond, ILinkOwner owner) =>
        bond.To(Server) is { } connection ? _bound!.Take(connection, owner) : null;

    /// <summary>
    /// A new connection under way; its link tells <paramref name="owner"/> when it is there or broken.
    /// </summary>
    public UpstreamConnection Connect(
        System.Net.IPEndPoint address, ILinkOwner owner, in ConnectionEnds client = default)
    {
        ByteLink link = Server.Connect(loop, address, owner, out bool isNew, client);
        if (isNew)
        {
            counters.Add(Counter.UpstreamConnects);
        }

        return Server.IsHttp2
            ? OfStream(link, isReused: false)
            : new UpstreamConnection(this) { Link = link, Client = client };
    }

    /// <summary>
    /// Keeps a connection for the next exchange. The caller MUST have proven the message boundary: the answer ended by
    /// its own
    /// framing, nothing was read past it, the whole request was sent. One that is bound is closed: here anybody has it.
    /// </summary>
    public void Put(UpstreamConnection connection)
    {
        if (Server.IsHttp2)
        {
            // The stream is over; what goes on is the connection it was on.
            connection.Link.Close();
            if (_spares.Count < SparesMax)
            {
                _spares.Push(connection);
            }

            return;
        }

        bool isOver = Server.IsRetired || connection.IsOver || connection.IsBound;
        if (!isOver && Server.ProxyVersion != ProxyVersion.None && _idle.Count > 0
            && IdleCount >= Server.IdleConnectionsMax)
        {
            // The coldest is of a client that is gone, most likely; nobody else can use it.
            _idle.CloseColdest();
        }

        if (isOver || IdleCount >= Server.IdleConnectionsMax)
        {
            connection.Link.Close();
            return;
        }

        _idle.Add(connection);
    }

    /// <summary>
    /// As above, for the client's connection that has it. All of them have half of the room (of a single place, that),
    /// so that they do not leave others without; in a full pool the coldest makes room, for its client is most likely
    /// gone or quiet.
    /// </summary>
    public void PutBound(UpstreamConnection connection, ClientBond bond)
    {
        int most = Server.IdleConnectionsMax;
        if (most == 0 || Server.IsRetired || connection.IsOver)
        {
            connection.Link.Close();
            return;
        }

        _bound ??= new IdleConnections(Server, loop, counters);
        bond.Add(connection);
        while (_bound.Count >= Math.Max(1, most / 2))
        {
            _bound.CloseColdest();
        }

        if (IdleCount >= most && _idle.Count > 0)
        {
            _idle.CloseColdest();
        }

        _bound.Add(connection);
    }

    /// <summary>The client whose it was is gone, or has another.</summary>
    public void CloseBound(UpstreamConnection connection) => _bound!.Close(connection);

    /// <summary>
    /// Closes every idle connection; used when the server leaves the configuration and when the loop drains.
    /// </summary>
    public void CloseIdle()
    {
        if (Server.IsHttp2)
        {
            Server.MultiplexOf(loop).Leave();
        }

        _idle.CloseAll();
        _bound?.CloseAll();
    }

    private UpstreamConnection OfStream(ByteLink stream, bool isReused)
    {
        UpstreamConnection connection = _spares.TryPop(out UpstreamConnection? spare)
            ? spare
            : new UpstreamConnection(this);
        connection.Link = stream;
        connection.IsReused = isReused;
        return connection;
    }
}
