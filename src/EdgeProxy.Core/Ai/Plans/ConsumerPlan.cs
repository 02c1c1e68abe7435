using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Ai.Plans;

/// <summary>One limit of one consumer, with where it is counted.</summary>
internal sealed class PlanLimit
{
    private readonly NamePattern[] _models;

    public PlanLimit(PlanLimitSettings settings, PlanCounter counter)
    {
        Settings = settings;
        Counter = counter;
        _models = [.. Patterns(settings)];
        Text = settings.Period == PlanPeriod.None ? CountText(settings.Count)
            : $"{CountText(settings.Count)} per {PeriodText(settings.Period)}";
        TextBytes = Encoding.ASCII.GetBytes(Text);
    }

    public PlanLimitSettings Settings { get; }

    public PlanCounter Counter { get; }

    /// <summary>"tokens per day".</summary>
    public string Text { get; }

    public byte[] TextBytes { get; }

    public static string CountText(PlanCount count) => SnakeCase.Of(count.ToString());

    public static string PeriodText(PlanPeriod period) => SnakeCase.Of(period.ToString());

    /// <param name="model">What the client asked for.</param>
    public bool IsAbout(ReadOnlySpan<byte> model)
    {
        foreach (NamePattern pattern in _models)
        {
            if (pattern.Matches(model))
            {
                return true;
            }
        }

        return _models.Length == 0;
    }

    private static List<NamePattern> Patterns(PlanLimitSettings settings)
    {
        var patterns = new List<NamePattern>();
        foreach (string model in settings.Models)
        {
            patterns.Add(new NamePattern(model));
        }

        return patterns;
    }
}

/// <summary>A plan as one consumer has it. Immutable; made anew with each configuration, its counters stay.</summary>
internal sealed class ConsumerPlan
{
    private readonly byte[] _name;

    public ConsumerPlan(string consumer, PlanSettings settings, PlanLimit[] limits, PlanTally tally)
    {
        Consumer = consumer;
        Settings = settings;
        Limits = limits;
        Tally = tally;
        _name = Encoding.ASCII.GetBytes(settings.Name);
    }

    public string Consumer { get; }

    public PlanSettings Settings { get; }

    public PlanLimit[] Limits { get; }

    public ReadOnlySpan<byte> NameBytes => _name;

    /// <summary>Kept over reloads.</summary>
    public PlanTally Tally { get; }
}

/// <summary>What is counted of a consumer's plan besides what is used. Written under the book's lock.</summary>
internal sealed class PlanTally
{
    public long Refused { get; set; }

    public long Reported { get; set; }
}
