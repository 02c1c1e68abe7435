using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Ai.Plans;

/// <summary>
/// Counts what consumers use of their plans: reserved before a call, settled after it, exactly, over all loops and over
/// reloads, restarts and SIGKILL (decision 84). A turn in it is short: loops wait for each other's.
/// </summary>
internal sealed class PlanBook : IDisposable
{
    private readonly Lock _turn = new();
    private readonly Dictionary<string, PlanCounter> _counters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PlanTally> _tallies = new(StringComparer.Ordinal);
    private readonly PlanKeeping _keeping;
    private PlanLedger? _ledger;
    private bool _isOpen;

    /// <param name="onTrouble">Told once of a save that failed, and again after one that did not.</param>
    public PlanBook(TimeProvider time, Action<string> onTrouble) =>
        _keeping = new PlanKeeping(this, time, onTrouble);

    /// <summary>Saves that failed.</summary>
    public long SaveFailures => _keeping.Failures;

    /// <summary>
    /// The plans of consumers for a configuration, every count kept. Null, with the problem, if they cannot be kept.
    /// Counting goes on meanwhile. The reloading thread's.
    /// </summary>
    public Dictionary<string, ConsumerPlan>? Prepare(AiSettings settings, string folder, out string problem)
    {
        problem = "";
        var plans = new Dictionary<string, ConsumerPlan>(settings.ConsumerPlans.Count, StringComparer.Ordinal);
        if (settings.ConsumerPlans.Count == 0)
        {
            return plans;
        }

        if (!_isOpen && !_keeping.TryRecall(folder, out problem))
        {
            return null;
        }

        _isOpen = true;
        int known = _counters.Count;
        foreach (ConsumerPlanSettings consumer in settings.ConsumerPlans)
        {
            plans.Add(consumer.Consumer, PlanOf(consumer, settings));
        }

        if (_counters.Count > PlanLimits.CountersMax)
        {
            problem = $"plans: {_counters.Count} limits of consumers; {PlanLimits.CountersMax} can be counted";
            return null;
        }

        return (_ledger is not null && _counters.Count == known) || TryOpenLedger(out problem) ? plans : null;
    }

    /// <summary>What limits say from here on.</summary>
    public void Commit(IEnumerable<ConsumerPlan> plans)
    {
        lock (_turn)
        {
            foreach (ConsumerPlan plan in plans)
            {
                foreach (PlanLimit limit in plan.Limits)
                {
                    limit.Counter.Max = limit.Settings.Max;
                    limit.Counter.IsReportOnly = limit.Settings.IsReportOnly;
                }
            }
        }
    }

    /// <summary>
    /// Takes what a call may come to of all limits that are about the model, or of none: then the decision is a
    /// refusal.
    /// </summary>
    public PlanDecision Reserve(
        ConsumerPlan plan, ReadOnlySpan<byte> model, in CallAmounts amounts, long unixMs, out PlanClaim claim)
    {
        claim = default;
        var decision = default(PlanDecision);
        uint about = 0;
        long takenMs = unixMs;
        lock (_turn)
        {
            for (int i = 0; i < plan.Limits.Length; i++)
            {
                PlanLimit limit = plan.Limits[i];
                if (!limit.IsAbout(model))
                {
                    continue;
                }

                about |= 1U << i;
                limit.Counter.Roll(unixMs);
                takenMs = Math.Max(takenMs, limit.Counter.Window.StartMs); // later, if the clock was set back
                if (limit.Counter.Used + amounts.Of(limit.Settings.Count) > limit.Settings.Max)
                {
                    decision = Worse(decision, limit, amounts, unixMs);
                }
            }

            if (decision.IsRefused)
            {
                plan.Tally.Refused++;
                return decision;
            }

            plan.Tally.Reported += decision.Limit is null ? 0 : 1;
            claim = new PlanClaim { Plan = plan, Limits = about, TakenMs = takenMs, Amounts = amounts };
            Add(claim, amounts);
        }

        return decision;
    }

    /// <summary>
    /// The call is over and came to <paramref name="actual"/>: what was reserved and not used is given back, what was
    /// used beyond it is taken, above the limit if it has to be.
    /// </summary>
    public void Settle(ref PlanClaim claim, in CallAmounts actual)
    {
        if (claim.Plan is null)
        {
            return;
        }

        var difference = new CallAmounts(actual.Input - claim.Amounts.Input,
            actual.Output - claim.Amounts.Output, actual.Cost - claim.Amounts.Cost);
        lock (_turn)
        {
            Add(claim, difference, isCall: false);
            for (int i = 0; i < claim.Plan.Limits.Length; i++)
            {
                PlanLimit limit = claim.Plan.Limits[i];
                if ((claim.Limits & (1U << i)) != 0 && limit.Settings.Count == PlanCount.Concurrency)
                {
                    limit.Counter.Add(-1);
                    Keep(limit.Counter);
                }
            }
        }

        claim = default;
    }

    /// <summary>What is used of a limit now, and when its period ends.</summary>
    public (long Used, PlanWindow Window) Read(PlanLimit limit, long unixMs)
    {
        lock (_turn)
        {
            limit.Counter.Roll(unixMs);
            return (limit.Counter.Used, limit.Counter.Window);
        }
    }

