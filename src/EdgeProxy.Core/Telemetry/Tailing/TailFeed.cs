using System;
using System.Threading;

namespace EdgeProxy.Telemetry.Tailing;

/// <summary>
/// Requests as they end, for whoever looks: each viewer asks again and again and gets the lines since it asked last.
/// They wait within a bound; loops only learn that somebody looks.
/// </summary>
internal sealed class TailFeed(TimeProvider time) : IRecordSink
{
    // Query values are redacted, and no request fields are told: who looks may be anybody on the machine.
    private readonly AccessLogLine _format = new(new AccessLogSettings { Dropped = new(["headers"]) });
    private readonly LineBuffer _line = new();
    private readonly Lock _lock = new();
    private TailViewer[] _viewers = [];

    public RecordUse Use => RecordUse.Tail;

    /// <summary>Hears that the first viewer came (true), that the last left (false).</summary>
    public Action<bool>? OnWatched { get; set; }

    /// <summary>
    /// A viewer's lines since it asked last, JSON objects, each with its line feed, and how many were dropped
    /// meanwhile; null if there are too many viewers. The first call makes the viewer known. Any thread.
    /// </summary>
    public (byte[] Lines, long Dropped)? Read(string name, TailFilter filter)
    {
        TailViewer viewer;
        lock (_lock)
        {
            TailViewer? known = Array.Find(_viewers, one => one.Name == name);
            if (known is null)
            {
                if (_viewers.Length == TailLimits.ViewersMax)
                {
                    return null;
                }

                known = new TailViewer(name);
                Volatile.Write(ref _viewers, [.. _viewers, known]);
                if (_viewers.Length == 1)
                {
                    OnWatched?.Invoke(true);
                }
            }

            viewer = known;
            viewer.Filter = filter;
            viewer.AskedAt = time.GetTimestamp();
        }

        return viewer.Take();
    }

    public void Take(in RecordView view, long startedUnixUs)
    {
        _line.Truncate(0);
        foreach (TailViewer viewer in Volatile.Read(ref _viewers))
        {
            if (!viewer.Filter.Lets(view.Record))
            {
                continue;
            }

            if (viewer.IsFull)
            {
                viewer.Drop();
                continue;
            }

            if (_line.Length == 0)
            {
                _format.Write(_line, view, startedUnixUs);
            }

            viewer.Put(_line.Written);
        }
    }

    /// <summary>Forgets viewers who left.</summary>
    public void Flush()
    {
        TailViewer[] viewers = Volatile.Read(ref _viewers);
        if (viewers.Length > 0 && Array.Exists(viewers, HasLeft))
        {
            lock (_lock)
            {
                Volatile.Write(ref _viewers, Array.FindAll(_viewers, one => !HasLeft(one)));
                if (_viewers.Length == 0)
                {
                    OnWatched?.Invoke(false);
                }
            }
        }
    }

    private bool HasLeft(TailViewer viewer) => time.GetElapsedTime(viewer.AskedAt) > TailLimits.IdleTime;
}
