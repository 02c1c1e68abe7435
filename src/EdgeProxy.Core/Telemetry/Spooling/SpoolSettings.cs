using System;

namespace EdgeProxy.Telemetry.Spooling;

/// <summary>[telemetry.spool]</summary>
internal sealed record SpoolSettings
{
    /// <summary>Empty: in memory.</summary>
    public string Directory { get; init; } = "";

    /// <summary>All that is kept, files' heads included.</summary>
    public long BytesMax { get; init; } = SpoolLimits.BytesDefault;

    /// <summary>What is older is dropped.</summary>
    public TimeSpan AgeMax { get; init; } = SpoolLimits.AgeDefault;

    /// <summary>The spool does not grow while less is free.</summary>
    public long FreeDiskMin { get; init; } = SpoolLimits.FreeDiskDefault;

    /// <summary>How long what was stored may be lost to a power cut; zero: every batch is synced.</summary>
    public TimeSpan FsyncInterval { get; init; } = SpoolLimits.FsyncDefault;

    /// <summary>Of compressed bytes, when a backlog is sent; 0: no limit.</summary>
    public long DrainBytesPerSecond { get; init; } = SpoolLimits.DrainDefault;
}

/// <summary>Bounds and defaults of the spool.</summary>
internal static class SpoolLimits
{
    public const long BytesDefault = 256L * 1024 * 1024;
    public const int BytesMin = 1024 * 1024;

    /// <summary>
    /// A segment that would grow beyond this is followed by another; what is dropped is whole segments.
    /// </summary>
    public const int SegmentBytes = 4 * 1024 * 1024;

    /// <summary>No segment is more than this share of all, so that dropping one leaves most.</summary>
    public const int SegmentsMin = 16;

    /// <summary>Longest compressed batch: a longer length is damage.</summary>
    public const int EntryBytesMax = 8 * 1024 * 1024;

    public const long FreeDiskDefault = 64L * 1024 * 1024;

    public const long DrainDefault = 1024 * 1024;

    public static readonly TimeSpan AgeDefault = TimeSpan.FromHours(24);

    public static readonly TimeSpan FsyncDefault = TimeSpan.FromSeconds(1);
}
