using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Keys;

/// <summary>Text of a query's parameter, not encoded.</summary>
internal static class QueryText
{
    /// <summary>Why not, or null.</summary>
    public static string? Refusal(string text) =>
        text.Length > QuerySettings.CharsMax ? $"is longer than {QuerySettings.CharsMax} characters"
        : text.AsSpan().IndexOfAnyInRange('\0', '\x1f') >= 0 ? "has control characters"
        : null;
}

/// <summary>Names of parameters.</summary>
internal sealed class QueryNameListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of names";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"debug\"]; as text, not encoded";

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return text.Length == 0 ? "is empty" : QueryText.Refusal(text);
    }
}

/// <summary>A table of parameters and their values.</summary>
internal sealed class QueryMapKey(string name, string doc) : Key<Sequence<QueryParameter>>(name, doc)
{
    public override string TypeText => "table of parameters";

    public override string Accepts => "write " + Range;

    public override string Range => "{ name = \"value\" }; as text, not encoded";

    public override KeyShape Shape => new MapShape(KeyShape.Text);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [MaybeNullWhen(false)] out Sequence<QueryParameter> value)
    {
        value = null;
        if (node is not TomlTable table)
        {
            return Refuse(node, scope, "is not a table");
        }

        var parameters = new List<QueryParameter>();
        foreach (TomlEntry entry in table.Entries)
        {
            string key = $"{Name}.{ConfigText.Key(entry.Key)}";
            if ((entry.Key.Length == 0 ? "is empty" : QueryText.Refusal(entry.Key)) is { } bad)
            {
                scope.Report(entry.Value, entry.Line, entry.Column, key, bad);
            }
            else if (TryText(entry.Value, scope, out string? text))
            {
                if (QueryText.Refusal(text) is { } reason)
                {
                    scope.Report(entry.Value, key, reason);
                }

                parameters.Add(new QueryParameter(entry.Key, text));
            }
        }

        value = new Sequence<QueryParameter>(parameters);
        return parameters.Count == table.Entries.Count;
    }
}
