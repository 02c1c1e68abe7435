using System.Threading;

namespace EdgeProxy.Telemetry.Tailing;

/// <summary>Somebody who looks, and what waits for them.</summary>
internal sealed class TailViewer(string name)
{
    private readonly Lock _lock = new();
    private readonly LineBuffer _waiting = new();
    private TailFilter _filter = new();
    private long _askedAt;
    private long _dropped;

    public string Name => name;

    public TailFilter Filter
    {
        get => Volatile.Read(ref _filter);
        set => Volatile.Write(ref _filter, value);
    }

    /// <summary>When it asked last, a timestamp.</summary>
    public long AskedAt
    {
        get => Volatile.Read(ref _askedAt);
        set => Volatile.Write(ref _askedAt, value);
    }

    /// <summary>No line more until it asks.</summary>
    public bool IsFull
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Length >= TailLimits.WaitingBytesMax;
            }
        }
    }

    public void Put(System.ReadOnlySpan<byte> line)
    {
        lock (_lock)
        {
            _waiting.Add(line);
        }
    }

    public void Drop() => Interlocked.Increment(ref _dropped);

    /// <summary>What waited, and how many lines were dropped since the last call.</summary>
    public (byte[] Lines, long Dropped) Take()
    {
        lock (_lock)
        {
            byte[] lines = _waiting.Written.ToArray();
            _waiting.Truncate(0);
            return (lines, Interlocked.Exchange(ref _dropped, 0));
        }
    }
}
