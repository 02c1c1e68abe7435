using System.Globalization;
using EdgeProxy.Middlewares;

namespace EdgeProxy.Config.Keys;

/// <summary>Error statuses and ranges of them.</summary>
internal sealed class StatusListKey(string name, string doc) : ListKey<StatusRange>(name, doc)
{
    public override string TypeText => "list of statuses";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"404\", \"500-599\"]; 400 to 599";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out StatusRange item)
    {
        int dash = text.IndexOf('-');
        bool isNumber = TryRead(dash < 0 ? text : text[..dash], out int from)
            & TryRead(dash < 0 ? text : text[(dash + 1)..], out int to);
        item = new StatusRange(from, to);
        return !isNumber ? "is no status or range"
            : from > to ? "ends before it starts"
            : from < ErrorsSettings.StatusMin || to > ErrorsSettings.StatusMax ? "is no error status"
            : null;
    }

    private static bool TryRead(string text, out int status) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out status) && text.Length == 3;
}
