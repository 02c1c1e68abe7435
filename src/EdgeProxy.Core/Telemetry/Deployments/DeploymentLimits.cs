using System;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>Bounds of what is kept of deployments.</summary>
internal static class DeploymentLimits
{
    /// <summary>Each becomes a series of a gauge.</summary>
    public const int PerService = 20;

    public const int All = 200;

    /// <summary>Longest payload of POST /api/v1/deployments; GitHub's are some 10 KiB.</summary>
    public const int PayloadBytesMax = 64 * 1024;

    public const int TextCharsMax = 256;

    public const int UrlCharsMax = 2048;

    /// <summary>Looks at the counts within the window before a deployment.</summary>
    public const int EffectLooks = 20;

    /// <summary>How long before and after a deployment errors and durations are compared.</summary>
    public static readonly TimeSpan EffectWindow = TimeSpan.FromMinutes(5);

    /// <summary>Longest version a server's answer may tell.</summary>
    public const int SeenBytesMax = 64;

    /// <summary>Servers of a service whose versions are remembered.</summary>
    public const int SeenServersMax = 1024;

    /// <summary>Versions seen in answers that are marked within the window; more are counted only.</summary>
    public const int SeenPerWindow = 20;

    public static readonly TimeSpan SeenWindow = TimeSpan.FromHours(1);
}
