using System.Collections.Generic;

namespace EdgeProxy.LoadBench.Results;

/// <summary>One run of one proxy: its figures, and what was wrong with it.</summary>
internal sealed class Measurement
{
    public Dictionary<Metric, double> Values { get; } = [];

    /// <summary>Errors, bad statuses, missing bytes: nothing of this run counts.</summary>
    public List<string> Flaws { get; } = [];

    public double? this[Metric metric] => Values.TryGetValue(metric, out double value) ? value : null;

    public Measurement With(Metric metric, double value)
    {
        Values[metric] = value;
        return this;
    }

    public Measurement WithFlaws(IEnumerable<string> flaws)
    {
        Flaws.AddRange(flaws);
        return this;
    }
}