    /// <summary>The counts that outlive the machine's power, with room for what is used until the next save.</summary>
    public void CopyKept(List<SavedCount> counts, bool isExact)
    {
        lock (_turn)
        {
            counts.Clear();
            foreach (PlanCounter counter in _counters.Values)
            {
                if (counter.IsKept && counter.Used > 0)
                {
                    long ahead = isExact ? 0 : (counter.Max / PlanKeeping.AheadShare) + 1;
                    counts.Add(new SavedCount(counter.Identity, counter.Window.StartMs, counter.Used + ahead)
                    {
                        Debt = counter.Debt,
                    });
                }
            }
        }
    }

    /// <summary>Those are on the disk.</summary>
    public void NoteKept(List<SavedCount> counts)
    {
        lock (_turn)
        {
            foreach (SavedCount count in counts)
            {
                if (_counters.TryGetValue(count.Identity, out PlanCounter? counter))
                {
                    counter.Saved = (count.StartMs, count.Used, count.Debt);
                }
            }
        }
    }

    public void Dispose()
    {
        _keeping.Dispose();
        lock (_turn)
        {
            _ledger?.Dispose();
            _ledger = null;
        }
    }

    private static PlanDecision Worse(PlanDecision known, PlanLimit limit, in CallAmounts amounts, long unixMs)
    {
        bool isRefused = !limit.Settings.IsReportOnly;
        long wanted = amounts.Of(limit.Settings.Count);
        bool mayWait = limit.Settings.Period != PlanPeriod.None && wanted <= limit.Settings.Max;
        long retryMs = mayWait ? limit.Counter.Window.EndMs - unixMs : 0;
        bool isWorse = known.Limit is null || (isRefused && !known.IsRefused)
            || (isRefused == known.IsRefused && known.Wanted <= known.Limit.Settings.Max
                && (wanted > limit.Settings.Max || retryMs > known.RetryMs));
        return isWorse ? new PlanDecision(limit, isRefused, limit.Counter.Used, wanted, retryMs) : known;
    }

    private void Add(in PlanClaim claim, in CallAmounts amounts, bool isCall = true)
    {
        for (int i = 0; i < claim.Plan!.Limits.Length; i++)
        {
            PlanLimit limit = claim.Plan.Limits[i];
            bool isOfCall = limit.Settings.Count is PlanCount.Requests or PlanCount.Concurrency;
            if ((claim.Limits & (1U << i)) == 0 || (isOfCall && !isCall))
            {
                continue;
            }

            // What is given back is of the period it was taken in; what is a debt is somebody's, whenever.
            long amount = amounts.Of(limit.Settings.Count);
            if (amount > 0 || (amount < 0 && limit.Counter.Window.Has(claim.TakenMs)))
            {
                if (isCall)
                {
                    limit.Counter.Add(amount);
                }
                else
                {
                    limit.Counter.Settle(amount);
                }

                Keep(limit.Counter);
            }
        }
    }

    // Its file has it.
    private void Keep(PlanCounter counter)
    {
        if (_ledger is { } ledger && counter.Slot >= 0)
        {
            ledger.Write(counter);
            if (counter.IsKept && counter.IsAheadOfSaved)
            {
                _keeping.Wake();
            }
        }
    }

    private ConsumerPlan PlanOf(ConsumerPlanSettings consumer, AiSettings settings)
    {
        PlanSettings plan = settings.PlanOf(consumer.Plan);
        var limits = new PlanLimit[plan.Limits.Count];
        for (int i = 0; i < limits.Length; i++)
        {
            PlanLimitSettings limit = plan.Limits[i];
            string identity = $"{consumer.Consumer} {PlanLimit.CountText(limit.Count)} "
                + $"{PlanLimit.PeriodText(limit.Period)} {string.Join(',', limit.Models)}";
            if (!_counters.TryGetValue(identity, out PlanCounter? counter))
            {
                counter = new PlanCounter(identity, limit.Period)
                {
                    Max = limit.Max,
                    IsReportOnly = limit.IsReportOnly,
                };
                _keeping.Restore(counter);
                lock (_turn)
                {
                    _counters.Add(identity, counter);
                }
            }

            limits[i] = new PlanLimit(limit, counter);
        }

        if (!_tallies.TryGetValue(consumer.Consumer, out PlanTally? tally))
        {
            tally = new PlanTally();
            _tallies.Add(consumer.Consumer, tally);
        }

        return new ConsumerPlan(consumer.Consumer, plan, limits, tally);
    }

    // The disk is waited for before others have to wait for the turn.
    private bool TryOpenLedger(out string problem)
    {
        var kept = new List<PlanCounter>(_counters.Values);
        if (_keeping.Create(kept, out problem) is not { } ledger)
        {
            return false;
        }

        lock (_turn)
        {
            if (!_keeping.TryPublish(out problem))
            {
                ledger.Dispose();
                return false;
            }

            _ledger?.Dispose();
            _ledger = ledger;
            for (int i = 0; i < kept.Count; i++)
            {
                kept[i].Slot = i;
                ledger.Write(kept[i]);
            }

            return true;
        }
    }
}
