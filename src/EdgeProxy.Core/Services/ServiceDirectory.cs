using System.Collections.Generic;
using System.Net;
using System.Threading;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Services.Naming;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Services;

/// <summary>
/// Every service of the running configuration. Applying a new one keeps the servers both name, with their pools, load
/// and health, and breakers; the rest are retired. Used by the reloading thread only.
/// </summary>
/// <param name="names">Where the addresses of names are; without it no name has one.</param>
internal sealed class ServiceDirectory(int loopCount, ulong seed, NameWatch? names = null)
{
    private readonly Dictionary<string, ServiceShard[]> _shards = [];
    private readonly Dictionary<string, CircuitBreaker> _breakers = [];
    private readonly Dictionary<ServerKey, Server> _servers = [];
    private readonly Dictionary<DurationsKey, DurationMetrics> _durations = [];
    private Dictionary<TlsClientSettings, TlsClientContext> _contexts = [];

    private Server[] _list = [];

    /// <summary>Servers known now, as a list that no later configuration changes. Any thread.</summary>
    public IReadOnlyCollection<Server> Servers => Volatile.Read(ref _list);

    /// <summary>Why what was prepared last cannot be taken; null if it can.</summary>
    public string? Problem { get; private set; }

    /// <summary>
    /// Builds the services of a configuration, by name, out of kept and new servers. Changes nothing that runs.
    /// </summary>
    public Dictionary<string, Service> Prepare(IReadOnlyList<ServiceSettings> settings)
    {
        Problem = null;
        Dictionary<TlsClientSettings, TlsClientContext> before = _contexts;
        _contexts = [];
        var durations = new Dictionary<DurationsKey, DurationMetrics>(_durations);
        var services = new Dictionary<string, Service>(settings.Count);
        foreach (ServiceSettings written in settings)
        {
            ServiceSettings service = Resolved(written);
            var servers = new Server[service.Servers.Count];
            for (int i = 0; i < servers.Length; i++)
            {
                ServerSettings server = service.Servers[i];
                servers[i] = _servers.TryGetValue(ServerKey.Of(service, server), out Server? kept)
                    ? kept
                    : NewServer(service, server, before, DurationsOf(service.Name, server, durations));
            }

            services.Add(service.Name, new Service(service, servers, ShardsOf(service.Name))
            {
                Breaker = BreakerOf(service),
                ProbeTls = IsProbedOverTls(service)
                    ? ContextOf(service.Name, service.Tls ?? new TlsClientSettings(), before)
                    : null,
            });
        }

        return services;
    }

    /// <summary>
    /// Takes prepared services as the running ones. Returns the servers no longer named; they are retired.
    /// </summary>
    /// <param name="nowMs">In the loops' milliseconds: when servers that are new to a service began.</param>
    public List<Server> Commit(Dictionary<string, Service> services, long nowMs = 0)
    {
        // Now, not when it was prepared: there may be a second in between, and the old one may open in it.
        foreach (Service service in services.Values)
        {
            if (service.Breaker is { } breaker
                && _breakers.TryGetValue(service.Name, out CircuitBreaker? before) && before != breaker)
            {
                breaker.Continue(before);
            }
        }

        var gone = new Dictionary<ServerKey, Server>(_servers);
        var known = new HashSet<string>(_shards.Keys);
        _servers.Clear();
        _durations.Clear();
        _shards.Clear();
        _breakers.Clear();
        foreach (Service service in services.Values)
        {
            _shards[service.Settings.Name] = service.Shards;
            foreach (ServiceShard shard in service.Shards)
            {
                shard.BudgetWindowMs = (long)(service.Settings.Retry?.BudgetWindow.TotalMilliseconds ?? 0);
            }

            if (service.Breaker is { } breaker)
            {
                _breakers[service.Settings.Name] = breaker;
            }

            for (int i = 0; i < service.Servers.Length; i++)
            {
                Server server = service.Servers[i];
                var key = ServerKey.Of(service.Settings, service.Settings.Servers[i]);
                server.Configure(service.Settings);
                _servers[key] = server;
                _durations[new DurationsKey(service.Name, server.Host, server.Port)] = server.Durations;
                if (!gone.Remove(key) && known.Contains(service.Name))
                {
                    server.Health.BeginLate(nowMs);
                }
            }
        }

        Volatile.Write(ref _list, [.. _servers.Values]);
        foreach (Server server in gone.Values)
        {
            server.Retire();
        }

        return [.. gone.Values];
    }

