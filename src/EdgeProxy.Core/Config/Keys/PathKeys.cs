using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Text;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Keys;

/// <summary>
/// What a path in the configuration must be: the form that requests are brought into, or it could never fit.
/// </summary>
internal static class PathText
{
    /// <summary>Why not, or null.</summary>
    public static string? Refusal(string text)
    {
        if (text.Length == 0 || text[0] != '/')
        {
            return "does not start with '/'";
        }

        byte[] path = Encoding.UTF8.GetBytes(text);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(path.Length)];
        return CanonicalPath.Read(path, scratch, out int length, out _, out RejectReason reason) switch
        {
            PathStatus.AlreadyCanonical => null,
            PathStatus.Rewritten => $"is not canonical; write '{Encoding.ASCII.GetString(scratch, 0, length)}'",
            _ => $"is not a path: {RejectReasons.Text(reason)}",
        };
    }
}

/// <summary>A canonical path.</summary>
internal sealed class PathKey(string name, string doc) : Key<string>(name, doc)
{
    private const int CharsMax = 2048;

    public override string TypeText => "path";

    public override string Accepts => "write " + Range;

    public override string Range => "\"/api\"";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        string? reason = value.Length > CharsMax ? $"is longer than {CharsMax} characters" : PathText.Refusal(value);
        return reason is null || RefuseText(node, value, scope, reason);
    }
}

/// <summary>Canonical paths.</summary>
internal sealed class PathListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of paths";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"/api\", \"/v1/api\"]";

    protected override bool IsRequiredToHaveItems => true;

    public static Sequence<string> Values(IReadOnlyList<Placed<string>> items)
    {
        var values = new List<string>(items.Count);
        foreach (Placed<string> item in items)
        {
            values.Add(item.Value);
        }

        return new Sequence<string>(values);
    }

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return PathText.Refusal(text);
    }
}

/// <summary>A canonical path in which the status of an error may stand for itself.</summary>
internal sealed class PagePathKey(string name, string doc) : Key<string>(name, doc)
{
    private const int CharsMax = 2048;

    public override string TypeText => "path";

    public override string Accepts => "write " + Range;

    public override string Range => $"\"/errors/{ErrorPages.Placeholder}.html\"";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        string path = value.Replace(ErrorPages.Placeholder, "404", StringComparison.Ordinal);
        string? reason = path.Length > CharsMax ? $"is longer than {CharsMax} characters" : PathText.Refusal(path);
        return reason is null || RefuseText(node, value, scope, reason);
    }
}
