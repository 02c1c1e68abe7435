namespace EdgeProxy.Services.Composing;

/// <summary>Where a router leads whose middlewares answer every request themselves.</summary>
internal sealed class NoService : ServiceNode
{
    public static readonly NoService Instance = new();

    private NoService()
    {
    }

    public override string Name => "";

    public override bool IsUsable(long nowMs, uint lot) => false;
}
