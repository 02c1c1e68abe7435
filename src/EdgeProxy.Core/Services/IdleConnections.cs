using System.Collections.Generic;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Services;

/// <summary>
/// Connections to one server that nobody uses, the coldest first: one that ends, or says what nobody asked, is closed,
/// and so is one that nobody used for as long as the server's settings say. Lives on one loop.
/// </summary>
internal sealed class IdleConnections : ILinkOwner, ITimerOwner
{
    private readonly List<UpstreamConnection> _list = [];
    private readonly Server _server;
    private readonly EpollLoop _loop;
    private readonly LoopCounters _counters;
    private readonly TimerNode _timer;

    public IdleConnections(Server server, EpollLoop loop, LoopCounters counters)
    {
        _server = server;
        _loop = loop;
        _counters = counters;
        _timer = new TimerNode(this);
    }

    /// <summary>Any thread, a moment late.</summary>
    public int Count => _list.Count;

    public UpstreamConnection this[int place] => _list[place];

    public void Add(UpstreamConnection connection)
    {
        connection.Link.Owner = this;
        connection.IdleSinceMs = _loop.NowMs;
        _list.Add(connection);
        if (_list.Count == 1)
        {
            _loop.Timers.Arm(_timer, _loop.NowMs + _server.IdleTimeoutMs);
        }
    }

    /// <summary>
    /// Takes the one at a place for an owner; null, and it is closed, if it ended or has bytes nobody asked for
    /// (RFC 9112 section 9.3: an unsolicited answer would be served to the wrong request).
    /// </summary>
    public UpstreamConnection? Take(int place, ILinkOwner owner)
    {
        UpstreamConnection connection = Remove(place);
        if (!connection.IsOver)
        {
            connection.IsReused = true;
            connection.Link.Owner = owner;
            return connection;
        }

        Discard(connection);
        return null;
    }

    /// <summary>As above, by the connection; null if it is not here.</summary>
    public UpstreamConnection? Take(UpstreamConnection connection, ILinkOwner owner) =>
        PlaceOf(connection.Link) is >= 0 and var place ? Take(place, owner) : null;

    /// <summary>Makes room; there is one.</summary>
    public void CloseColdest()
    {
        Remove(0).Link.Close();
        _counters.Add(Counter.UpstreamIdleClosed);
    }

    public void Close(UpstreamConnection connection)
    {
        if (PlaceOf(connection.Link) is >= 0 and var place)
        {
            Remove(place).Link.Close();
            _counters.Add(Counter.UpstreamIdleClosed);
        }
    }

    public void CloseAll()
    {
        while (_list.Count > 0)
        {
            Remove(_list.Count - 1).Link.Close();
        }

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

        if (PlaceOf(link) is >= 0 and var place)
        {
            Discard(Remove(place));
        }
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        int expired = 0;
        while (expired < _list.Count && _list[expired].IdleSinceMs + _server.IdleTimeoutMs <= nowMs)
        {
            _list[expired].LeaveBond();
            _list[expired].Link.Close();
            expired++;
        }

        _list.RemoveRange(0, expired);
        _counters.Add(Counter.UpstreamIdleClosed, expired);
        if (_list.Count > 0)
        {
            _loop.Timers.Arm(_timer, _list[0].IdleSinceMs + _server.IdleTimeoutMs);
        }
    }

    // By hand: a delegate that knows the link would be made at every edge, also of those that say nothing.
    private int PlaceOf(ByteLink link)
    {
        int place = _list.Count - 1;
        while (place >= 0 && !ReferenceEquals(_list[place].Link, link))
        {
            place--;
        }

        return place;
    }

    private UpstreamConnection Remove(int place)
    {
        UpstreamConnection connection = _list[place];
        _list.RemoveAt(place);
        connection.LeaveBond();
        return connection;
    }

    private void Discard(UpstreamConnection connection)
    {
        _counters.Add(Counter.UpstreamStale);
        connection.Link.Close();
    }
}
