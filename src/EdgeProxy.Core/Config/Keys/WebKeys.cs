using System;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Middlewares;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Keys;

/// <summary>The value of a field that the proxy writes as it stands; empty where that means something.</summary>
internal sealed class FieldTextKey(string name, string doc) : Key<string>(name, doc)
{
    private const int CharsMax = 4096;

    public string? EmptyMeans { get; init; }

    public override string TypeText => "string";

    public override string Accepts => "write printable ASCII, " + Range;

    public override string Range =>
        $"{(EmptyMeans is null ? 1 : 0)} to {CharsMax} characters"
            + (EmptyMeans is null ? "" : $"; \"\" is {EmptyMeans}");

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        string? reason = value.Length > CharsMax ? "is too long"
            : value.Length == 0 && EmptyMeans is null ? "is empty"
            : value.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0 ? "has a character that is not printable ASCII"
            : null;
        return reason is null || Refuse(node, scope, reason);
    }
}

/// <summary>A text sent as a body; may have lines.</summary>
internal sealed class BodyKey(string name, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => "write a string of " + Range;

    public override string Range => $"0 to {charsMax} characters";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value) =>
        TryText(node, scope, out value) && (value.Length <= charsMax || Refuse(node, scope, "is too long"));
}

/// <summary>Origins of pages, and "*".</summary>
internal sealed class OriginListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public const string Any = "*";

    public override string TypeText => "list of origins";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"https://app.example.com\", \"http://localhost:3000\"] or [\"*\"]";

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return text == Any ? null : OriginText.Refusal(text);
    }
}

/// <summary>Regular expressions for whole origins.</summary>
internal sealed class OriginRegexListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of regular expressions";

    public override string Accepts => "write Go's dialect (RE2), " + ExampleToml;

    public override string Range => "Go's dialect (RE2), for the whole origin";

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        bool isGood = UserPattern.Create(text, out PatternError error) is not null
            && Cors.OriginPattern(text, out error) is not null;
        return isGood ? null : RegexText.Describe(error);
    }
}

/// <summary>Tokens (RFC 9110 section 5.6.2): methods, field names, "*".</summary>
internal sealed class TokenListKey(string name, string what, string doc) : ListKey<string>(name, doc)
{
    private const int CharsMax = 128;

    public override string TypeText => $"list of {what}s";

    public override string Accepts => $"write a list of {what}s, {ExampleToml ?? DefaultToml}";

    public override string Range => $"{what}s";

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return text.Length <= CharsMax && FieldName.TryCreate(text, out _) ? null : $"is no {what}";
    }
}

/// <summary>One token (RFC 9110 section 5.6.2); null if absent.</summary>
internal sealed class TokenKey(string name, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => "write a token of " + Range;

    public override string Range => $"1 to {charsMax} letters, digits and !#$%&'*+-.^_`|~";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value) =>
        TryText(node, scope, out value)
        && ((value.Length <= charsMax && FieldName.TryCreate(value, out _)) || Refuse(node, scope, "is no token"));
}
