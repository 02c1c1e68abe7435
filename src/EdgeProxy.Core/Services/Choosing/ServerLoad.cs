using System;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// What one loop knows of one server. Written by that loop only, without locks; the count in flight may be read by any
/// thread. Lives as long as the server, so reloads that keep the server keep it.
/// </summary>
internal sealed class ServerLoad
{
    /// <summary>
    /// An answer's time has lost two thirds of its say after this long. Finagle takes 10 s; here a single slow answer
    /// (a first connection, a pause) would then keep a fast server from being asked for half a minute.
    /// </summary>
    public const int MemoryMs = 2_000;

    // No cost is below this: the loop's clock counts whole milliseconds.
    private const double TimeMsMin = 1;

    private Figures _figures;

    /// <summary>Exchanges of this loop at the server now.</summary>
    public int InFlight => Volatile.Read(ref _figures.InFlight);

    /// <summary>
    /// What it is owed in the smooth rotation (<see cref="SmoothRotation"/>); only differences between servers count.
    /// </summary>
    public ref long Credit => ref _figures.Credit;

    /// <summary>Cost in the choice under way; of no meaning between two choices.</summary>
    public ref double Cost => ref _figures.Cost;

    public bool IsMeasured => _figures.IsMeasured;

    public void Enter() => Volatile.Write(ref _figures.InFlight, _figures.InFlight + 1);

    public void Leave() => Volatile.Write(ref _figures.InFlight, _figures.InFlight - 1);

    /// <summary>
    /// How long an answer takes to begin, in milliseconds: a peak is believed at once and forgotten slowly, also by a
    /// server that is not asked any more, so that it gets another chance.
    /// </summary>
    public double TimeMs(long nowMs) => Math.Max(TimeMsMin, _figures.TimeMs * Fading(nowMs));

    /// <summary>An answer began, or its absence was noticed, after so long.</summary>
    public void NoteTime(long elapsedMs, long nowMs)
    {
        double fading = Fading(nowMs);
        _figures.TimeMs = !_figures.IsMeasured || elapsedMs > _figures.TimeMs * fading
            ? elapsedMs
            : (_figures.TimeMs * fading) + (elapsedMs * (1 - fading));
        _figures.TimeAtMs = nowMs;
        _figures.IsMeasured = true;
    }

    /// <summary>One more request in a window of time, by its number.</summary>
    public void Count(long window, bool isFault)
    {
        if (_figures.Window != window)
        {
            _figures.Requests = 0;
            _figures.Faults = 0;
            Volatile.Write(ref _figures.Window, window);
        }

        _figures.Requests++;
        _figures.Faults += isFault ? 1 : 0;
    }

    /// <summary>A request that was counted as good in a window is a fault; a window that is over is left.</summary>
    public void CountCut(long window, long windowNow)
    {
        if (_figures.Window == window)
        {
            _figures.Faults++;
        }
        else
        {
            Count(windowNow, isFault: true);
        }
    }

    /// <summary>What this loop counted in a window; any thread, a moment late.</summary>
    public (int Requests, int Faults) Counted(long window) =>
        Volatile.Read(ref _figures.Window) == window ? (_figures.Requests, _figures.Faults) : (0, 0);

    private double Fading(long nowMs)
    {
        long ageMs = nowMs - _figures.TimeAtMs;
        return ageMs <= 0 ? 1 : Math.Exp(-(double)ageMs / MemoryMs);
    }

    // Two cache lines, so that the loads of two loops, which may lie side by side, never share one.
    [StructLayout(LayoutKind.Sequential, Size = 128)]
    private struct Figures
    {
        public int InFlight;
        public bool IsMeasured;
        public long Credit;
        public double Cost;
        public double TimeMs;
        public long TimeAtMs;
        public long Window;
        public int Requests;
        public int Faults;
    }
}
