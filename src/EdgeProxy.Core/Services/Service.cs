using System;
using System.Threading;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;
using EdgeProxy.Services.Sticky;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Services;

/// <summary>
/// A named set of servers and how one is chosen. Immutable; what it remembers is its shards' and servers'.
/// </summary>
internal sealed class Service : ServiceNode
{
    private readonly Strategy _strategy;
    private readonly PriorityGroups? _priorities;
    private int _isEjecting;

    public Service(ServiceSettings settings, Server[] servers, ServiceShard[] shards)
    {
        Settings = settings;
        Servers = servers;
        Shards = shards;
        _strategy = Strategy.Of(settings.Strategy);
        int[] weights = new int[servers.Length];
        for (int i = 0; i < servers.Length; i++)
        {
            weights[i] = settings.Servers[i].Weight;
        }

        Weights = new WeightTable(weights);
        _priorities = PriorityGroups.Of(settings);
        Sticky = settings.Sticky is { } sticky
            ? new StickyCookies(sticky, settings.Name, Array.ConvertAll(servers, static server => server.Name))
            : null;
        ConnectTimeoutMs = (long)settings.ConnectTimeout.TotalMilliseconds;
        ResponseTimeoutMs = (long)settings.ResponseTimeout.TotalMilliseconds;
        ResponseIdleTimeoutMs = (long)settings.ResponseIdleTimeout.TotalMilliseconds;
        PerTryTimeoutMs = (long)(settings.Retry?.PerTryTimeout.TotalMilliseconds ?? 0);
        LatencyMaxMs = (long)(settings.PassiveHealth?.LatencyMax.TotalMilliseconds ?? 0);
        RequestsMax = settings.Capacity?.RequestsMax ?? 0;
        QueueTimeoutMs = (long)(settings.Capacity?.QueueTimeout.TotalMilliseconds ?? 0);
        SlowStartMs = (long)settings.SlowStart.TotalMilliseconds;
        HasNames = Array.Exists(servers, static server => server.IsOfName);
        WindowMs = (long)(settings.PassiveHealth?.Window.TotalMilliseconds ?? 1);
    }

    public ServiceSettings Settings { get; }

    public override string Name => Settings.Name;

    public Server[] Servers { get; }

    public WeightTable Weights { get; }

    /// <summary>Null if clients have no server of their own.</summary>
    public StickyCookies? Sticky { get; }

    /// <summary>Null if the service has none.</summary>
    public CircuitBreaker? Breaker { get; init; }

    /// <summary>How probes that are secured are; null if none is.</summary>
    public TlsClientContext? ProbeTls { get; init; }

    /// <summary>By loop.</summary>
    public ServiceShard[] Shards { get; }

    public long ConnectTimeoutMs { get; }

    public long ResponseTimeoutMs { get; }

    public long ResponseIdleTimeoutMs { get; }

    /// <summary>0 for none.</summary>
    public long PerTryTimeoutMs { get; }

    /// <summary>0 for none.</summary>
    public long LatencyMaxMs { get; }

    /// <summary>Requests at one server at a time; 0 for no limit.</summary>
    public int RequestsMax { get; }

    public long QueueTimeoutMs { get; }

    /// <summary>What shares of faults are counted over.</summary>
    public long WindowMs { get; }

    /// <summary>How long a server takes to grow to its share; 0 if it has it at once.</summary>
    public long SlowStartMs { get; }

    /// <summary>Some servers are addresses of a name.</summary>
    public bool HasNames { get; }

    /// <summary>Another server than these would take a request now.</summary>
    public bool HasOther(ref readonly TriedServers tried, long nowMs)
    {
        for (int place = 0; place < Servers.Length; place++)
        {
            if (!tried.Contains(place) && Servers[place].IsUsable(nowMs) && !Servers[place].IsDoubted(nowMs))
            {
                return true;
            }
        }

        return false;
    }

    public ServiceShard Shard(int loopIndex) => Shards[loopIndex];

