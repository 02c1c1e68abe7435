using System;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>[telemetry.grafana]</summary>
/// <param name="Url">Where Grafana is, without /api.</param>
/// <param name="Token">Of a service account that may write annotations.</param>
/// <param name="CaPem">PEM of those who sign its certificate; empty: whom the system trusts.</param>
internal sealed record GrafanaSettings(Uri Url, string Token, string CaPem)
{
    /// <summary>Longest wait for an answer.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(10);

    /// <summary>Annotations that wait; of more the oldest are dropped and counted.</summary>
    public const int WaitingMax = 64;

    /// <summary>An annotation is given up after so long.</summary>
    public static readonly TimeSpan AgeMax = TimeSpan.FromHours(24);

    public const int TokenCharsMin = 8;

    public const int TokenCharsMax = 1024;

    // A record's ToString would tell the token.
    public override string ToString() => Url.ToString();
}
