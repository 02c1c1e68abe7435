using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.LoadBench.Results;

/// <summary>One proxy in one scenario: its rounds, and whether they mean anything.</summary>
internal sealed class Cell(string peer)
{
    /// <summary>A generator busier than this measures itself.</summary>
    public const double GeneratorBusyMax = 0.80;

    public string Peer { get; } = peer;

    /// <summary>In the order of the rounds; the first was dropped already.</summary>
    public List<Measurement> Rounds { get; } = [];

    /// <summary>Why there are no rounds: it cannot do this, or did not start.</summary>
    public string? Absence { get; set; }

    public double? GeneratorBusy => MedianOf(Metric.GeneratorBusy);

    public double? OthersBusy => MedianOf(Metric.OthersBusy);

    /// <summary>Why a metric of this cell does not count; null when it does.</summary>
    public string? VoidReason(Metric metric)
    {
        if (Absence is not null)
        {
            return Absence;
        }

        if (Rounds.SelectMany(r => r.Flaws).FirstOrDefault() is { } flaw)
        {
            return flaw;
        }

        return metric.NeedsIdleGenerator && GeneratorBusy is > GeneratorBusyMax and var busy
            ? $"generator {busy * 100:0} % busy"
            : Rounds.Count == 0 ? "no round" : null;
    }

    /// <summary>The median over the rounds, void or not; null when it was not measured.</summary>
    public double? MedianOf(Metric metric)
    {
        double[] values = ValuesOf(metric);
        return values.Length == 0 ? null : Statistics.Median(values);
    }

    public (double Least, double Most)? SpreadOf(Metric metric)
    {
        double[] values = ValuesOf(metric);
        return values.Length == 0 ? null : (values.Min(), values.Max());
    }

    /// <summary>Ours to that of another cell, pair by pair; null when either is void.</summary>
    public double? RatioTo(Cell other, Metric metric) =>
        VoidReason(metric) is null && other.VoidReason(metric) is null
            ? Statistics.PairedRatio([.. Rounds.Select(r => r[metric])], [.. other.Rounds.Select(r => r[metric])])
            : null;

    private double[] ValuesOf(Metric metric) => [.. Rounds.Select(r => r[metric]).OfType<double>()];
}
