using System;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>Something new runs from here on: a version of a service, or a configuration of the proxy itself.</summary>
internal sealed record Deployment
{
    /// <summary>The service of configurations of the proxy.</summary>
    public const string Proxy = "edgeproxy";

    public required string Service { get; init; }

    public required string Version { get; init; }

    /// <summary>The commit it was made of; empty if nobody said.</summary>
    public string Revision { get; init; } = "";

    public string Environment { get; init; } = "";

    /// <summary>Where to read about it.</summary>
    public string Url { get; init; } = "";

    /// <summary>succeeded or failed.</summary>
    public string Status { get; init; } = "succeeded";

    /// <summary>Who said so: config, api, cdevents, github, gitlab, header (an answer of a server).</summary>
    public required string Source { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary>Of the configuration in use when it was heard of.</summary>
    public string ConfigHash { get; init; } = "";
}
