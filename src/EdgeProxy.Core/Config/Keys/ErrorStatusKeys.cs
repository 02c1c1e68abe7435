using EdgeProxy.Middlewares;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Keys;

/// <summary>Error statuses and ranges of them.</summary>
internal sealed class ErrorStatusListKey(string name, string doc) : ListKey<StatusRange>(name, doc)
{
    public override string TypeText => "list of statuses";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"404\", \"500-599\"]; 400 to 599";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out StatusRange item) =>
        !StatusRange.TryParse(text, out item) ? "is no status or range"
        : item.First < ErrorsSettings.StatusMin ? "is no error status"
        : null;
}
