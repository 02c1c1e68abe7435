using System.Collections.Generic;

namespace EdgeProxy.Config.Keys;

/// <summary>
/// What the values of a key look like in TOML, as far as an editor can know it: it never refuses what the key accepts.
/// </summary>
internal abstract record KeyShape
{
    public static KeyShape Text { get; } = new TextShape(null);

    public static KeyShape Duration { get; } = new TextShape("^(0|([0-9]{1,9}(h|m|s|ms))+)$");
}

/// <param name="Pattern">A regular expression for strings without ${...}; null if any will do.</param>
internal sealed record TextShape(string? Pattern) : KeyShape;

internal sealed record ChoiceShape(IReadOnlyList<string> Choices) : KeyShape;

internal sealed record BooleanShape : KeyShape;

internal sealed record IntegerShape(long Min, long Max) : KeyShape;

internal sealed record NumberShape(double Min, double Max) : KeyShape;

/// <summary>A number, or also a string, true or false.</summary>
internal sealed record ScalarShape(bool IsNumber) : KeyShape;

/// <summary>A string with a unit, or an integer of bytes.</summary>
internal sealed record SizeShape(long Min, long Max) : KeyShape;

/// <param name="IsUnique">The same element twice is a fault.</param>
internal sealed record ListShape(KeyShape Item, bool NeedsItems, bool IsUnique = true) : KeyShape;

/// <summary>Names of the author's own, each with a value.</summary>
internal sealed record MapShape(KeyShape Value) : KeyShape;

/// <summary>A table with keys of its own.</summary>
internal sealed record TableShape(TableDeclaration Table) : KeyShape;
