namespace EdgeProxy.Services.Composing;

/// <summary>The main service; its fallback while the main one has no usable server.</summary>
internal sealed class FailoverService(ComposedSettings settings, ServiceMember[] members)
    : ComposedService(settings, members)
{
    public const int Main = 0;
    public const int Fallback = 1;

    public override int Choose(int loopIndex, long nowMs) => Members[Main].Node.IsUsable(nowMs) ? Main : Fallback;

    /// <summary>An exchange goes to this member; true if the ones before it went to the other.</summary>
    public bool NoteSwitch(int place) => Members[Main].Share.NoteLeft(place == Fallback);
}
