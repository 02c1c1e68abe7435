using System;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Keys;

/// <summary>A string, 1 to <paramref name="charsMax"/> characters without control characters.</summary>
internal sealed class TextKey(string name, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => $"write a string of {Range}";

    public override string Range => $"1 to {charsMax} characters";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        return (value.Length > 0 && value.Length <= charsMax && value.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0)
            || Refuse(node, scope, "is empty, too long or has control characters");
    }
}

/// <summary>One of a few words.</summary>
internal sealed class ChoiceKey(string name, string[] choices, string doc) : Key<string>(name, doc)
{
    /// <summary>Words that the design names and this version does not have.</summary>
    public string[] Later { get; init; } = [];

    public override string TypeText => "string";

    public override string Accepts => (choices.Length == 1 ? "write " : "write one of ") + Range;

    public override string Range => string.Join(", ", choices);

    public override KeyShape Shape => new ChoiceShape(choices);

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value) || Array.IndexOf(choices, value) >= 0)
        {
            return value is not null;
        }

        bool isLater = Array.IndexOf(Later, value) >= 0;
        return Refuse(node, scope, isLater ? "is not supported in this version" : "is unknown");
    }
}

internal sealed class BooleanKey(string name, string doc) : Key<bool>(name, doc)
{
    public override string TypeText => "boolean";

    public override string Accepts => "write " + Range;

    public override string Range => "true or false";

    public override KeyShape Shape => new BooleanShape();

    protected override bool TryParse(TomlNode node, TableScope scope, out bool value)
    {
        value = node is TomlBoolean { Value: true };
        return node is TomlBoolean || Refuse(node, scope, "is not a boolean");
    }
}

/// <summary>A count: an integer from <paramref name="min"/> to <paramref name="max"/>, or none.</summary>
internal sealed class IntegerKey(string name, int min, int max, string unit, string doc) : Key<int?>(name, doc)
{
    public override string TypeText => "integer";

    /// <summary>What 0 means, if it is not just a number.</summary>
    public string? ZeroMeans { get; init; }

    public override string Accepts => "write an integer, " + Range;

    public override string Range =>
        string.Create(CultureInfo.InvariantCulture, $"{min} to {max}{(unit.Length == 0 ? "" : " ")}{unit}")
            + (ZeroMeans is null ? "" : $"; 0 is {ZeroMeans}");

    public override KeyShape Shape => new IntegerShape(min, max);

    /// <summary>For keys that have a default.</summary>
    public int ReadValue(TableScope scope) => Read(scope) ?? 0;

    protected override bool TryParse(TomlNode node, TableScope scope, out int? value)
    {
        value = null;
        if (node is not TomlInteger integer)
        {
            return Refuse(node, scope, "is not an integer");
        }

        if (integer.Value < min || integer.Value > max)
        {
            return Refuse(node, scope, "is out of range");
        }

        value = (int)integer.Value;
        return true;
    }
}

/// <summary>A duration, "500ms" or "1m30s"; 0 only where it means something.</summary>
internal sealed class DurationKey(string name, TimeSpan min, TimeSpan max, string doc) : Key<TimeSpan>(name, doc)
{
    public override string TypeText => "duration";

    public string? ZeroMeans { get; init; }

    public override string Accepts => $"write \"500ms\", \"10s\", \"5m\" or \"1h\" ({Range})";

    public override string Range =>
        $"{DurationText.Format(min)} to {DurationText.Format(max)}"
            + (ZeroMeans is null ? "" : $"; \"0\" is {ZeroMeans}");

    public override KeyShape Shape => KeyShape.Duration;

    protected override bool TryParse(TomlNode node, TableScope scope, out TimeSpan value)
    {
        value = default;
        if (node is not TomlString)
        {
            return Refuse(node, scope, node is TomlInteger ? "has no unit" : "is not a duration");
        }

        if (!TryText(node, scope, out string? text))
        {
            return false;
        }

        if (!DurationText.TryParse(text, out value))
        {
            return Refuse(node, scope, "is not a duration");
        }

        bool isZero = value == TimeSpan.Zero && ZeroMeans is not null;
        return isZero || (value >= min && value <= max) || Refuse(node, scope, "is out of range");
    }
}

/// <summary>A size in bytes: "64KiB", "512", or an integer.</summary>
internal sealed class SizeKey(string name, int min, int max, string doc) : Key<int>(name, doc)
{
    public override string TypeText => "size";

    public override string Accepts => $"write \"512\", \"64KiB\" or \"1MiB\" ({Range})";

    public override string Range => $"{SizeText.Format(min)} to {SizeText.Format(max)}";

    public override KeyShape Shape => new SizeShape(min, max);

    protected override bool TryParse(TomlNode node, TableScope scope, out int value)
    {
        value = 0;
        long bytes;
        if (node is TomlInteger integer)
        {
            bytes = integer.Value;
        }
        else if (node is not TomlString)
        {
            return Refuse(node, scope, "is not a size");
        }
        else if (!TryText(node, scope, out string? text))
        {
            return false;
        }
        else if (!SizeText.TryParse(text, out bytes))
        {
            return Refuse(node, scope, "is not a size");
        }

        if (bytes < min || bytes > max)
        {
            return Refuse(node, scope, "is out of range");
        }

        value = (int)bytes;
        return true;
    }
}
