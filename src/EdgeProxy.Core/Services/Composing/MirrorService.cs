namespace EdgeProxy.Services.Composing;

/// <summary>
/// The main service answers; of its requests each mirror gets copies of as many percent as its weight says, whose
/// answers are thrown away.
/// </summary>
internal sealed class MirrorService(ComposedSettings settings, ServiceMember[] members)
    : ComposedService(settings, members)
{
    public const int Main = 0;
    private const int Percent = 100;

    public override int Choose(int loopIndex, long nowMs, uint lot) => Main;

    public override bool IsUsable(long nowMs, uint lot) => Members[Main].Node.IsUsable(nowMs, lot);

    /// <summary>Whether the mirror at a place gets a copy of this request: evenly spread, exact per loop.</summary>
    public bool IsDue(int place, int loopIndex)
    {
        ServiceMember mirror = Members[place];
        ref long credit = ref mirror.Share.Credit(loopIndex);
        credit += mirror.Weight;
        bool isDue = credit >= Percent;
        credit -= isDue ? Percent : 0;
        return isDue;
    }

    /// <summary>
    /// The service with servers that a copy goes to: composed ones choose, and know of no cookie. What is mirrored
    /// there again is not. Null if there is none of that kind.
    /// </summary>
    public Service? Resolve(int place, int loopIndex, long nowMs, uint lot)
    {
        ServiceNode node = Members[place].Node;
        while (node is ComposedService composed)
        {
            node = composed.Members[composed.Choose(loopIndex, nowMs, lot)].Node;
        }

        return node as Service;
    }
}
