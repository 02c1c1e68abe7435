using System.Collections.Generic;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Pipeline;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Host;

/// <content>
/// What is counted of routers and consumers, by the names that the configuration has and no others; consumers for
/// /metrics.
/// </content>
internal sealed partial class DataPath
{
    private ConsumerDirectory? _consumers;

    private RequestCounts PrepareCounts(ProxySettings settings)
    {
        var routers = new List<string>(settings.Routers.Count);
        foreach (RouterSettings router in settings.Routers)
        {
            routers.Add(router.Name);
        }

        return new RequestCounts(
            _durations!.Prepare(routers), _durations.Unrouted, _consumers!.Prepare(settings.ConsumerNames));
    }

    private void CommitCounts(RequestCounts counts)
    {
        _durations!.Commit(counts.ByRouter);
        _consumers!.Commit(counts.ByConsumer);
    }

    private void CollectConsumers(ICollection<MetricSample> samples)
    {
        if (_consumers is not { Current: { Count: > 0 } current })
        {
            return;
        }

        int shown = 0;
        foreach ((string name, ConsumerMetrics metrics) in current)
        {
            if (++shown <= TelemetryLimits.ConsumersMax)
            {
                Collect(samples, new MetricLabel("edgeproxy_consumer", name), metrics);
            }
        }

        Gauge(samples, "edgeproxy_consumers_left_out", "Consumers too many to be shown one by one.",
            current.Count - System.Math.Min(current.Count, TelemetryLimits.ConsumersMax));
    }

    // Those that never came have no series: there may be many of them.
    private static void Collect(ICollection<MetricSample> samples, MetricLabel consumer, ConsumerMetrics metrics)
    {
        const string Requests = "edgeproxy_consumer_requests_total";
        bool isAny = false;
        for (int end = 0; end < ConsumerMetrics.Ends; end++)
        {
            if (metrics.Read(end) is > 0 and long count)
            {
                isAny = true;
                var status = new MetricLabel("edgeproxy_status_class", ConsumerMetrics.LabelOf(end));
                samples.Add(new MetricSample(
                    Requests, "Requests of a consumer, by status class.", MetricKind.Counter, count,
                    [consumer, status]));
            }
        }

        if (isAny)
        {
            samples.Add(new MetricSample(
                "edgeproxy_consumer_requests_limited_total", "Requests of a consumer that a limit or plan refused.",
                MetricKind.Counter, metrics.ReadRefused(), [consumer]));
            samples.Add(new MetricSample(
                "edgeproxy_consumer_requests_over_limit_total",
                "Requests of a consumer over a limit that only reports.",
                MetricKind.Counter, metrics.ReadReported(), [consumer]));
        }
    }
}
