using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using EdgeProxy.Ai;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Keys;

/// <summary>A value that stands in a request: a string, a number, true or false.</summary>
/// <param name="isNumber">Only numbers will do.</param>
internal sealed class JsonScalarKey(string name, bool isNumber, string doc) : Key<JsonScalar?>(name, doc)
{
    public override string TypeText => isNumber ? "number" : "string, number, true or false";

    public override string Accepts => "write " + (isNumber ? "a number" : "a string, a number, true or false");

    public override string Range =>
        isNumber ? "any number" : $"strings of up to {ParameterLimits.TextCharsMax} characters";

    public override KeyShape Shape => new ScalarShape(isNumber);

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out JsonScalar? value)
    {
        value = node switch
        {
            TomlInteger integer =>
                new JsonScalar(integer.Value.ToString(CultureInfo.InvariantCulture), integer.Value),
            TomlOther other when other.TryNumber(out double number) && double.IsFinite(number) =>
                new JsonScalar(number.ToString("R", CultureInfo.InvariantCulture), number),
            TomlBoolean boolean when !isNumber => new JsonScalar(boolean.Value ? "true" : "false", null),
            _ => null,
        };
        if (value is not null || isNumber || node is not TomlString)
        {
            return value is not null || Refuse(node, scope, "is no such value");
        }

        if (!TryText(node, scope, out string? text))
        {
            return false;
        }

        value = new JsonScalar($"\"{JsonEncodedText.Encode(text)}\"", null);
        return text.Length <= ParameterLimits.TextCharsMax || RefuseText(node, text, scope, "is too long");
    }
}

/// <summary>Where a parameter stands in a request: names with dots between them, [] for every item of a list.</summary>
internal sealed class ParameterPathKey(string name, string doc) : Key<string?>(name, doc)
{
    /// <summary>The path may be the one of a request's model, which no rule decides.</summary>
    public bool TakesModel { get; init; }

    public override string TypeText => "path";

    public override string Accepts => "write names with dots between them, [] behind one for every item of a list";

    public override string Range =>
        $"up to {ParameterLimits.DepthMax} names, as options.seed; [] behind one for every item of a list, as "
            + $"messages[].name{(TakesModel ? "" : "; not model")}";

    /// <summary>The names of a path that was accepted.</summary>
    public static Sequence<string> Split(string path)
    {
        var names = new List<string>();
        foreach (string part in path.Split('.'))
        {
            string name = part;
            while (name.EndsWith(ParameterLimits.Items, StringComparison.Ordinal))
            {
                name = name[..^2];
            }

            names.Add(name);
            for (int i = name.Length; i < part.Length; i += 2)
            {
                names.Add(ParameterLimits.Items);
            }
        }

        return new Sequence<string>(names);
    }

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        if (value == "model" && !TakesModel)
        {
            return RefuseText(node, value, scope, "is decided by models");
        }

        bool isGood = value.Length <= ParameterLimits.PathCharsMax;
        if (isGood)
        {
            Sequence<string> names = Split(value);
            isGood = names.Count <= ParameterLimits.DepthMax;
            foreach (string one in names)
            {
                isGood &= one.Length > 0 && (one == ParameterLimits.Items || !one.AsSpan().ContainsAny('[', ']'));
            }
        }

        return isGood || RefuseText(node, value, scope, "is no such path");
    }
}
