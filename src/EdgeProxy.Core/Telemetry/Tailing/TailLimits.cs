using System;

namespace EdgeProxy.Telemetry.Tailing;

/// <summary>Bounds of looking at requests as they go by.</summary>
internal static class TailLimits
{
    /// <summary>Viewers at once; each is told every request its filter lets pass.</summary>
    public const int ViewersMax = 4;

    /// <summary>Bytes of lines that wait for one viewer; over it lines are dropped and counted.</summary>
    public const int WaitingBytesMax = 1024 * 1024;

    /// <summary>Longest name a viewer gives itself.</summary>
    public const int ViewerCharsMax = 64;

    /// <summary>A viewer who does not ask for so long has left.</summary>
    public static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(10);

    /// <summary>Longest duration a filter may ask for.</summary>
    public static readonly TimeSpan DurationMax = TimeSpan.FromHours(1);
}
