using System;
using System.Globalization;

namespace EdgeProxy.Primitives.Time;

/// <summary>The clock of one loop: read once per turn, asked as often as wanted. Not thread-safe.</summary>
internal sealed class CoarseClock
{
    /// <summary>"Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7, IMF-fixdate).</summary>
    public const int DateTextBytes = 29;

    private const int SecondMs = 1000;
    private const int SecondUs = 1_000_000;

    private readonly TimeProvider _time;
    private readonly long _ticksPerMs;
    private readonly long _ticksPerUs;
    private long _ticks;
    private readonly byte[] _dateText = new byte[DateTextBytes];
    private long _unixOffsetMs;
    private long _wallUntilMs;

    public CoarseClock(TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(time);
        _time = time;
        _ticksPerMs = Math.Max(1, time.TimestampFrequency / SecondMs);
        _ticksPerUs = Math.Max(1, time.TimestampFrequency / SecondUs);
        Refresh();
        _wallUntilMs = NowMs;
    }

    /// <summary>Monotonic milliseconds of the last <see cref="Refresh"/>; their zero means nothing.</summary>
    public long NowMs { get; private set; }

    /// <summary>Wall-clock milliseconds since 1970; a stepped clock shows within a second.</summary>
    public long UnixMs
    {
        get
        {
            RefreshWall();
            return _unixOffsetMs + NowMs;
        }
    }

    /// <summary>The value of a Date header, 29 bytes; valid until the next <see cref="Refresh"/>.</summary>
    public ReadOnlySpan<byte> DateText
    {
        get
        {
            RefreshWall();
            return _dateText;
        }
    }

    /// <summary>The same moment in microseconds.</summary>
    public long NowUs => _ticks / _ticksPerUs;

    /// <summary>Reads the clock itself: for the few times that a turn of the loop is too coarse for.</summary>
    public long ReadUs() => _time.GetTimestamp() / _ticksPerUs;

    public void Refresh()
    {
        _ticks = _time.GetTimestamp();
        NowMs = _ticks / _ticksPerMs;
    }

    // Once a second, when the second turns: formatting costs about 60 ns, a request must not pay it.
    private void RefreshWall()
    {
        if (NowMs < _wallUntilMs)
        {
            return;
        }

        DateTimeOffset now = _time.GetUtcNow();
        long unixMs = now.ToUnixTimeMilliseconds();
        _unixOffsetMs = unixMs - NowMs;
        _wallUntilMs = NowMs + SecondMs - (unixMs % SecondMs);
        now.TryFormat(_dateText, out _, "R", CultureInfo.InvariantCulture);
    }
}
