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
}
