using System.Collections.Generic;

namespace EdgeProxy.Control;

/// <summary>Prometheus' metric types, as its text format names them.</summary>
internal enum MetricKind : byte
{
    Counter,
    Gauge,
    Histogram,
}

/// <summary>A label of a sample. The name is ours; the value may be an operator's text (a router's name).</summary>
internal readonly record struct MetricLabel(string Name, string Value);

/// <summary>One line of /metrics to be.</summary>
/// <param name="Family">The metric's name; samples of one family share help and kind.</param>
/// <param name="Suffix">"_bucket", "_sum" or "_count" of a histogram; else empty.</param>
internal readonly record struct MetricSample(
    string Family,
    string Help,
    MetricKind Kind,
    double Value,
    IReadOnlyList<MetricLabel> Labels,
    string Suffix = "");

/// <summary>
/// A part of the proxy that has something to count. Called on the thread of whoever asks for /metrics.
/// </summary>
internal interface IMetricsSource
{
    void Collect(ICollection<MetricSample> samples);
}
