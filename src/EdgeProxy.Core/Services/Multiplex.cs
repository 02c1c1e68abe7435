using System;
using System.Collections.Generic;
using System.Net;
using System.Threading;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;

namespace EdgeProxy.Services;

/// <summary>
/// The HTTP/2 connections of one loop to one server: as few as there is room for, and each exchange has a stream on one
/// of them. A connection nobody uses is ended as an idle one of HTTP/1.1 is.
/// </summary>
internal sealed class Multiplex : IHttp2Owner, ITimerOwner
{
    // After the last frame what still comes is let in for a while, so that it arrives.
    private const long LingerMs = 2_000;

    private readonly Server _server;
    private readonly EpollLoop _loop;
    private readonly List<Place> _places = [];
    private readonly TimerNode _timer;
    private int _streamsTold = Http2Limits.StreamsDefault;
    private int _quietCount;

    public Multiplex(Server server, EpollLoop loop)
    {
        _server = server;
        _loop = loop;
        _timer = new TimerNode(this);
    }

    /// <summary>Connections open, or on their way. Any thread, a moment late.</summary>
    public int ConnectionCount => _places.Count;

    /// <summary>Those of them without a stream. Any thread, a moment late.</summary>
    public int QuietCount => Volatile.Read(ref _quietCount);

    /// <summary>A stream on a connection that is there; null if none has room.</summary>
    public Http2Stream? TryOpen(ILinkOwner owner)
    {
        foreach (Place place in _places)
        {
            if (place.Connection.IsOpen && place.Connection.CanOpen)
            {
                return OpenOn(place, owner);
            }
        }

        return null;
    }

    /// <summary>A stream on a connection under way, or on a new one.</summary>
    public Http2Stream Open(IPEndPoint address, ILinkOwner owner, out bool isNew)
    {
        isNew = false;
        foreach (Place place in _places)
        {
            _streamsTold = place.Connection.HasBegun ? place.Connection.PeerStreamsMax : _streamsTold;
            if (place.Connection.CanOpen && (place.Connection.IsOpen || !IsOverdue(place)))
            {
                return OpenOn(place, owner);
            }
        }

        isNew = true;
        var added = new Place { SinceMs = _loop.NowMs };
        ByteLink link = _server.ConnectLink(_loop, address, added);

        // What the server said on one connection holds for the next until that says something else.
        var terms = new Http2Terms { IsServer = false, PeerStreamsMax = Math.Max(1, _streamsTold) };
        added.Connection = new Http2Connection(link, this, _loop.Streams, terms);
        _places.Add(added);
        Http2Stream stream = added.Connection.Open(owner);
        added.Connection.Start();
        return stream;
    }

    /// <summary>No more streams on the connections there are; those that are open finish.</summary>
    public void Leave()
    {
        foreach (Place place in _places)
        {
            place.Connection.Leave();
        }
    }

    public void OnStream(Http2Connection connection, Http2Stream stream)
    {
    }

    public void OnStreamEnded(Http2Connection connection)
    {
        CountQuiet();
        if (connection.AwaitsEnds)
        {
            Arm(_loop.NowMs + Http2Limits.EndAwaitedMs);
        }

        if (connection.StreamCount == 0 && PlaceOf(connection) is { } place)
        {
            place.QuietSinceMs = _loop.NowMs;
            if (_server.IsRetired || IdleCount() > _server.IdleConnectionsMax)
            {
                connection.Leave();
            }

            Arm(_loop.NowMs + _server.IdleTimeoutMs);
        }
    }

    public void OnTurn(Http2Connection connection)
    {
        if (connection.IsLingering && PlaceOf(connection) is { IsLingering: false } place)
        {
            place.IsLingering = true;
            place.QuietSinceMs = _loop.NowMs;
            Arm(_loop.NowMs + LingerMs);
        }
    }

    public void OnEnded(Http2Connection connection, Http2End end, Http2Error error)
    {
        if (PlaceOf(connection) is { } place)
        {
            _places.Remove(place);
        }

        CountQuiet();

        if (_places.Count == 0)
        {
            _loop.Timers.Disarm(_timer);
        }
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        long next = long.MaxValue;
        for (int i = _places.Count - 1; i >= 0; i--)
        {
            Place place = _places[i];
            next = long.Min(next, place.Connection.CancelAwaited(nowMs));
            if (place.Connection.StreamCount > 0)
            {
                continue;
            }

            bool isLeaving = place.IsLingering || place.HasLeft;
            long deadline = place.QuietSinceMs + (isLeaving ? LingerMs : _server.IdleTimeoutMs);
            if (deadline > nowMs)
            {
                next = long.Min(next, deadline);
            }
            else if (isLeaving)
            {
                place.Connection.Cut(Http2End.Asked);
            }
            else
            {
                // A server that reads nothing does not take the last frame either.
                place.HasLeft = true;
                place.QuietSinceMs = nowMs;
                next = long.Min(next, nowMs + LingerMs);
                place.Connection.Leave();
            }
        }

        if (next != long.MaxValue)
        {
            Arm(next);
        }
    }

    // An attempt that took as long as one may: who waits for it goes on waiting, and nobody joins them.
    private bool IsOverdue(Place place) => place.SinceMs + _server.ConnectTimeoutMs <= _loop.NowMs;

    private Http2Stream OpenOn(Place place, ILinkOwner owner)
    {
        Http2Stream stream = place.Connection.Open(owner);
        CountQuiet();
        return stream;
    }

    private void CountQuiet() => Volatile.Write(ref _quietCount, IdleCount());

    private int IdleCount()
    {
        int count = 0;
        foreach (Place place in _places)
        {
            count += place.Connection.StreamCount == 0 ? 1 : 0;
        }

        return count;
    }

    private void Arm(long deadlineMs)
    {
        if (deadlineMs < _timer.DeadlineMs)
        {
            _loop.Timers.Arm(_timer, deadlineMs);
        }
    }

    private Place? PlaceOf(Http2Connection connection)
    {
        foreach (Place place in _places)
        {
            if (ReferenceEquals(place.Connection, connection))
            {
                return place;
            }
        }

        return null;
    }

    /// <summary>One connection; the link's owner until the connection takes it over.</summary>
    private sealed class Place : ILinkOwner
    {
        public Http2Connection Connection { get; set; } = null!;

        /// <summary>When the attempt began.</summary>
        public long SinceMs { get; init; }

        public long QuietSinceMs { get; set; }

        public bool IsLingering { get; set; }

        /// <summary>It was told to leave, for nobody used it for so long.</summary>
        public bool HasLeft { get; set; }

        public void OnLinkReady(ByteLink link)
        {
        }
    }
}
