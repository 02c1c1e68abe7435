using System;
using EdgeProxy.Audit.Payloads;

namespace EdgeProxy.Audit;

/// <summary>When a record counts as written.</summary>
internal enum AuditSync : byte
{
    /// <summary>In the page cache: safe from the death of the process; to the disk within the interval.</summary>
    Interval,

    /// <summary>On the disk; the end of an answer waits for it.</summary>
    Always,
}

/// <summary>What happens to audited requests while nothing can be recorded.</summary>
internal enum AuditFull : byte
{
    /// <summary>They are answered with 503.</summary>
    Block,

    /// <summary>They are served; what was not recorded is counted, and a record says how many.</summary>
    Gap,
}

/// <summary>How much of a query is recorded.</summary>
internal enum AuditQuery : byte
{
    /// <summary>Names, with each value replaced by an asterisk.</summary>
    Redacted,

    Full,

    None,
}

/// <summary>[audit]</summary>
internal sealed record AuditSettings
{
    /// <summary>Holds segments, rings, the key and a lock; one process at a time.</summary>
    public required string Directory { get; init; }

    public AuditSync Sync { get; init; }

    public TimeSpan SyncInterval { get; init; } = AuditLimits.SyncIntervalDefault;

    public AuditFull OnFull { get; init; }

    public AuditQuery Query { get; init; }

    public int SegmentBytes { get; init; } = AuditLimits.SegmentBytesDefault;

    public TimeSpan SegmentAge { get; init; } = AuditLimits.SegmentAgeDefault;

    /// <summary>Oldest segments go while all together have more; 0 keeps all.</summary>
    public long RetainBytes { get; init; }

    /// <summary>Segments closed longer ago go; zero keeps all.</summary>
    public TimeSpan RetainAge { get; init; }

    /// <summary>PEM file of a P-256 private key; null: key.pem in the directory, made if it is not there.</summary>
    public string? KeyFile { get; init; }

    /// <summary>Every router is audited unless it says otherwise.</summary>
    public bool AllRouters { get; init; }

    public PayloadSettings Payloads { get; init; } = new();
}
