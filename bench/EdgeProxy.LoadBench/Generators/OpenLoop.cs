using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>
/// Sends at a rate, whatever the answers do: arrivals are a Poisson process with a fixed seed, the same for each proxy.
/// A latency counts from the moment the schedule wanted the request sent to the last byte of its answer, so a proxy
/// that stalls is charged for every request it kept waiting (no coordinated omission). A request that finds no free
/// connection waits in the schedule's queue, and that wait counts, too.
/// </summary>
internal sealed class OpenLoop(int port, ProbeRequest request, ProbeAnswer expected) : IDisposable
{
    private const int Seed = 20_411;
    private const long GraceNs = 2_000_000_000;
    private const long LongestWaitNs = 20_000_000;

    private readonly EventLoop _loop = new();
    private readonly Dictionary<int, ClientConnection> _connections = [];
    private readonly Stack<ClientConnection> _idle = new();
    private readonly Queue<long> _due = new(65_536);
    private readonly Histogram _latency = new();
    private readonly Histogram _later = new();
    private readonly Random _random = new(Seed);
    private readonly byte[] _scratch = new byte[64 * 1024];
    private long _errors;
    private long _laterErrors;
    private long _splitNs = long.MaxValue;

    /// <summary>Who fails is replaced, so that the load stays; without it an error is a connection less.</summary>
    private bool _isReplacing;

    /// <summary>
    /// As below, for a run in which something happens: what was due so many seconds after its begin, or later,
    /// is told apart, and a connection that failed is replaced.
    /// </summary>
    /// <param name="onSplit">Runs at that time, elsewhere.</param>
    public static async Task<(OpenLoopResult Before, OpenLoopResult After)> RunSplitAsync(
        RunningPeer peer, ProbeRequest request, int connections, double ratePerSecond,
        (double SplitSeconds, double Seconds) lengths, ulong cores, Action onSplit)
    {
        using var loop = new OpenLoop(peer.Port, request, peer.Answer);
        loop._isReplacing = true;
        loop._splitNs = EventLoop.NowNs + (long)(lengths.SplitSeconds * 1e9);
        Task<OpenLoopResult> run = OwnThread.RunAsync(
            () => loop.Run(connections, ratePerSecond, lengths.Seconds), cores);
        await Task.Delay(TimeSpan.FromSeconds(lengths.SplitSeconds));
        onSplit();
        OpenLoopResult whole = await run;
        return (
            new OpenLoopResult(loop._latency, loop._latency.Count, loop._errors, 0, whole.Seconds, loop._latency.Count),
            new OpenLoopResult(
                loop._later, loop._later.Count, loop._laterErrors, whole.Unanswered, whole.Seconds, loop._later.Count));
    }

    /// <summary>Runs on a thread of its own on the generator's cores.</summary>
    public static Task<OpenLoopResult> RunAsync(
        RunningPeer peer, ProbeRequest request, int connections, double ratePerSecond, double seconds, ulong cores)
    {
        return OwnThread.RunAsync(
            () =>
            {
                using var loop = new OpenLoop(peer.Port, request, peer.Answer);
                return loop.Run(connections, ratePerSecond, seconds);
            },
            cores);
    }

    public void Dispose()
    {
        foreach (ClientConnection connection in _connections.Values)
        {
            connection.Dispose();
        }

        _loop.Dispose();
    }

    private OpenLoopResult Run(int connections, double ratePerSecond, double seconds)
    {
        LibC.Control(LibC.SetTimerSlack, 1);
        for (int i = 0; i < connections; i++)
        {
            Open();
        }

        return Measure(1e9 / ratePerSecond, (long)(seconds * 1e9));
    }

    private void Open()
    {
        var connection = new ClientConnection(port);
        _connections[connection.Fd] = connection;
        _loop.Add(connection.Fd);
        _idle.Push(connection);
    }

    private OpenLoopResult Measure(double gapNs, long lengthNs)
    {
        long start = EventLoop.NowNs;
        long end = start + lengthNs;
        long next = start + Gap(gapNs);
        while (true)
        {
            long now = EventLoop.NowNs;
            for (; next <= now && next < end; next += Gap(gapNs))
            {
                _due.Enqueue(next);
            }

            SendDue();
            bool isDone = next >= end && _due.Count == 0 && CountBusy() == 0;
            if (isDone || now > end + GraceNs || _connections.Count == 0)
            {
                break;
            }

            // With a queue, only an answer can help; without one, the next request is due at its time.
            long wait = _due.Count > 0 || next >= end ? LongestWaitNs : next - now;
            int ready = _loop.Wait(wait);
            for (int i = 0; i < ready; i++)
            {
                Read(_connections[_loop.ReadyFd(i)]);
            }
        }

        long unanswered = _due.Count + CountBusy();
        return new OpenLoopResult(_latency, _latency.Count, _errors, unanswered, lengthNs / 1e9, _latency.Count);
    }

    private int CountBusy()
    {
        int count = 0;
        foreach (ClientConnection connection in _connections.Values)
        {
            count += connection.IsBusy ? 1 : 0;
        }

        return count;
    }

    private long Gap(double meanNs) => (long)(-Math.Log(1 - _random.NextDouble()) * meanNs);

    private void SendDue()
    {
        while (_due.Count > 0 && _idle.TryPop(out ClientConnection? connection))
        {
            if (connection.IsClosed)
            {
                continue; // its place was taken
            }

            connection.IntendedNs = _due.Dequeue();
            connection.Have = 0;
            connection.IsBusy = true;
            if (!connection.Send(request.Bytes))
            {
                Drop(connection);
            }
        }
    }

    private void Read(ClientConnection connection)
    {
        int read = OriginConnection.Receive(connection.Fd, _scratch);
        if (read == -LibC.ErrnoAgain)
        {
            return;
        }

        bool isGood = read > 0 && connection.Have + read <= expected.TotalBytes
            && (connection.Have > 0 || _scratch.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8));
        if (!isGood)
        {
            Drop(connection);
            return;
        }

        connection.Have += read;
        if (connection.Have == expected.TotalBytes)
        {
            (connection.IntendedNs < _splitNs ? _latency : _later).Add(EventLoop.NowNs - connection.IntendedNs);
            connection.IsBusy = false;
            _idle.Push(connection);
        }
    }

    private void Drop(ClientConnection connection)
    {
        if (connection.IsBusy || !_isReplacing)
        {
            _errors += connection.IntendedNs < _splitNs ? 1 : 0;
            _laterErrors += connection.IntendedNs < _splitNs ? 0 : 1;
        }

        _connections.Remove(connection.Fd);
        connection.Dispose();
        if (_isReplacing)
        {
            Open();
        }
    }
}
