using System.Collections.Generic;
using EdgeProxy.Control;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;

namespace EdgeProxy.Host;

/// <summary>What histograms of durations say of each service's tries, and of all requests.</summary>
internal static class Traffic
{
    /// <summary>By service; all requests under the empty name.</summary>
    public static Dictionary<string, TrafficCounts> Of(IReadOnlyList<DurationFamily> families)
    {
        var counts = new Dictionary<string, TrafficCounts>();
        var sum = new DurationSum();
        foreach (DurationFamily family in families)
        {
            foreach (DurationSeries series in family.Series)
            {
                string name = "";
                foreach (MetricLabel label in series.Labels)
                {
                    name = label.Name == "edgeproxy_service" ? label.Value : name;
                }

                counts[name] = (counts.GetValueOrDefault(name) ?? TrafficCounts.None).With(series.Metrics, sum);
            }
        }

        return counts;
    }
}
