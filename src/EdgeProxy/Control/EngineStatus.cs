using System;
using System.Collections.Generic;
using System.Net;

namespace EdgeProxy.Control;

/// <summary>The running process as the admin surface shows it.</summary>
internal sealed record EngineStatus
{
    public string Version { get; init; } = "";

    public string Commit { get; init; } = "";

    public DateTimeOffset StartedAt { get; init; }

    /// <summary>By entrypoint, where it is really bound.</summary>
    public IReadOnlyDictionary<string, IPEndPoint> Bound { get; init; } = new Dictionary<string, IPEndPoint>();

    public int ConnectionsOpen { get; init; }

    public int ExchangesInFlight { get; init; }

    public int LoopsStalled { get; init; }

    /// <summary>The hash of the file it is rolled back from, "" if that was at fault; null if it is not.</summary>
    public string? RolledBackFrom { get; init; }
}
