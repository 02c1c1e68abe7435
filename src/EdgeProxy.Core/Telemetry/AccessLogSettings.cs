using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Telemetry;

/// <summary>Where lines of the access log go.</summary>
internal enum AccessLogOutput : byte
{
    Stderr,
    File,

    /// <summary>To the collector, as log records.</summary>
    Otlp,
}

/// <summary>How a line looks.</summary>
internal enum AccessLogForm : byte
{
    /// <summary>A JSON object.</summary>
    Json,

    /// <summary>NCSA common log format, and what Traefik adds to it.</summary>
    Common,

    /// <summary>Common with Referer and User-Agent.</summary>
    Combined,
}

/// <summary>What is told of a value that may be a secret.</summary>
internal enum ValueTelling : byte
{
    Drop,

    /// <summary>That there is one.</summary>
    Redact,
    Keep,
}

/// <summary>A request field that is told.</summary>
internal readonly record struct LoggedField(FieldName Name, ValueTelling Telling);

/// <summary>[access_log]</summary>
internal sealed record AccessLogSettings
{
    public AccessLogOutput Output { get; init; }

    /// <summary>Absolute; empty unless lines go to one.</summary>
    public string File { get; init; } = "";

    public AccessLogForm Form { get; init; }

    /// <summary>Requests with these statuses are told; null: all are.</summary>
    public StatusSet? Statuses { get; init; }

    /// <summary>So are requests that take this long, in milliseconds; 0: that is no reason.</summary>
    public long MinDurationMs { get; init; }

    /// <summary>The share of the others that is told, of 2^32.</summary>
    public ulong OtherLots { get; init; } = 1UL << 32;

    public ValueTelling Query { get; init; } = ValueTelling.Redact;

    /// <summary>Request fields that are told; others are not.</summary>
    public Sequence<LoggedField> Fields { get; init; } = Sequence<LoggedField>.Empty;

    /// <summary>Names of a line's own members that are left out.</summary>
    public Sequence<string> Dropped { get; init; } = Sequence<string>.Empty;

    /// <summary>The file is replaced by a new one above this size; 0: not for that.</summary>
    public long RotateBytes { get; init; }

    /// <summary>Or at this age; zero: not for that.</summary>
    public TimeSpan RotateAfter { get; init; }

    /// <summary>Files kept beside the one in use.</summary>
    public int FilesKept { get; init; }

    /// <summary>Whether a request that ended so is told.</summary>
    /// <param name="lot">0 to 2^32 - 1.</param>
    public bool Tells(int status, long durationMs, uint lot) =>
        Statuses?.Contains(status) == true
        || (MinDurationMs > 0 && durationMs >= MinDurationMs)
        || lot < OtherLots;
}
