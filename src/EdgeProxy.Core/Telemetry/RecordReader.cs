using System;
using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Takes records on the reading thread. It MUST NOT wait: other sinks, and all loops' records, wait with it.
/// </summary>
internal interface IRecordSink
{
    /// <summary>The records it wants.</summary>
    RecordUse Use { get; }

    /// <param name="startedUnixUs">When the request started, in microseconds since 1970.</param>
    void Take(in RecordView view, long startedUnixUs);

    /// <summary>All rings were read for now.</summary>
    void Flush();
}

/// <summary>
/// Reads the loops' rings on a thread of its own and gives each record to whoever wants it. It looks ten times a
/// second, and at once when a ring fills.
/// </summary>
internal sealed class RecordReader : IDisposable
{
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly int _loopCount;
    private readonly TimeProvider _time;
    private readonly AutoResetEvent _wake = new(false);
    private readonly Lock _reading = new();
    private RequestRing[] _rings = [];
    private IRecordSink[] _sinks = [];
    private Thread? _thread;
    private volatile bool _isStopping;

    public RecordReader(int loopCount, TimeProvider time)
    {
        _time = time;
        _loopCount = loopCount;
    }

    /// <summary>Records lost because a ring was full.</summary>
    public long Dropped
    {
        get
        {
            long dropped = 0;
            foreach (RequestRing ring in Volatile.Read(ref _rings))
            {
                dropped += ring.Dropped;
            }

            return dropped;
        }
    }

    /// <summary>Others take over. What was recorded until now goes to those before.</summary>
    public void Use(IRecordSink[] sinks)
    {
        lock (_reading)
        {
            ReadAll();
            _sinks = sinks;
        }
    }

    /// <summary>Begins to read; the rings, by loop.</summary>
    public RequestRing[] Start()
    {
        if (_thread is null)
        {
            var rings = new RequestRing[_loopCount];
            for (int i = 0; i < rings.Length; i++)
            {
                rings[i] = new RequestRing(
                    TelemetryLimits.RingRecords, TelemetryLimits.RingTextBytes, () => _wake.Set());
            }

            Volatile.Write(ref _rings, rings);
            _thread = new Thread(Run) { IsBackground = true, Name = "records" };
            _thread.Start();
        }

        return _rings;
    }

    /// <summary>Everything that was published until now.</summary>
    public void ReadAll()
    {
        lock (_reading)
        {
            long microsecond = Math.Max(1, _time.TimestampFrequency / 1_000_000);
            long unixUs = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
            long offsetUs = unixUs - (_time.GetTimestamp() / microsecond);
            foreach (RequestRing ring in Volatile.Read(ref _rings))
            {
                while (ring.TryRead(out RecordView view))
                {
                    foreach (IRecordSink sink in _sinks)
                    {
                        if ((view.Record.Uses & sink.Use) != 0)
                        {
                            sink.Take(in view, view.Record.StartedUs + offsetUs);
                        }
                    }

                    ring.Release();
                }
            }

            foreach (IRecordSink sink in _sinks)
            {
                sink.Flush();
            }
        }
    }

    /// <summary>Reads what is left, and ends the thread.</summary>
    public void Dispose()
    {
        _isStopping = true;
        _wake.Set();
        if (_thread is null || _thread.Join(StopTimeout))
        {
            ReadAll();
            _wake.Dispose();
        }
    }

    private void Run()
    {
        while (!_isStopping)
        {
            ReadAll();
            _wake.WaitOne(TelemetryLimits.RingLook);
        }
    }
}
