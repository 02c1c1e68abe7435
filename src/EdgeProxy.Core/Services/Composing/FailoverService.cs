using EdgeProxy.Services.Health;

namespace EdgeProxy.Services.Composing;

/// <summary>
/// The main service; its fallback while the main one has no usable server, and for answers that say so.
/// </summary>
internal sealed class FailoverService(ComposedSettings settings, ServiceMember[] members)
    : ComposedService(settings, members)
{
    public const int Main = 0;
    public const int Fallback = 1;

    /// <summary>There are answers of the main service that are not passed on.</summary>
    public bool HasStatuses { get; } = !settings.Statuses.Equals(StatusSet.Empty);

    public override int Choose(int loopIndex, long nowMs, uint lot) =>
        Members[Main].Node.IsUsable(nowMs, lot) ? Main : Fallback;

    /// <summary>
    /// An exchange goes to this member; true if that is news. That a breaker which recovers sends only some to the main
    /// service is none.
    /// </summary>
    public bool NoteSwitch(int place, long nowMs) =>
        (place == Main || !Members[Main].Node.IsUsable(nowMs, lot: 0))
        && Members[Main].Share.NoteLeft(place == Fallback);
}
