using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Ai.Guards;

/// <summary>What findings are counted by: names of the configuration alone, never of a client.</summary>
/// <param name="Guard">The middleware's name.</param>
/// <param name="Side">prompt or answer.</param>
/// <param name="Action">mask, block, flag or restore.</param>
/// <param name="IsReportOnly">Nothing was done about them.</param>
internal readonly record struct FindingLabels(string Guard, string Side, string Rule, string Action, bool IsReportOnly);

/// <summary>Findings of one rule. Any thread.</summary>
internal sealed class FindingCount
{
    private long _count;

    public long Count => Volatile.Read(ref _count);

    public void Add(int count) => Interlocked.Add(ref _count, count);
}

/// <summary>
/// What guards found, by rule. Outlives configurations that go on naming the rule; so there are never more counts than
/// rules in the configuration, but for those of exchanges that began under the one before. Any thread.
/// </summary>
internal sealed class GuardFindings
{
    public const string PromptSide = "prompt";
    public const string AnswerSide = "answer";

    private readonly Lock _lock = new();
    private Dictionary<FindingLabels, FindingCount> _counts = [];

    /// <summary>Counts of a side's rules, in their order.</summary>
    public FindingCount[] Of(string guard, string side, GuardSide rules)
    {
        var counts = new FindingCount[rules.Rules.Length];
        lock (_lock)
        {
            for (int i = 0; i < counts.Length; i++)
            {
                FindingLabels labels = LabelsOf(guard, side, rules.Rules[i]);
                counts[i] = _counts.TryGetValue(labels, out FindingCount? kept) ? kept : new FindingCount();
                if (rules.Rules[i].Call is not { Allows: true })
                {
                    _counts[labels] = counts[i]; // others find nothing
                }
            }
        }

        return counts;
    }

    /// <summary>The rules there are from now on; what others found is forgotten.</summary>
    public void Keep(IReadOnlyList<MiddlewareSettings> middlewares)
    {
        lock (_lock)
        {
            var counts = new Dictionary<FindingLabels, FindingCount>();
            foreach (MiddlewareSettings middleware in middlewares)
            {
                if (middleware is AiGuardSettings guard)
                {
                    Keep(counts, guard.Name, PromptSide, guard.Prompt);
                    Keep(counts, guard.Name, AnswerSide, guard.Answer);
                    Keep(counts, guard.Name, PromptSide, guard.Tools);
                    Keep(counts, guard.Name, AnswerSide, guard.Tools);
                    if (GuardSide.HasReversible(guard.Prompt))
                    {
                        Keep(counts, guard.Name, AnswerSide, new Sequence<GuardRule>([GuardSide.Restoring]));
                    }
                }
            }

            _counts = counts;
        }
    }

    /// <summary>All of them, as they are now.</summary>
    public List<KeyValuePair<FindingLabels, long>> Read()
    {
        var all = new List<KeyValuePair<FindingLabels, long>>();
        lock (_lock)
        {
            foreach ((FindingLabels labels, FindingCount count) in _counts)
            {
                all.Add(new(labels, count.Count));
            }
        }

        return all;
    }

    private void Keep(
        Dictionary<FindingLabels, FindingCount> counts, string guard, string side, Sequence<GuardRule> rules)
    {
        foreach (GuardRule rule in rules)
        {
            if (rule.Call is { Allows: true })
            {
                continue;
            }

            FindingLabels labels = LabelsOf(guard, side, rule);
            counts[labels] = _counts.TryGetValue(labels, out FindingCount? kept) ? kept : new FindingCount();
        }
    }

    private static FindingLabels LabelsOf(string guard, string side, GuardRule rule) => new(
        guard,
        side,
        rule.Name,
        rule.Action switch
        {
            _ when rule.Detect == GuardDetect.Placeholder => "restore",
            FindingAction.Mask => "mask",
            FindingAction.Block => "block",
            _ => "flag",
        },
        rule.ReportOnly);
}