    // A server whose host is a name becomes one for each of its addresses, with its own health and load.
    private ServiceSettings Resolved(ServiceSettings service)
    {
        var servers = new List<ServerSettings>(service.Servers.Count);
        foreach (ServerSettings server in service.Servers)
        {
            IReadOnlyList<IPAddress> addresses = server.IsLiteral || names is null ? [] : names.Find(server.Host);
            if (addresses.Count == 0)
            {
                servers.Add(server);
            }

            foreach (IPAddress address in addresses)
            {
                servers.Add(server with { Address = address });
            }
        }

        return servers.Count == 0 ? service : service with { Servers = servers };
    }

    // The addresses of a name count together, and on when they change: what was counted never falls.
    private DurationMetrics DurationsOf(
        string service, ServerSettings server, Dictionary<DurationsKey, DurationMetrics> known)
    {
        var key = new DurationsKey(service, server.Host, server.Port);
        if (!known.TryGetValue(key, out DurationMetrics? durations))
        {
            durations = new DurationMetrics(loopCount);
            known.Add(key, durations);
        }

        return durations;
    }

    private Server NewServer(
        ServiceSettings service, ServerSettings settings, Dictionary<TlsClientSettings, TlsClientContext> before,
        DurationMetrics durations)
    {
        TlsClientContext? tls = settings.IsTls
            ? ContextOf(service.Name, ServerKey.TlsOf(service, settings), before)
            : null;
        var server = new Server(service.Name, settings.Host, settings.Port, loopCount, tls, settings.Address,
            settings.IsHttp2, service.ProxyVersion, durations);
        if (service.HealthCheck is { } check)
        {
            server.Health.Start(check.Initial);
        }

        return server;
    }

    private static bool IsProbedOverTls(ServiceSettings service)
    {
        bool isTls = service.HealthCheck?.Scheme == ProbeScheme.Https;
        foreach (ServerSettings server in service.Servers)
        {
            isTls |= server.IsTls && service.HealthCheck?.Scheme == ProbeScheme.OfServer;
        }

        return isTls;
    }

    private TlsClientContext? ContextOf(
        string service, TlsClientSettings settings, Dictionary<TlsClientSettings, TlsClientContext> before)
    {
        if (_contexts.TryGetValue(settings, out TlsClientContext? context)
            || before.TryGetValue(settings, out context))
        {
            _contexts[settings] = context;
            return context;
        }

        context = TlsClientContext.Build(settings, out string problem);
        if (context is null)
        {
            Problem ??= $"service {service}: tls: {problem}";
            return null;
        }

        _contexts.Add(settings, context);
        return context;
    }

    private CircuitBreaker? BreakerOf(ServiceSettings service)
    {
        if (service.Breaker is not { } settings)
        {
            return null;
        }

        CircuitBreaker? before = _breakers.GetValueOrDefault(service.Name);
        return before?.Settings == settings ? before : new CircuitBreaker(settings, loopCount);
    }

    private ServiceShard[] ShardsOf(string service)
    {
        if (_shards.TryGetValue(service, out ServiceShard[]? kept))
        {
            return kept;
        }

        var shards = new ServiceShard[loopCount];
        for (int i = 0; i < loopCount; i++)
        {
            shards[i] = new ServiceShard(i, RandomSequence.Mix(seed + (ulong)i) ^ RandomSequence.Of(service));
        }

        return shards;
    }
}

/// <summary>What servers count tries together by, whatever their addresses are and is spoken to them.</summary>
internal readonly record struct DurationsKey(string Service, string Host, int Port);

/// <summary>All that makes two configurations name the same server: what its connections depend on.</summary>
/// <param name="Tls">Null for clear text.</param>
internal readonly record struct ServerKey(
    string Service,
    string Host,
    int Port,
    IPAddress? Address,
    TlsClientSettings? Tls,
    bool IsHttp2,
    ProxyVersion ProxyVersion)
{
    private static readonly TlsClientSettings s_tlsDefaults = new();

    public static ServerKey Of(ServiceSettings service, ServerSettings server) =>
        new(service.Name, server.Host, server.Port, server.Address, server.IsTls ? TlsOf(service, server) : null,
            server.IsHttp2, service.ProxyVersion);

    /// <summary>How a server that speaks TLS is spoken to.</summary>
    public static TlsClientSettings TlsOf(ServiceSettings service, ServerSettings server)
    {
        TlsClientSettings settings = service.Tls ?? s_tlsDefaults;
        return server.IsHttp2 ? settings with { IsHttp2 = true } : settings;
    }
}
