using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Keys;

/// <summary>Claims and the values that each may have.</summary>
internal sealed class ClaimRulesKey(string name, string doc) : Key<Sequence<ClaimRule>>(name, doc)
{
    public override string TypeText => "table of lists";

    public override string Accepts => "write " + Range;

    public override string Range =>
        "{ role = [\"admin\"], \"realm.tenant\" = [\"a\", \"b\"] }, "
            + $"texts of 1 to {ClaimRule.CharsMax} characters";

    public override KeyShape Shape => new MapShape(new ListShape(KeyShape.Text, NeedsItems: true, IsUnique: false));

    protected override bool TryParse(
        TomlNode node, TableScope scope, [MaybeNullWhen(false)] out Sequence<ClaimRule> value)
    {
        value = null;
        if (node is not TomlTable table || table.Entries.Count is 0 or > ConfigLimits.ListItemsMax)
        {
            return Refuse(node, scope, node is TomlTable ? "has no claims, or too many" : "is not a table");
        }

        var rules = new List<ClaimRule>();
        foreach (TomlEntry entry in table.Entries)
        {
            if (IsText(entry.Key) && Values(entry, scope) is { } values)
            {
                rules.Add(new ClaimRule(entry.Key, new Sequence<string>(values)));
            }
            else
            {
                scope.Report(entry.Value, entry.Line, entry.Column, $"{Name}.{ConfigText.Key(entry.Key)}",
                    $"is not a claim with values; {Accepts}");
            }
        }

        value = new Sequence<ClaimRule>(rules);
        return rules.Count == table.Entries.Count;
    }

    private List<string>? Values(in TomlEntry entry, TableScope scope)
    {
        if (entry.Value is not TomlArray array || array.Items.Count is 0 or > ConfigLimits.ListItemsMax)
        {
            return null;
        }

        var values = new List<string>(array.Items.Count);
        foreach (TomlNode item in array.Items)
        {
            if (item is not TomlString text || !scope.TryFill(text, Name, out string? filled) || !IsText(filled))
            {
                return null;
            }

            values.Add(filled);
        }

        return values;
    }

    private static bool IsText(string text) => text.Length is > 0 and <= ClaimRule.CharsMax;
}

/// <summary>Headers and the claims that go to them.</summary>
internal sealed class ClaimHeadersKey(string name, string doc) : Key<Sequence<ClaimHeader>>(name, doc)
{
    public override string TypeText => "table of fields";

    public override string Accepts => "write " + Range;

    public override string Range => "{ X-Subject = \"sub\", X-Tenant = \"realm.tenant\" }";

    public override KeyShape Shape => new MapShape(KeyShape.Text);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [MaybeNullWhen(false)] out Sequence<ClaimHeader> value)
    {
        value = null;
        if (node is not TomlTable table)
        {
            return Refuse(node, scope, "is not a table");
        }

        var headers = new List<ClaimHeader>();
        foreach (TomlEntry entry in table.Entries)
        {
            string? why = HeaderNames.Refusal(entry.Key, out FieldName? field);
            string? path = null;
            if (why is null && !TryText(entry.Value, scope, out path))
            {
                continue;
            }

            if (path?.Length is > 0 and <= ClaimRule.CharsMax)
            {
                headers.Add(new ClaimHeader(field!, path));
            }
            else
            {
                scope.Report(entry.Value, entry.Line, entry.Column, $"{Name}.{ConfigText.Key(entry.Key)}",
                    $"{why ?? "is not a claim's name"}; {Accepts}");
            }
        }

        value = new Sequence<ClaimHeader>(headers);
        return headers.Count == table.Entries.Count;
    }
}
