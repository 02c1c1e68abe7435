using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>The value of a cookie's attribute: visible ASCII without what ends it.</summary>
internal sealed class CookieAttributeKey(string name, string start, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => "write " + Range;

    public override string Range =>
        $"1 to {charsMax} visible ASCII characters but ; and ,{(start.Length == 0 ? "" : $", from '{start}' on")}";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        bool isGood = value.Length > 0 && value.Length <= charsMax
            && value.StartsWith(start, System.StringComparison.Ordinal);
        foreach (char character in value)
        {
            isGood &= character is >= '!' and <= '~' and not (';' or ',');
        }

        return isGood || Refuse(node, scope, "cannot stand in a cookie");
    }
}
