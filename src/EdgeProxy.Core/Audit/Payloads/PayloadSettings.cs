using System;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What is kept of the bodies of a router's exchanges, beside the chain.</summary>
internal enum PayloadMode : byte
{
    None,

    /// <summary>With what the detectors find masked.</summary>
    Redacted,

    /// <summary>Encrypted to a public key: this box cannot read them.</summary>
    Sealed,
}

/// <summary>What happens to requests whose payloads find no room.</summary>
internal enum PayloadsFull : byte
{
    /// <summary>They are served; their records say that payloads were dropped.</summary>
    Drop,

    /// <summary>They are answered with 503.</summary>
    Block,
}

/// <summary>[audit.payloads]</summary>
internal sealed record PayloadSettings
{
    /// <summary>PEM file of the P-256 public key that payloads are sealed to; null if none is.</summary>
    public string? PublicKeyFile { get; init; }

    /// <summary>Longest part of a request's or an answer's body that is kept; the rest is cut off.</summary>
    public int BodyBytes { get; init; } = PayloadLimits.BodyBytesDefault;

    /// <summary>What all exchanges under way, and those not on the disk yet, may hold.</summary>
    public int MemoryBytes { get; init; } = PayloadLimits.MemoryBytesDefault;

    /// <summary>The oldest files go while all together have more.</summary>
    public long RetainBytes { get; init; } = PayloadLimits.RetainBytesDefault;

    /// <summary>Files that were begun longer ago go; zero keeps all.</summary>
    public TimeSpan RetainAge { get; init; }

    /// <summary>Nothing is kept while less than this is free on the disk.</summary>
    public long FreeDiskMin { get; init; } = PayloadLimits.FreeDiskDefault;

    public PayloadsFull OnFull { get; init; }
}

/// <summary>What bounds payloads, and the defaults of their settings.</summary>
internal static class PayloadLimits
{
    public const int BodyBytesDefault = 64 * 1024;
    public const int BodyBytesMin = 256;
    public const int BodyBytesMax = 1024 * 1024;
    public const int MemoryBytesDefault = 8 * 1024 * 1024;
    public const int MemoryBytesMin = 256 * 1024;
    public const int MemoryBytesMax = 1024 * 1024 * 1024;
    public const int RetainBytesDefault = 256 * 1024 * 1024;
    public const int RetainBytesMin = 1024 * 1024;
    public const int FreeDiskDefault = 64 * 1024 * 1024;

    /// <summary>Bytes of an entry's body: both bodies, whatever masks and the seal add.</summary>
    public const int EntryBytesMax = 8 * 1024 * 1024;

    /// <summary>A file takes no more entries when it has so much, or an eighth of what all may have.</summary>
    public const int SegmentBytes = 16 * 1024 * 1024;

    /// <summary>JSON in a string of JSON, and so on, is looked into so deep.</summary>
    public const int NestingMax = 4;

    /// <summary>Longest path of a text in a stream; a stream that has a longer one is left out.</summary>
    public const int TextPathCharsMax = 1024;

    /// <summary>Erasures that may wait.</summary>
    public const int ErasuresMax = 16;

    /// <summary>
    /// Erasures that are begun and not at their end, for files that cannot be read; one more is not begun.
    /// </summary>
    public const int PendingErasuresMax = 64;

    /// <summary>A file takes no more entries after this time, so that age can remove it.</summary>
    public static readonly TimeSpan SegmentAge = TimeSpan.FromHours(1);

    /// <summary>The bytes of a file that take entries at most.</summary>
    public static long SegmentBytesOf(PayloadSettings settings) =>
        Math.Clamp(settings.RetainBytes / 8, 64 * 1024, SegmentBytes);
}
