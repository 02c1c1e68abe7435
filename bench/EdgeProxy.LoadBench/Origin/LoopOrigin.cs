using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>
/// The server nginx cannot be: one thread that answers after 60 ms (<c>/slow</c>), takes bodies and says how long they
/// were (<c>/sink</c>), and streams events that carry the time they were due (<c>/events</c>).
/// </summary>
internal sealed class LoopOrigin : IDisposable
{
    public const int SlowBodyBytes = 1024;
    public const long SlowNs = 60_000_000;

    /// <summary>Events per second over all streams, evenly spaced, each on the next stream.</summary>
    public const int EventsPerSecond = 1000;

    private const long EventEveryNs = 1_000_000_000 / EventsPerSecond;
    private const long LongestWaitNs = 50_000_000;

    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly EventLoop _loop = new();
    private readonly Dictionary<int, OriginConnection> _connections = [];
    private readonly Queue<(long DueNs, OriginConnection Connection)> _slow = new();
    private readonly List<OriginConnection> _streams = [];
    private readonly byte[] _event = new byte[StreamedEvent.ChunkBytes];
    private readonly Thread _thread;
    private volatile bool _isEnding;
    private long _slowNs = SlowNs;
    private volatile int _streamCount;
    private int _nextStream;
    private long _nextEventNs;

    /// <param name="port">0 for a free one.</param>
    public LoopOrigin(ulong cores, int port = 0)
    {
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, port == 0 ? Ports.Free() : port));
        _listener.Listen(4096);
        _listener.Blocking = false;
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _thread = new Thread(() => Run(cores)) { IsBackground = true, Name = "origin" };
        _thread.Start();
    }

    public int Port { get; }

    /// <summary>How long an answer to <c>/slow</c> takes from now on.</summary>
    public TimeSpan Slowness
    {
        set => Volatile.Write(ref _slowNs, (long)value.TotalNanoseconds);
    }

    /// <summary>Waits until the streams of the last run are closed; some proxies take their time.</summary>
    public async Task NoStreamsAsync()
    {
        const int pollMs = 10;
        const int pollsMax = 500;
        for (int i = 0; i < pollsMax && _streamCount > 0; i++)
        {
            await Task.Delay(pollMs);
        }
    }

    public void Dispose()
    {
        _isEnding = true;
        _thread.Join();
        _listener.Dispose();
        _loop.Dispose();
    }

    private void Run(ulong cores)
    {
        Cores.PinThisThread(cores);
        LibC.Control(LibC.SetTimerSlack, 1);
        _loop.Add((int)_listener.Handle);
        while (!_isEnding)
        {
            int ready = _loop.Wait(NextDueNs() - EventLoop.NowNs);
            for (int i = 0; i < ready; i++)
            {
                OnReady(_loop.ReadyFd(i));
            }

            long now = EventLoop.NowNs;
            AnswerSlow(now);
            SendEvents(now);
            _streamCount = _streams.Count;
        }

        foreach (OriginConnection connection in _connections.Values)
        {
            connection.Dispose();
        }
    }

    private long NextDueNs()
    {
        long due = EventLoop.NowNs + LongestWaitNs;
        due = _slow.TryPeek(out (long DueNs, OriginConnection Connection) first) ? Math.Min(due, first.DueNs) : due;
        return _streams.Count > 0 ? Math.Min(due, _nextEventNs) : due;
    }

    private void OnReady(int fd)
    {
        if (fd == (int)_listener.Handle)
        {
            Accept();
        }
        else if (_connections.TryGetValue(fd, out OriginConnection? connection))
        {
            switch (connection.Read())
            {
                case OriginStep.AnswerLater:
                    _slow.Enqueue((EventLoop.NowNs + Volatile.Read(ref _slowNs), connection));
                    break;
                case OriginStep.Stream:
                    _nextEventNs = _streams.Count == 0 ? EventLoop.NowNs + EventEveryNs : _nextEventNs;
                    _streams.Add(connection);
                    break;
                case OriginStep.Closed:
                    Close(connection);
                    break;
                default:
                    break;
            }
        }
    }

    private void Accept()
    {
        while (true)
        {
            try
            {
                Socket socket = _listener.Accept();
                var connection = new OriginConnection(socket);
                _connections[connection.Fd] = connection;
                _loop.Add(connection.Fd);
            }
            catch (SocketException)
            {
                return; // none left, or it went away
            }
        }
    }

    private void AnswerSlow(long now)
    {
        while (_slow.TryPeek(out (long DueNs, OriginConnection Connection) first) && first.DueNs <= now)
        {
            _slow.Dequeue();
            if (!first.Connection.IsClosed)
            {
                first.Connection.AnswerSlow();
            }
        }
    }

    private void SendEvents(long now)
    {
        while (_streams.Count > 0 && _nextEventNs <= now)
        {
            _nextStream = (_nextStream + 1) % _streams.Count;
            StreamedEvent.WriteChunk(_event, _nextEventNs);
            OriginConnection stream = _streams[_nextStream];
            if (!stream.Send(_event))
            {
                Close(stream);
            }

            _nextEventNs += EventEveryNs;
        }
    }

    private void Close(OriginConnection connection)
    {
        _streams.Remove(connection);
        _connections.Remove(connection.Fd);
        connection.Dispose();
    }
}
