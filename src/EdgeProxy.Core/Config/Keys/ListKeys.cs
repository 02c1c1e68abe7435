using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Keys;

/// <summary>An element of a list and where it stands, for checks that come later.</summary>
internal readonly record struct Placed<T>(T Value, TomlNode Node);

/// <summary>Lists without the places.</summary>
internal static class PlacedItems
{
    public static Sequence<T> Values<T>(IReadOnlyList<Placed<T>>? items)
    {
        var values = new List<T>();
        foreach (Placed<T> item in items ?? [])
        {
            values.Add(item.Value);
        }

        return new Sequence<T>(values);
    }
}

/// <summary>A list of strings, each read as a <typeparamref name="T"/>; the same element twice is a fault.</summary>
internal abstract class ListKey<T>(string name, string doc) : Key<IReadOnlyList<Placed<T>>>(name, doc)
{
    protected override bool TryParse(
        TomlNode node, TableScope scope, [MaybeNullWhen(false)] out IReadOnlyList<Placed<T>> value)
    {
        value = null;
        if (node is not TomlArray { IsOfTables: false } array)
        {
            return Refuse(node, scope, "is not a list");
        }

        if (array.Items.Count > ConfigLimits.ListItemsMax)
        {
            scope.Report(node, Name, $"has {array.Items.Count} elements; the most are {ConfigLimits.ListItemsMax}");
            return false;
        }

        if (array.Items.Count == 0 && IsRequiredToHaveItems)
        {
            scope.Report(node, Name, $"is empty; {Accepts}");
            return false;
        }

        var items = new List<Placed<T>>(array.Items.Count);
        HashSet<T>? seen = array.Items.Count > 1 ? [] : null;
        foreach (TomlNode element in array.Items)
        {
            if (!TryText(element, scope, out string? text))
            {
                continue;
            }

            if (ParseItem(text, out T? item) is { } reason)
            {
                if (IsSecret)
                {
                    scope.Report(element, Name, $"{reason}; {Accepts}");
                }
                else
                {
                    RefuseText(element, text, scope, reason);
                }
            }
            else if (seen?.Add(item!) == false)
            {
                scope.Report(element, Name, $"{(IsSecret ? "this" : element.Describe())} stands in the list twice");
            }
            else
            {
                items.Add(new Placed<T>(item!, element));
            }
        }

        // The good ones, so that what they name is checked in the same run.
        value = items;
        return true;
    }

    public override KeyShape Shape => new ListShape(ItemShape, IsRequiredToHaveItems);

    protected virtual KeyShape ItemShape => KeyShape.Text;

    protected virtual bool IsRequiredToHaveItems => false;

    /// <summary>Null, or why not.</summary>
    protected abstract string? ParseItem(string text, out T? item);
}

/// <summary>Names of other tables; empty is a fault, absent is the default.</summary>
internal sealed class NameListKey(string name, string what, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of names";

    public override string Accepts => $"write a list of {what} names, {ExampleToml}";

    public override string Range => $"names of {what}s";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return NameText.IsName(text) ? null : "is not a name";
    }
}

/// <summary>Some of a few words.</summary>
internal sealed class ChoiceListKey(string name, string[] choices, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of words";

    public override string Accepts => "write a list of " + Range;

    public override string Range => string.Join(", ", choices);

    /// <summary>An empty list is a fault.</summary>
    public bool NeedsItems { get; init; }

    protected override bool IsRequiredToHaveItems => NeedsItems;

    protected override KeyShape ItemShape => new ChoiceShape(choices);

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return Array.IndexOf(choices, text) >= 0 ? null : "is unknown";
    }
}

/// <summary>Texts that are compared as they stand.</summary>
internal sealed class WordListKey(string name, int countMax, string doc) : ListKey<string>(name, doc)
{
    private const int CharsMax = 1024;

    public override string TypeText => "list of strings";

    public override string Accepts => "write " + Range;

    public override string Range => $"1 to {countMax} texts of 1 to {CharsMax} characters";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return text.Length is > 0 and <= CharsMax ? null : "is empty or too long";
    }
}

/// <summary>Addresses and address ranges.</summary>
internal sealed class NetworkListKey(string name, string doc) : ListKey<IPNetwork>(name, doc)
{
    public override string TypeText => "list of addresses and ranges";

    public override string Accepts => "write " + Range;

    public override string Range => "[\"10.0.0.0/8\", \"192.0.2.1\", \"2001:db8::/32\"]";

    /// <summary>An empty list is a fault.</summary>
    public bool NeedsItems { get; init; }

    protected override bool IsRequiredToHaveItems => NeedsItems;

    protected override string? ParseItem(string text, out IPNetwork item) => AddressText.ParseNetwork(text, out item);
}

/// <summary>Files to read besides, with wildcards in the file name.</summary>
internal sealed class PatternListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of files";

    public override string Accepts => "write [\"conf.d/*.toml\"]; " + Range;

    public override string Range => "* and ? only in the file name";

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return IncludePattern.IsValid(text) ? null : "is not a file or pattern";
    }
}
