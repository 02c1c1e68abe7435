using EdgeProxy.Ai.Translation;
using EdgeProxy.Services;

namespace EdgeProxy.Ai;

/// <summary>
/// Which of a model's targets is asked: of those that were not asked yet, the first priority with a usable one, there
/// by weight. Those that asked to be left alone are passed over while there are others; those with no room for the call
/// are asked last (decision 94).
/// </summary>
internal static class TargetChoice
{
    /// <summary>The place of the target; -1 if all were asked, or none understands the call.</summary>
    /// <param name="tried">A bit for each that was asked.</param>
    /// <param name="lot">Decides between weights.</param>
    /// <param name="tokens">What prompt and answer may come to; 0 if that decides nothing.</param>
    public static int Next(ModelEntry model, AiCallKind kind, ulong tried, long nowMs, uint lot, long tokens = 0)
    {
        ulong small = 0;
        for (int place = 0; tokens > 0 && place < model.Targets.Length; place++)
        {
            small |= model.Targets[place].Fits(tokens) ? 0 : 1UL << place;
        }

        int fitting = NextOf(model, kind, tried | small, nowMs, lot);
        return fitting >= 0 || small == 0 ? fitting : NextOf(model, kind, tried, nowMs, lot);
    }

    private static int NextOf(ModelEntry model, AiCallKind kind, ulong tried, long nowMs, uint lot)
    {
        int place = Among(model, kind, tried, nowMs, lot, mustBeWell: true);
        return place >= 0 ? place : Among(model, kind, tried, nowMs, lot, mustBeWell: false);
    }

    private static int Among(ModelEntry model, AiCallKind kind, ulong tried, long nowMs, uint lot, bool mustBeWell)
    {
        int priority = int.MaxValue;
        int sum = 0;
        for (int place = 0; place < model.Targets.Length; place++)
        {
            ModelTarget target = model.Targets[place];
            if (Takes(target, place, kind, tried, nowMs, lot, mustBeWell) && target.Priority <= priority)
            {
                sum = target.Priority < priority ? target.Weight : sum + target.Weight;
                priority = target.Priority;
            }
        }

        if (sum == 0)
        {
            return -1;
        }

        int drawn = (int)(((ulong)lot * (ulong)sum) >> 32);
        for (int place = 0; place < model.Targets.Length; place++)
        {
            ModelTarget target = model.Targets[place];
            if (target.Priority == priority && Takes(target, place, kind, tried, nowMs, lot, mustBeWell)
                && (drawn -= target.Weight) < 0)
            {
                return place;
            }
        }

        return -1;
    }

    private static bool Takes(
        ModelTarget target, int place, AiCallKind kind, ulong tried, long nowMs, uint lot, bool mustBeWell)
    {
        Service service = target.Provider.Service;
        return (tried & (1UL << place)) == 0
            && RequestTranslation.SentAs(kind, target.Provider.Settings.Kind) != AiCallKind.None
            && (!mustBeWell || (target.Pause.IsOver(nowMs) && service.IsUsable(nowMs, lot)));
    }
}
