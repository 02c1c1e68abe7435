using System.Collections.Generic;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Control;

/// <summary>A histogram of durations for /metrics, in seconds.</summary>
/// <param name="Name">The metric's name.</param>
internal sealed record DurationFamily(string Name, string Help, IReadOnlyList<DurationSeries> Series);

/// <summary>What one name of the configuration counted; method and outcome become labels besides its own.</summary>
/// <param name="Metrics">More than one add up: the addresses of a name count together.</param>
internal readonly record struct DurationSeries(IReadOnlyList<MetricLabel> Labels, params DurationMetrics[] Metrics)
{
    /// <summary>What all of them counted; false if nothing. Any thread.</summary>
    public bool TryRead(Method method, int outcome, DurationSum sum)
    {
        sum.Clear();
        bool isAny = false;
        foreach (DurationMetrics metrics in Metrics)
        {
            isAny |= metrics.TryAdd(method, outcome, sum);
        }

        return isAny;
    }
}
