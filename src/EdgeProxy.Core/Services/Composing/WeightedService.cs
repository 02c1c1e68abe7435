using System;

namespace EdgeProxy.Services.Composing;

/// <summary>
/// By weight, smoothly, per loop: each turn every usable member gains its weight, the richest is taken and pays what
/// was handed out. Members without a usable server take no part; if none has one all do, and the answer is a 503.
/// </summary>
internal sealed class WeightedService(ComposedSettings settings, ServiceMember[] members)
    : ComposedService(settings, members)
{
    private readonly long _turns = SumOf(members);

    public override int Choose(int loopIndex, long nowMs, uint lot)
    {
        int place = Choose(loopIndex, nowMs, lot, mustBeUsable: true);
        return place >= 0 ? place : Choose(loopIndex, nowMs, lot, mustBeUsable: false);
    }

    private int Choose(int loopIndex, long nowMs, uint lot, bool mustBeUsable)
    {
        int best = -1;
        long bestCredit = 0;
        long sum = 0;
        for (int place = 0; place < Members.Length; place++)
        {
            ServiceMember member = Members[place];
            if (!member.IsWanted || (mustBeUsable && !member.Node.IsUsable(nowMs, lot)))
            {
                continue;
            }

            ref long credit = ref member.Share.Credit(loopIndex);

            // What larger weights of a configuration before left is more than these could ever owe.
            credit = Math.Clamp(credit, -_turns, _turns) + member.Weight;
            sum += member.Weight;
            if (best < 0 || credit > bestCredit)
            {
                best = place;
                bestCredit = credit;
            }
        }

        if (best >= 0)
        {
            Members[best].Share.Credit(loopIndex) -= sum;
        }

        return best;
    }

    private static long SumOf(ServiceMember[] members)
    {
        long sum = 0;
        foreach (ServiceMember member in members)
        {
            sum += member.Weight;
        }

        return sum;
    }
}
