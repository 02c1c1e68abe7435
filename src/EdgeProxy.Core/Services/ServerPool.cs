using System.Collections.Generic;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Services;

/// <summary>
/// The idle connections one loop keeps to one server, last in first out: the warmest is used again, the coldest ages at
/// the
/// bottom and is closed. On a miss the loop connects; it never takes from another loop (ADR-0031). Where connections
/// say whose they are (PROXY protocol), only the same client's is used again.
/// </summary>
internal sealed class ServerPool : ILinkOwner, ITimerOwner
{
    // Of streams: they say nothing but which one, and are used again.
    private const int SparesMax = 256;

    private readonly List<UpstreamConnection> _idle = [];
    private readonly Stack<UpstreamConnection> _spares = [];
    private readonly EpollLoop _loop;
    private readonly LoopCounters _counters;
    private readonly TimerNode _timer;

    public ServerPool(Server server, EpollLoop loop, LoopCounters counters)
    {
        Server = server;
        _loop = loop;
        _counters = counters;
        _timer = new TimerNode(this);
    }

    public Server Server { get; }

    public int IdleCount => _idle.Count;

    /// <summary>
    /// The most recently used connection that is still open, now with this owner, else null. One that ended, or has
    /// bytes nobody asked for, is closed here (RFC 9112 section 9.3: an unsolicited answer would be served to the wrong
    /// request).
    /// </summary>
    public UpstreamConnection? Take(ILinkOwner owner, in ConnectionEnds client = default)
    {
        if (Server.IsHttp2)
        {
            return Server.MultiplexOf(_loop).TryOpen(owner) is { } stream ? OfStream(stream, isReused: true) : null;
        }

        for (int i = _idle.Count - 1; i >= 0; i--)
        {
            UpstreamConnection connection = _idle[i];
            if (Server.ProxyVersion != ProxyVersion.None && connection.Client != client)
            {
                continue;
            }

            _idle.RemoveAt(i);
            if (!connection.Link.HasEnded && !connection.Link.HasUnread() && !connection.Link.IsBroken)
            {
                connection.IsReused = true;
                connection.Link.Owner = owner;
                return connection;
            }

            Discard(connection);
        }

        return null;
    }

    /// <summary>
    /// A new connection under way; its link tells <paramref name="owner"/> when it is there or broken.
    /// </summary>
    public UpstreamConnection Connect(
        System.Net.IPEndPoint address, ILinkOwner owner, in ConnectionEnds client = default)
    {
        ByteLink link = Server.Connect(_loop, address, owner, out bool isNew, client);
        if (isNew)
        {
            _counters.Add(Counter.UpstreamConnects);
        }

        return Server.IsHttp2
            ? OfStream(link, isReused: false)
            : new UpstreamConnection(this) { Link = link, Client = client };
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

    /// <summary>
    /// Keeps a connection for the next exchange. The caller MUST have proven the message boundary: the answer ended by
    /// its own
    /// framing, nothing was read past it, the whole request was sent.
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

        bool isOver = Server.IsRetired || connection.Link.HasEnded || connection.Link.HasUnread()
            || connection.Link.IsBroken;
        if (!isOver && Server.ProxyVersion != ProxyVersion.None && _idle.Count > 0
            && _idle.Count >= Server.IdleConnectionsMax)
        {
            // The coldest is of a client that is gone, most likely; nobody else can use it.
            _idle[0].Link.Close();
            _idle.RemoveAt(0);
            _counters.Add(Counter.UpstreamIdleClosed);
        }

        if (isOver || _idle.Count >= Server.IdleConnectionsMax)
        {
            connection.Link.Close();
            return;
        }

        connection.Link.Owner = this;
        connection.IdleSinceMs = _loop.NowMs;
        _idle.Add(connection);
        if (_idle.Count == 1)
        {
            _loop.Timers.Arm(_timer, _loop.NowMs + Server.IdleTimeoutMs);
        }
    }

    /// <summary>
    /// Closes every idle connection; used when the server leaves the configuration and when the loop drains.
    /// </summary>
    public void CloseIdle()
    {
        if (Server.IsHttp2)
        {
            Server.MultiplexOf(_loop).Leave();
        }

        foreach (UpstreamConnection connection in _idle)
        {
            connection.Link.Close();
        }

        _idle.Clear();
        _loop.Timers.Disarm(_timer);
    }

    public void OnLinkReady(ByteLink link)
    {
        // A writable edge says nothing, nor does what TLS has to say of its own; an end or unasked bytes end the
        // connection.
        if (!link.HasEnded && !link.HasUnread() && !link.IsBroken)
        {
            return;
        }

        // By hand: a delegate that knows the link would be made at every edge, also of those that say nothing.
        int index = _idle.Count - 1;
        while (index >= 0 && !ReferenceEquals(_idle[index].Link, link))
        {
            index--;
        }

        if (index >= 0)
        {
            UpstreamConnection connection = _idle[index];
            _idle.RemoveAt(index);
            Discard(connection);
        }
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        // The bottom of the stack is the coldest: close from there while it is too old.
        int expired = 0;
        while (expired < _idle.Count && _idle[expired].IdleSinceMs + Server.IdleTimeoutMs <= nowMs)
        {
            _idle[expired].Link.Close();
            expired++;
        }

        _idle.RemoveRange(0, expired);
        _counters.Add(Counter.UpstreamIdleClosed, expired);
        if (_idle.Count > 0)
        {
            _loop.Timers.Arm(_timer, _idle[0].IdleSinceMs + Server.IdleTimeoutMs);
        }
    }

    private void Discard(UpstreamConnection connection)
    {
        _counters.Add(Counter.UpstreamStale);
        connection.Link.Close();
    }
}
