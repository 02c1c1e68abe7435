using System.Collections.Generic;
using EdgeProxy.Control;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Host;

/// <summary>What is counted of consumers, for /metrics.</summary>
internal static class ConsumerSamples
{
    /// <summary>
    /// Those that came, the first <see cref="TelemetryLimits.ConsumersMax"/> of them in the order given, and how many
    /// more there are. Those that never came have no series and take nobody's place: there may be many of them.
    /// </summary>
    public static void Collect(
        IReadOnlyCollection<KeyValuePair<string, ConsumerMetrics>> consumers, ICollection<MetricSample> samples)
    {
        if (consumers.Count == 0)
        {
            return;
        }

        int shown = 0;
        int leftOut = 0;
        foreach ((string name, ConsumerMetrics metrics) in consumers)
        {
            if (shown == TelemetryLimits.ConsumersMax)
            {
                leftOut += metrics.IsAny ? 1 : 0;
            }
            else if (TryCollect(samples, new MetricLabel("edgeproxy_consumer", name), metrics))
            {
                shown++;
            }
        }

        samples.Add(new MetricSample(
            "edgeproxy_consumers_left_out", "Consumers too many to be shown one by one.", MetricKind.Gauge, leftOut,
            []));
    }

    // False: it never came.
    private static bool TryCollect(ICollection<MetricSample> samples, MetricLabel consumer, ConsumerMetrics metrics)
    {
        bool isAny = false;
        for (int end = 0; end < ConsumerMetrics.Ends; end++)
        {
            if (metrics.Read(end) is > 0 and long count)
            {
                isAny = true;
                var status = new MetricLabel("edgeproxy_status_class", ConsumerMetrics.LabelOf(end));
                samples.Add(new MetricSample(
                    "edgeproxy_consumer_requests_total", "Requests of a consumer, by status class.",
                    MetricKind.Counter, count, [consumer, status]));
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

        return isAny;
    }
}
