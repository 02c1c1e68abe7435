using System;

namespace EdgeProxy.Services;

/// <summary>How many requests each server of a service gets at a time, and how long others wait.</summary>
internal sealed record CapacitySettings
{
    /// <summary>Requests at one server at a time, over all loops; each has its connection. 1 to 65536.</summary>
    public required int RequestsMax { get; init; }

    /// <summary>Requests that may wait, per loop. Default 1000; 0: none may.</summary>
    public int QueueMax { get; init; } = CapacityLimits.QueueDefault;

    /// <summary>Longest wait. Default 5 s. Over it: 503.</summary>
    public TimeSpan QueueTimeout { get; init; } = CapacityLimits.QueueTimeoutDefault;
}

/// <summary>Named limits and defaults of capacity.</summary>
internal static class CapacityLimits
{
    public static readonly TimeSpan QueueTimeoutDefault = TimeSpan.FromSeconds(5);
    public static readonly TimeSpan QueueTimeoutMin = TimeSpan.FromMilliseconds(10);
    public static readonly TimeSpan QueueTimeoutMax = TimeSpan.FromMinutes(10);
    public const int RequestsMax = 65_536;
    public const int QueueDefault = 1_000;
    public const int QueueMax = 100_000;
}
