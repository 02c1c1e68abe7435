using System;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Ai;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>What a model's name may be.</summary>
internal static class ModelNameText
{
    public static readonly string Range =
        $"1 to {AiLimits.ModelCharsMax} visible characters; a * only at the end, for every name that begins so";

    public static bool IsValid(string text) =>
        text.Length is > 0 and <= AiLimits.ModelCharsMax && !text.AsSpan().ContainsAnyExceptInRange('!', '~')
        && text.IndexOf('*', StringComparison.Ordinal) is var star && (star < 0 || star == text.Length - 1);
}

/// <summary>A model's name, or the beginning of many with a * behind it.</summary>
/// <param name="of">Whose name it is.</param>
internal sealed class ModelNameKey(string name, string doc, string of = "a model") : Key<string?>(name, doc)
{
    public override string TypeText => $"name of {of}";

    public override string Accepts => "write " + Range;

    public override string Range => ModelNameText.Range;

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value) =>
        TryText(node, scope, out value)
        && (ModelNameText.IsValid(value) || RefuseText(node, value, scope, $"is not the name of {of}"));
}

/// <summary>Names of models or tools; empty is a fault.</summary>
internal sealed class ModelNameListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of names";

    public override string Accepts => "write names, for example " + ExampleToml;

    public override string Range => "names; a * at the end for every name that begins so";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return ModelNameText.IsValid(text) ? null : "is not such a name";
    }
}
