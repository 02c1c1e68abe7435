using System.Collections.Generic;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Control;

/// <summary>A histogram of durations for /metrics, in seconds.</summary>
/// <param name="Name">The metric's name.</param>
internal sealed record DurationFamily(string Name, string Help, IReadOnlyList<DurationSeries> Series);

/// <summary>What one name of the configuration counted; method and outcome become labels besides its own.</summary>
internal readonly record struct DurationSeries(IReadOnlyList<MetricLabel> Labels, DurationMetrics Metrics);
