using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeProxy.Config.Toml;

/// <summary>A value as written, and where. Line and column count from 1; the offset counts characters from 0.</summary>
internal abstract class TomlNode(TomlSource source, int line, int column, int offset)
{
    public TomlSource Source { get; } = source;

    public int Line { get; } = line;

    public int Column { get; } = column;

    public int Offset { get; } = offset;

    /// <summary>What this is, for a fault: "a string", "a table".</summary>
    public abstract string Describe();
}

/// <summary>
/// A string, decoded. <see cref="Value"/> still has its ${...}; <see cref="Keys.TableScope"/> fills them in.
/// </summary>
internal sealed class TomlString(
    TomlSource source, int line, int column, int offset, string value, TomlQuote quote)
    : TomlNode(source, line, column, offset)
{
    public string Value { get; } = value;

    public TomlQuote Quote { get; } = quote;

    public override string Describe() => ConfigText.Quote(Value);
}

/// <summary>How a string was written, which decides where its first character stands.</summary>
internal enum TomlQuote : byte
{
    Basic,
    Literal,
    MultiLine,
}

/// <summary>An integer of 64 bits.</summary>
internal sealed class TomlInteger(TomlSource source, int line, int column, int offset, string text, long value)
    : TomlNode(source, line, column, offset)
{
    public long Value { get; } = value;

    /// <summary>As written.</summary>
    public string Text => text;

    public override string Describe() => ConfigText.Shorten(text);
}

internal sealed class TomlBoolean(TomlSource source, int line, int column, int offset, bool value)
    : TomlNode(source, line, column, offset)
{
    public bool Value { get; } = value;

    public override string Describe() => Value ? "true" : "false";
}

/// <summary>A float or a date, as written: few keys take one.</summary>
internal sealed class TomlOther(TomlSource source, int line, int column, int offset, string text, string kind)
    : TomlNode(source, line, column, offset)
{
    /// <summary>As written.</summary>
    public string Text => text;

    /// <summary>The number, if it is a float; TOML lets its digits be grouped. A date is none.</summary>
    public bool TryNumber(out double number) => double.TryParse(
        text.Replace("_", "", StringComparison.Ordinal), NumberStyles.Float, CultureInfo.InvariantCulture, out number);

    public override string Describe() => $"{kind} {ConfigText.Shorten(text)}";
}

internal sealed class TomlArray(TomlSource source, int line, int column, int offset, bool isOfTables)
    : TomlNode(source, line, column, offset)
{
    public List<TomlNode> Items { get; } = [];

    /// <summary>Written as [[name]], so that another [[name]] may add to it.</summary>
    public bool IsOfTables { get; } = isOfTables;

    public override string Describe() => IsOfTables ? "a list of tables" : "a list";
}
