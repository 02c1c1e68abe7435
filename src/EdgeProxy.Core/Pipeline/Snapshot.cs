using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Routing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline;

/// <summary>One immutable configuration in use. An exchange takes it once and sees no other.</summary>
internal sealed class Snapshot
{
    public static Snapshot Empty { get; } = new() { Hash = "", Routes = [], Tables = [] };

    /// <summary>Names the configuration everywhere: logs, metrics, audit.</summary>
    public required string Hash { get; init; }

    /// <summary>What is recorded of requests.</summary>
    public TelemetrySettings Telemetry { get; init; } = TelemetrySettings.Default;

    /// <summary>How long requests take that no route does; null: nobody counts.</summary>
    public DurationMetrics? Unrouted { get; init; }

    /// <summary>What is counted of consumers, by <see cref="Consumer.Index"/>; who is not here is not.</summary>
    public ConsumerMetrics[] Consumers { get; init; } = [];

    /// <summary>By the numbers the route tables answer with.</summary>
    public required Route[] Routes { get; init; }

    /// <summary>All of them, by name.</summary>
    public IReadOnlyDictionary<string, ServiceNode> Services { get; init; } = new Dictionary<string, ServiceNode>();

    /// <summary>One table per entrypoint slot; a slot without routers has none.</summary>
    public required RouteTable?[] Tables { get; init; }

    /// <summary>What is asked of clients, per entrypoint slot; null, or none at all, where that is nothing.</summary>
    public HostPolicies?[] Policies { get; init; } = [];

    /// <summary>The same configuration, its services found anew by their names.</summary>
    public Snapshot With(Dictionary<string, ServiceNode> services) => new()
    {
        Hash = Hash,
        Telemetry = Telemetry,
        Unrouted = Unrouted,
        Consumers = Consumers,
        Routes = Array.ConvertAll(Routes, route => route with { Service = services[route.Service.Name] }),
        Tables = Tables,
        Policies = Policies,
        Services = services,
    };

    /// <summary>
    /// Whether a request for the host may come over this client's connection: what its handshake asked of the client is
    /// what the host's policy asks.
    /// </summary>
    public bool Admits(int entryPointSlot, ReadOnlySpan<byte> host, ByteLink client) =>
        (uint)entryPointSlot >= (uint)Policies.Length
        || Policies[entryPointSlot] is not { } policies
        || policies.Admit(host, client);

    /// <summary>
    /// The route that takes the request on an entrypoint, null if none does; the first that may, if its model decides.
    /// </summary>
    public Route? Match(int entryPointSlot, in RouteQuery query, OpenRoutes open)
    {
        if ((uint)entryPointSlot >= (uint)Tables.Length || Tables[entryPointSlot] is not { } table)
        {
            return null;
        }

        int number = table.First(query, open);
        return number < 0 ? null : Routes[number];
    }
}

/// <summary>Where the loops find the current snapshot and a reload publishes the next.</summary>
internal sealed class SnapshotCell
{
    private Snapshot _current = Snapshot.Empty;

    public Snapshot Current => Volatile.Read(ref _current);

    public void Publish(Snapshot next) => Volatile.Write(ref _current, next);
}
