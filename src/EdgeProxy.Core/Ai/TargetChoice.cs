using System;
using EdgeProxy.Ai.Translation;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Ai;

/// <summary>How one of several targets of the same priority is chosen; the words of TOML's strategy.</summary>
internal enum TargetStrategy : byte
{
    /// <summary>By lot.</summary>
    Weight,

    /// <summary>The one with the fewest calls under way for its weight.</summary>
    LeastInFlight,

    /// <summary>The one that begins to answer soonest, for what is under way there.</summary>
    LeastTime,
}

/// <summary>A call for which a target is looked for.</summary>
/// <param name="Tried">A bit for each target that was asked.</param>
/// <param name="Lot">Decides between weights.</param>
internal readonly record struct TargetSearch(ModelEntry Model, AiCallKind Kind, ulong Tried, long NowMs, uint Lot)
{
    /// <summary>What prompt and answer may come to; 0 if that decides nothing.</summary>
    public long Tokens { get; init; }

    public int Loop { get; init; }

    public bool IsStream { get; init; }

    /// <summary>One of those asked did answer, if only to refuse: the link is there.</summary>
    public bool HasAnswered { get; init; }
}

/// <summary>
/// Which of a model's targets is asked: of those that were not asked yet, the first priority with a usable one, there
/// by weight, load or time. Those that asked to be left alone are passed over while there are others; those with no
/// room for the call are asked last (decision 94), and those for when the link is down only then (decision 143).
/// </summary>
internal static class TargetChoice
{
    private const double EqualWithin = 1.25; // or noise would choose (as with services)

    /// <summary>The place of the target; -1 if all were asked, or none understands the call.</summary>
    public static int Next(in TargetSearch search)
    {
        ulong offline = search.Model.OfflineTargets;
        if (offline == 0)
        {
            return Fitting(search);
        }

        TargetSearch online = search with { Tried = search.Tried | offline };
        TargetSearch local = search with { Tried = search.Tried | ~offline };
        int place = IsDown(search) ? Fitting(local) : -1;
        place = place >= 0 ? place : Fitting(online);
        return place >= 0 || search.HasAnswered ? place : Fitting(local);
    }

    // Nobody answered, and of those that were not asked each is known to be out of reach.
    private static bool IsDown(in TargetSearch search)
    {
        if (search.HasAnswered)
        {
            return false;
        }

        ModelTarget[] targets = search.Model.Targets;
        for (int place = 0; place < targets.Length; place++)
        {
            ModelTarget target = targets[place];
            if (!target.IsForOffline && (search.Tried & (1UL << place)) == 0 && Understands(target, search.Kind)
                && !target.Pause.IsUnreachable(search.NowMs)
                && target.Provider.Service.IsUsable(search.NowMs, search.Lot))
            {
                return false;
            }
        }

        return true;
    }

    private static int Fitting(in TargetSearch search)
    {
        ulong small = 0;
        for (int place = 0; search.Tokens > 0 && place < search.Model.Targets.Length; place++)
        {
            small |= search.Model.Targets[place].Fits(search.Tokens) ? 0 : 1UL << place;
        }

        int fitting = WellFirst(search with { Tried = search.Tried | small });
        return fitting >= 0 || small == 0 ? fitting : WellFirst(search);
    }

    private static int WellFirst(in TargetSearch search)
    {
        int place = Among(search, mustBeWell: true);
        return place >= 0 ? place : Among(search, mustBeWell: false);
    }

    private static int Among(in TargetSearch search, bool mustBeWell)
    {
        ModelTarget[] targets = search.Model.Targets;
        int priority = int.MaxValue;
        for (int place = 0; place < targets.Length; place++)
        {
            if (targets[place].Priority < priority && Takes(search, place, mustBeWell))
            {
                priority = targets[place].Priority;
            }
        }

        if (priority == int.MaxValue)
        {
            return -1;
        }

        Span<double> costs = stackalloc double[AiLimits.TargetsMax];
        double most = CostsOf(search, priority, mustBeWell, costs);
        int sum = 0;
        for (int place = 0; place < targets.Length; place++)
        {
            sum += costs[place] <= most ? targets[place].Weight : 0;
        }

        int drawn = (int)(((ulong)search.Lot * (ulong)sum) >> 32);
        for (int place = 0; place < targets.Length; place++)
        {
            if (costs[place] <= most && (drawn -= targets[place].Weight) < 0)
            {
                return place;
            }
        }

        return -1;
    }

    // What each would cost, out of all bounds where it is not asked; and up to which they count as equal.
    private static double CostsOf(in TargetSearch search, int priority, bool mustBeWell, Span<double> costs)
    {
        ModelEntry model = search.Model;
        double unmeasuredMs = model.Strategy == TargetStrategy.LeastTime ? MeanMs(search) : 0;
        double least = double.PositiveInfinity;
        costs.Fill(double.PositiveInfinity);
        for (int place = 0; place < model.Targets.Length; place++)
        {
            ModelTarget target = model.Targets[place];
            if (target.Priority != priority || !Takes(search, place, mustBeWell))
            {
                continue;
            }

            double load = (double)target.Loads.InFlight(search.Loop) / target.Weight;
            ServerLoad timed = target.Loads.Of(search.Loop, search.IsStream);
            costs[place] = model.Strategy switch
            {
                TargetStrategy.LeastInFlight => load,
                TargetStrategy.LeastTime =>
                    (timed.IsMeasured ? timed.TimeMs(search.NowMs) : unmeasuredMs) * (1 + load),
                _ => 0,
            };
            least = Math.Min(least, costs[place]);
        }

        return model.Strategy == TargetStrategy.LeastTime ? least * EqualWithin : least;
    }

    // One that nobody knows yet is taken for an average one.
    private static double MeanMs(in TargetSearch search)
    {
        double sum = 0;
        int count = 0;
        foreach (ModelTarget target in search.Model.Targets)
        {
            ServerLoad timed = target.Loads.Of(search.Loop, search.IsStream);
            sum += timed.IsMeasured ? timed.TimeMs(search.NowMs) : 0;
            count += timed.IsMeasured ? 1 : 0;
        }

        return count == 0 ? 1 : sum / count;
    }

    private static bool Takes(in TargetSearch search, int place, bool mustBeWell)
    {
        ModelTarget target = search.Model.Targets[place];
        Service service = target.Provider.Service;
        return (search.Tried & (1UL << place)) == 0 && Understands(target, search.Kind)
            && (!mustBeWell || (target.Pause.IsOver(search.NowMs) && service.IsUsable(search.NowMs, search.Lot)));
    }

    private static bool Understands(ModelTarget target, AiCallKind kind) =>
        RequestTranslation.SentAs(kind, target.Provider.Settings.Kind) != AiCallKind.None;
}
