using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Config.Keys;

/// <summary>A string of visible ASCII characters, perhaps with a set beginning.</summary>
internal sealed class VisibleTextKey(string name, string start, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => "write " + Range;

    public override string Range =>
        $"1 to {charsMax} visible ASCII characters, no spaces{(start.Length == 0 ? "" : $", from '{start}' on")}";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        return (value.Length > 0 && value.Length <= charsMax && value.StartsWith(start, StringComparison.Ordinal)
                && value.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0)
            || Refuse(node, scope, "cannot stand in a request");
    }
}

/// <summary>Statuses and ranges of them: "503", "500-599".</summary>
/// <param name="first">The lowest that is accepted.</param>
internal sealed class StatusListKey(string name, string doc, int first = StatusRange.Min)
    : ListKey<StatusRange>(name, doc)
{
    public override string TypeText => "list of statuses";

    public override string Accepts => "write a list of " + Range;

    public override string Range => $"\"503\" or \"500-599\", from {first} to {StatusRange.Max}";

    /// <summary>The statuses as a set; that of the default if there are none.</summary>
    public StatusSet ReadSet(TableScope scope, StatusSet standard)
    {
        if (!scope.TryFind(Name, out _))
        {
            return standard;
        }

        var ranges = new List<StatusRange>();
        foreach (Placed<StatusRange> range in Read(scope) ?? [])
        {
            ranges.Add(range.Value);
        }

        return new StatusSet(ranges);
    }

    protected override string? ParseItem(string text, out StatusRange item) =>
        !StatusRange.TryParse(text, out item) ? "is not a status or range of them"
        : item.First < first ? "is no status of an answer"
        : null;
}

/// <summary>Header fields to send, name = "value"; none that frames or addresses a request.</summary>
internal sealed class FieldsKey(string name, int countMax, string doc) : Key<string>(name, doc)
{
    private static readonly string[] s_reserved =
        ["host", "connection", "content-length", "transfer-encoding", "upgrade", "te", "trailer", "expect"];

    public override string TypeText => "table of strings";

    public override string Accepts => "write " + Range;

    public override string Range => "{ X-Probe = \"1\" }, " + $"at most {countMax}";

    public override KeyShape Shape => new MapShape(KeyShape.Text);

    /// <summary>The value is the field lines, each with its CRLF.</summary>
    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        value = null;
        if (node is not TomlTable table || table.Entries.Count > countMax)
        {
            return Refuse(node, scope, node is TomlTable ? "has too many fields" : "is not a table");
        }

        var lines = new StringBuilder();
        foreach (TomlEntry entry in table.Entries)
        {
            if (!IsName(entry.Key))
            {
                scope.Report(entry.Value, entry.Line, entry.Column, Name,
                    $"{ConfigText.Quote(entry.Key)} is not a header that may be set here");
            }
            else if (TryText(entry.Value, scope, out string? text))
            {
                if (text.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
                {
                    Refuse(entry.Value, scope, "has characters that cannot stand in a header");
                }

                lines.Append(entry.Key).Append(": ").Append(text.Trim(' ')).Append("\r\n");
            }
        }

        value = lines.ToString();
        return true;
    }

    private static bool IsName(string name)
    {
        foreach (char character in name)
        {
            if (character > '~' || !AsciiSet.Token.Contains((byte)character))
            {
                return false;
            }
        }

        return name.Length > 0 && Array.IndexOf(s_reserved, name.ToLowerInvariant()) < 0;
    }
}
