namespace EdgeProxy.Services.Composing;

/// <summary>A member of a composed service, in one configuration.</summary>
internal sealed class ServiceMember(ServiceNode node, int weight, MemberShare share)
{
    public ServiceNode Node { get; } = node;

    /// <summary>0 to 1000.</summary>
    public int Weight { get; } = weight;

    /// <summary>What the loops remember of it, over reloads.</summary>
    public MemberShare Share { get; } = share;

    /// <summary>It is to get requests at all.</summary>
    public bool IsWanted => Weight > 0;
}