    /// <summary>
    /// The place of the server loop <paramref name="loopIndex"/> sends to next; it is none of
    /// <paramref name="tried"/>. <see cref="Strategy.None"/> if no server is usable.
    /// </summary>
    /// <param name="key">Hash of what <see cref="ServiceSettings.Hash"/> names; null if the request has none.</param>
    public int Pick(int loopIndex, long nowMs, ref readonly TriedServers tried, ulong? key)
    {
        int lastGroup = _priorities?.LastNeeded(Servers, nowMs) ?? 0;

        // A key has its server without a lot, or it would go from one to another and back.
        ulong lot = SlowStartMs > 0 && key is null ? Shards[loopIndex].Random.Next() : Candidates.NoLot;
        int place;
        do
        {
            var candidates = new Candidates(this, Shards[loopIndex], nowMs, in tried, key, lastGroup, lot, HasNames);
            place = _strategy.Choose(candidates);
            if (place < 0 && (lot != Candidates.NoLot || HasNames))
            {
                // The lot, or doubt, kept out the only ones there are.
                candidates = new Candidates(
                    this, Shards[loopIndex], nowMs, in tried, key, lastGroup, Candidates.NoLot, isDoubting: false);
                place = _strategy.Choose(candidates);
            }

            for (int i = 0; place < 0 && i < Servers.Length; i++)
            {
                // Health changed under the strategy's eyes, or there is really none.
                place = candidates.IsUsable(i) ? i : Strategy.None;
            }

            // All there are were tried already, or have no room.
            lastGroup++;
        }
        while (place < 0 && lastGroup < (_priorities?.Count ?? 0));

        return place;
    }

    /// <summary>The server at a place may be asked while groups up to one take part.</summary>
    public bool IsWithin(int place, int lastGroup) => _priorities is null || _priorities[place] <= lastGroup;

    /// <summary>The server at a place is usable, and of a group that is needed now.</summary>
    public bool TakesPart(int place, long nowMs) =>
        Servers[place].IsUsable(nowMs)
        && (_priorities is null || IsWithin(place, _priorities.LastNeeded(Servers, nowMs)));

    /// <summary>How the server at a place is probed; null for clear text.</summary>
    public TlsClientContext? ProbeTlsOf(int place) => Settings.HealthCheck?.Scheme switch
    {
        ProbeScheme.Http => null,
        ProbeScheme.OfServer when !Settings.Servers[place].IsTls => null,
        _ => ProbeTls,
    };

    public bool HasRoom(Server server) => RequestsMax == 0 || server.SlotsTaken < RequestsMax;

    /// <summary>Servers would take the request, were they not at their limit: it is worth waiting.</summary>
    public bool IsFull(long nowMs) => RequestsMax > 0 && HasUsable(nowMs);

    public override bool IsUsable(long nowMs, uint lot) =>
        Breaker?.Admits(nowMs, lot) != false && HasUsable(nowMs);

    private bool HasUsable(long nowMs)
    {
        foreach (Server server in Servers)
        {
            if (server.IsUsable(nowMs))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Requests that wait for room, of all loops.</summary>
    public int CountWaiting()
    {
        int count = 0;
        foreach (ServiceShard shard in Shards)
        {
            count += shard.Queue?.Count ?? 0;
        }

        return count;
    }

    /// <summary>A server has room again: the next loop with somebody waiting hears of it, in turn.</summary>
    public void NoteRoom(int loopIndex)
    {
        for (int i = 1; i <= Shards.Length; i++)
        {
            if (Shards[(loopIndex + i) % Shards.Length].Queue is { Count: > 0 } queue)
            {
                queue.Wake();
                return;
            }
        }
    }

    /// <summary>Whether the caller may count and eject servers now; false while another loop does.</summary>
    public bool TryEnterEjection() => Interlocked.Exchange(ref _isEjecting, 1) == 0;

    public void LeaveEjection() => Volatile.Write(ref _isEjecting, 0);

    /// <summary>Some server has an address: if none is usable, that is a matter of health.</summary>
    public bool HasAddress()
    {
        foreach (Server server in Servers)
        {
            if (server.Address is not null)
            {
                return true;
            }
        }

        return false;
    }
}
