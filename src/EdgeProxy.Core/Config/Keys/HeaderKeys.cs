using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Keys;

/// <summary>Which fields a configuration may change.</summary>
internal static class HeaderNames
{
    /// <summary>Why not, or null.</summary>
    public static string? Refusal(string text, out FieldName? name)
    {
        if (!FieldName.TryCreate(text, out name))
        {
            return "is not a field name";
        }

        // Framing and connection control belong to the proxy (RFC 9110 section 7.6), and so does what it knows best.
        return name.Known is > KnownHeader.Unknown and <= KnownHeader.XForwardedFor or KnownHeader.Date
            ? "belongs to the proxy"
            : null;
    }
}

/// <summary>One field name; null if absent.</summary>
internal sealed class HeaderNameKey(string name, string doc) : Key<FieldName?>(name, doc)
{
    public override string TypeText => "field name";

    public override string Accepts => "write " + Range;

    public override string Range => "a field name; not one of framing, Host, Date, Forwarded, X-Forwarded-For";

    protected override bool TryParse(TomlNode node, TableScope scope, out FieldName? value)
    {
        value = null;
        if (!TryText(node, scope, out string? text))
        {
            return false;
        }

        string? problem = HeaderNames.Refusal(text, out value);
        return problem is null || RefuseText(node, text, scope, problem);
    }
}

/// <summary>Field names.</summary>
internal sealed class HeaderListKey(string name, string doc) : ListKey<FieldName>(name, doc)
{
    public override string TypeText => "list of field names";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"X-Powered-By\"]; not those of framing, Host, Date, Forwarded, X-Forwarded-For";

    protected override string? ParseItem(string text, out FieldName? item) => HeaderNames.Refusal(text, out item);
}

/// <summary>A table of field names and values.</summary>
internal sealed class HeaderMapKey(string name, string doc) : Key<Sequence<HeaderLine>>(name, doc)
{
    public override string TypeText => "table of fields";

    public override string Accepts => "write " + Range;

    public override string Range =>
        $"{{ X-Name = \"value\" }}; a value may name {{{string.Join("}, {", ValueTemplate.Facts)}}}";

    public override KeyShape Shape => new MapShape(KeyShape.Text);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [MaybeNullWhen(false)] out Sequence<HeaderLine> value)
    {
        value = null;
        if (node is not TomlTable table)
        {
            return Refuse(node, scope, "is not a table");
        }

        var lines = new List<HeaderLine>();
        foreach (TomlEntry entry in table.Entries)
        {
            string key = $"{Name}.{ConfigText.Key(entry.Key)}";
            string? problem = HeaderNames.Refusal(entry.Key, out FieldName? field);
            if (problem is not null)
            {
                scope.Report(entry.Value, entry.Line, entry.Column, key, problem);
            }
            else if (TryText(entry.Value, scope, out string? text))
            {
                if (ValueTemplate.Parse(text, out problem) is { } template)
                {
                    lines.Add(new HeaderLine(field!, template));
                }
                else
                {
                    // What was filled in may be a secret.
                    bool isAsWritten = ((TomlString)entry.Value).Value == text;
                    scope.Report(entry.Value, key, isAsWritten ? problem : "is no value with its ${...} filled in");
                }
            }
        }

        value = new Sequence<HeaderLine>(lines);
        return lines.Count == table.Entries.Count;
    }
}
