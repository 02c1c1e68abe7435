using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>Clients that hold event streams open and see how long after its time each event comes.</summary>
internal sealed class StreamReaders(int port, ProbeRequest request) : IDisposable
{
    // Until every stream is open the events are not spread as they will be.
    private const long SettleNs = 200_000_000;

    // How long the last events of the run may take.
    private const long GraceNs = 5_000_000_000;
    private const long LongestWaitNs = 50_000_000;

    private readonly EventLoop _loop = new();
    private readonly Dictionary<int, ClientConnection> _connections = [];
    private readonly Histogram _delay = new();
    private readonly byte[] _scratch = new byte[64 * 1024];
    private long _errors;
    private long _seen;
    private long _startNs;
    private long _endNs;

    public static Task<OpenLoopResult> RunAsync(
        int port, ProbeRequest request, int streams, double seconds, ulong cores) =>
        OwnThread.RunAsync(
            () =>
            {
                using var readers = new StreamReaders(port, request);
                return readers.Run(streams, seconds);
            },
            cores);

    public void Dispose()
    {
        foreach (ClientConnection connection in _connections.Values)
        {
            connection.Dispose();
        }

        _loop.Dispose();
    }

    private OpenLoopResult Run(int streams, double seconds)
    {
        for (int i = 0; i < streams; i++)
        {
            var connection = new ClientConnection(port);
            _connections[connection.Fd] = connection;
            _loop.Add(connection.Fd);
            _errors += connection.Send(request.Bytes) ? 0 : 1;
        }

        _startNs = EventLoop.NowNs + SettleNs;
        _endNs = _startNs + (long)(seconds * 1e9);
        long expected = (long)(seconds * LoopOrigin.EventsPerSecond) - 1; // the run may begin between two
        for (long now = EventLoop.NowNs; IsWaiting(now, expected); now = EventLoop.NowNs)
        {
            int ready = _loop.Wait(LongestWaitNs);
            for (int i = 0; i < ready; i++)
            {
                Read(_connections[_loop.ReadyFd(i)]);
            }
        }

        return new OpenLoopResult(_delay, _delay.Count, _errors, 0, seconds, _seen);
    }

    private bool IsWaiting(long now, long expected) =>
        now < _endNs || (now < _endNs + GraceNs && _delay.Count < expected && _connections.Count > 0);

    private void Read(ClientConnection connection)
    {
        int read = OriginConnection.Receive(connection.Fd, _scratch);
        if (read == -LibC.ErrnoAgain)
        {
            return;
        }

        if (read <= 0)
        {
            _errors++;
            _connections.Remove(connection.Fd);
            connection.Dispose();
            return;
        }

        long now = EventLoop.NowNs;
        ReadOnlySpan<byte> bytes = _scratch.AsSpan(0, read);
        while (StreamedEvent.TryTake(ref bytes, out long dueNs))
        {
            _seen++;
            // The run is the events due in it, so that late ones count, however late.
            if (dueNs >= _startNs && dueNs < _endNs)
            {
                _delay.Add(now - dueNs);
            }
        }
    }
}
