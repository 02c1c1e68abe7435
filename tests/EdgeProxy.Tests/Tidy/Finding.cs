namespace EdgeProxy.Tests.Tidy;

/// <summary>One thing that is not as the house wants it, and what to do instead.</summary>
internal sealed record Finding(string Path, int Line, string What, string Instead)
{
    public override string ToString() => $"{Path}:{Line}: {What}, {Instead}";
}
