using System;

namespace EdgeProxy.Audit;

/// <summary>What bounds the audit chain, and the defaults of its settings.</summary>
internal static class AuditLimits
{
    /// <summary>Bytes of one record, all its fields at their limits included.</summary>
    public const int RecordBytesMax = 8 * 1024;

    /// <summary>What a loop may have noted and not yet made durable; a power of two.</summary>
    public const int RingBytes = 1024 * 1024;

    /// <summary>
    /// Longest the end of an answer waits for its record; then the client is cut off, and has no whole answer.
    /// </summary>
    public const long RecordWaitMaxMs = 10_000;

    /// <summary>Records the proxy itself adds (configuration, start) that may wait for a full disk.</summary>
    public const int OwnRecordsMax = 1024;

    public const int PathBytesMax = 2048;
    public const int QueryBytesMax = 1024;
    public const int NameBytesMax = 256;
    public const int MethodBytesMax = 32;
    /// <summary>PATH_MAX.</summary>
    public const int PathCharsMax = 4096;

    public const int RequestIdBytesMax = 128;
    public const int TextBytesMax = 2048;

    /// <summary>Bytes of all facts of one exchange; more are left out, and the record says so.</summary>
    public const int FactBytesMax = 2048;

    public const int FactNameBytesMax = 64;
    public const int FactValueBytesMax = 512;

    public const int SegmentBytesDefault = 16 * 1024 * 1024;
    public const int SegmentBytesMin = 64 * 1024;
    public const int SegmentBytesMax = 1024 * 1024 * 1024;
    public const int RetainBytesMin = 1024 * 1024;
    public const int RetainBytesMax = int.MaxValue;

    /// <summary>
    /// What was acknowledged within this time may be lost to a power cut, not to the process's death.
    /// </summary>
    public static readonly TimeSpan SyncIntervalDefault = TimeSpan.FromSeconds(1);

    public static readonly TimeSpan SyncIntervalMin = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan SyncIntervalMax = TimeSpan.FromMinutes(1);

    /// <summary>A record is under a signature after this time at the latest.</summary>
    public static readonly TimeSpan SegmentAgeDefault = TimeSpan.FromHours(1);

    public static readonly TimeSpan SegmentAgeMin = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan SegmentAgeMax = TimeSpan.FromDays(30);
    public static readonly TimeSpan RetainAgeMin = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan RetainAgeMax = TimeSpan.FromDays(3650);
}
