using System;
using EdgeProxy.Services.Sticky;

namespace EdgeProxy.Services.Composing;

/// <summary>
/// A service that gives each exchange to one of its members. Chosen once: tries that follow stay in the service with
/// servers the choice led to.
/// </summary>
internal abstract class ComposedService(ComposedSettings settings, ServiceMember[] members) : ServiceNode
{
    public ComposedSettings Settings { get; } = settings;

    public ServiceMember[] Members { get; } = members;

    /// <summary>Null if clients have no member of their own.</summary>
    public StickyCookies? Sticky { get; } = settings.Sticky is { } sticky
        ? new StickyCookies(sticky, settings.Name, Array.ConvertAll(members, static member => member.Node.Name))
        : null;

    public override string Name => Settings.Name;

    /// <summary>The place of the member loop <paramref name="loopIndex"/> sends to next. Never allocates.</summary>
    public abstract int Choose(int loopIndex, long nowMs, uint lot);

    public override bool IsUsable(long nowMs, uint lot)
    {
        foreach (ServiceMember member in Members)
        {
            if (member.IsWanted && member.Node.IsUsable(nowMs, lot))
            {
                return true;
            }
        }

        return false;
    }

    public static ComposedService Of(ComposedSettings settings, ServiceMember[] members) =>
        settings.Kind switch
        {
            ComposedKind.Failover => new FailoverService(settings, members),
            ComposedKind.Mirror => new MirrorService(settings, members),
            _ => new WeightedService(settings, members),
        };
}
