using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Host;

/// <content>What the engine counts, for /metrics.</content>
internal sealed partial class DataPath
{
    public void Collect(ICollection<MetricSample> samples)
    {
        for (Counter counter = 0; counter < Counter.Count; counter++)
        {
            long sum = 0;
            foreach (Shard shard in _shards)
            {
                sum += shard.Counters.Read(counter);
            }

            (string name, string label, string help) = CounterNames.Of(counter);
            samples.Add(new MetricSample(name, help, MetricKind.Counter, sum, LabelsOf(label)));
        }

        DataPathStatus status = Status;
        Gauge(samples, "edgeproxy_connections_open", "Client connections open now.", status.ConnectionsOpen);
        Gauge(samples, "edgeproxy_exchanges_in_flight", "Requests being answered now.", status.ExchangesInFlight);
        CollectActive(samples);
        CollectEntryPoints(samples);
        CollectTransport(samples);
        CollectServers(samples);
        CollectPools(samples);
        CollectMembers(samples);
        CollectBreakers(samples);
        CollectConsumers(samples);
        CollectModels(samples);
        CollectPlans(samples);
        CollectAudit(samples);
        _recording?.Collect(samples);
        samples.Add(new MetricSample(
            "edgeproxy_versions_ignored_total", "Versions told by servers that were too many to be marked.",
            MetricKind.Counter, _versions?.Ignored ?? 0, []));
        samples.Add(new MetricSample(
            "edgeproxy_process_allocated_bytes_total", "Managed bytes allocated since start.",
            MetricKind.Counter, GC.GetTotalAllocatedBytes(precise: true), []));
        ProcessMetrics.Collect(samples);
    }

    public IReadOnlyList<DurationFamily> Durations
    {
        get
        {
            if (_durations is not { } durations || !_snapshots.Current.Telemetry.CountsDurations)
            {
                return [];
            }

            var routers = new List<DurationSeries> { new([], durations.Unrouted) };
            foreach ((string name, DurationMetrics metrics) in durations.Current)
            {
                routers.Add(new DurationSeries([new MetricLabel("http_route", name)], metrics));
            }

            return
            [
                new DurationFamily("http_server_request_duration_seconds",
                    "Duration of requests, by router (http_route).", routers),
                new DurationFamily("http_client_request_duration_seconds",
                    "Duration of tries at servers.", DurationsOfServers()),
            ];
        }
    }

    // By host and port: the addresses of a name count together, and a scrape has each series once.
    private List<DurationSeries> DurationsOfServers()
    {
        var series = new List<DurationSeries>();
        var seen = new HashSet<DurationMetrics>();
        foreach (Service service in Volatile.Read(ref _services))
        {
            foreach (Server server in service.Servers)
            {
                if (!seen.Add(server.Durations))
                {
                    continue;
                }

                series.Add(new DurationSeries(
                [
                    new MetricLabel("edgeproxy_service", service.Name),
                    new MetricLabel("server_address", server.Host),
                    new MetricLabel("server_port", server.Port.ToString(CultureInfo.InvariantCulture)),
                ], server.Durations));
            }
        }

        return series;
    }

    private void CollectActive(ICollection<MetricSample> samples)
    {
        for (Method method = Method.Other; (int)method < DurationMetrics.MethodCount; method++)
        {
            int active = 0;
            foreach (Shard shard in _shards)
            {
                active += Volatile.Read(ref shard.ActiveByMethod[(int)method]);
            }

            if (active > 0 || method == Method.Get)
            {
                samples.Add(new MetricSample("http_server_active_requests", "Requests being answered now.",
                    MetricKind.Gauge, active,
                    [new MetricLabel("http_request_method", DurationLines.MethodName(method))]));
            }
        }
    }

    private void CollectTransport(ICollection<MetricSample> samples)
    {
        long shed = 0;
        long crashes = 0;
        long allocated = 0;
        foreach (Shard shard in _shards)
        {
            shed += shard.Loop.Counters.Shed;
            crashes += shard.Loop.Counters.Crashes;
            allocated += Volatile.Read(ref shard.Loop.Counters.AllocatedBytes);
        }

        samples.Add(new MetricSample(
            "edgeproxy_connections_shed_total", "Connections dropped because no descriptor was left.",
            MetricKind.Counter, shed, []));
        samples.Add(new MetricSample(
            "edgeproxy_loop_exceptions_total", "Exceptions that cost a connection: each is a defect.",
            MetricKind.Counter, crashes, []));
        samples.Add(new MetricSample(
            "edgeproxy_loop_allocated_bytes_total", "Managed bytes allocated by the loops: none per request.",
            MetricKind.Counter, allocated, []));
    }

    private void CollectServers(ICollection<MetricSample> samples)
    {
        IReadOnlyList<ServiceStatus> services = Services;
        foreach (ServiceStatus service in services)
        {
            foreach (ServerStatus server in service.Servers)
            {
                samples.Add(new MetricSample(
                    "edgeproxy_server_up", "1 if the server would get requests, 0 if it is down or ejected.",
                    MetricKind.Gauge, server.IsUp ? 1 : 0, LabelsOf(service, server)));
            }
        }

        foreach (ServiceStatus service in services)
        {
            foreach (ServerStatus server in service.Servers)
            {
                samples.Add(new MetricSample(
                    "edgeproxy_server_exchanges_in_flight", "Requests at the server now.",
                    MetricKind.Gauge, server.InFlight, LabelsOf(service, server)));
            }
        }
    }

    // By host and port, as durations are: the addresses of a name count together.
    private void CollectPools(ICollection<MetricSample> samples)
    {
        foreach (Service service in Volatile.Read(ref _services))
        {
            var counts = new Dictionary<(string Host, int Port), (int Idle, int Active)>();
            foreach (Server server in service.Servers)
            {
                (int idle, int active) = server.CountConnections();
                (int Idle, int Active) before = counts.GetValueOrDefault((server.Host, server.Port));
                counts[(server.Host, server.Port)] = (before.Idle + idle, before.Active + active);
            }

            foreach (((string host, int port), (int idle, int active)) in counts)
            {
                samples.Add(OpenConnections(service.Name, host, port, "idle", idle));
                samples.Add(OpenConnections(service.Name, host, port, "active", active));
            }
        }

        foreach (Service service in Volatile.Read(ref _services))
        {
            samples.Add(new MetricSample(
                "edgeproxy_service_requests_waiting", "Requests that wait for room at a server of the service.",
                MetricKind.Gauge, service.CountWaiting(), [new MetricLabel("service", service.Name)]));
        }
    }

    private static MetricSample OpenConnections(string service, string host, int port, string state, int count) =>
        new("http_client_open_connections",
            "Connections to servers: idle, or with a request on them or meant for them.",
            MetricKind.Gauge, count,
            [
                new MetricLabel("http_connection_state", state), new MetricLabel("edgeproxy_service", service),
                new MetricLabel("server_address", host),
                new MetricLabel("server_port", port.ToString(CultureInfo.InvariantCulture)),
            ]);

    private void CollectBreakers(ICollection<MetricSample> samples)
    {
        foreach (ServiceStatus service in Services)
        {
            if (service.Breaker is { } breaker)
            {
                double state = breaker.State switch { "open" => 2, "recovering" => 1, _ => 0 };
                samples.Add(new MetricSample(
                    "edgeproxy_breaker_state", "Circuit breaker of the service: 0 closed, 1 recovering, 2 open.",
                    MetricKind.Gauge, state, [new MetricLabel("service", service.Name)]));
            }
        }
    }

    private void CollectMembers(ICollection<MetricSample> samples)
    {
        foreach (ServiceStatus service in Services)
        {
            foreach (MemberStatus member in service.Members)
            {
                samples.Add(new MetricSample(
                    "edgeproxy_composed_requests_total", "Requests a composed service gave to one of its members.",
                    MetricKind.Counter, member.Requests,
                    [new MetricLabel("service", service.Name), new MetricLabel("member", member.Name)]));
            }
        }
    }

    private static MetricLabel[] LabelsOf(ServiceStatus service, ServerStatus server) =>
        [new MetricLabel("service", service.Name), new MetricLabel("server", server.Name)];

    private static void Gauge(ICollection<MetricSample> samples, string name, string help, double value) =>
        samples.Add(new MetricSample(name, help, MetricKind.Gauge, value, []));

    // name="value", as CounterNames writes it.
    private static MetricLabel[] LabelsOf(string label)
    {
        int equals = label.IndexOf('=', StringComparison.Ordinal);
        return equals < 0 ? [] : [new MetricLabel(label[..equals], label[(equals + 1)..].Trim('"'))];
    }
}
