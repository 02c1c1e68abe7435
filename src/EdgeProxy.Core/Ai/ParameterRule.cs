using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Ai;

/// <summary>What a rule does with a parameter; the words of TOML's keys.</summary>
internal enum ParameterAction : byte
{
    /// <summary>min, max and default: what is there stays within, what is not there is added.</summary>
    Bound,
    Force,
    Drop,
    Reject,
}

/// <summary>One of [services.NAME.ai] parameters: what requests may ask of a model.</summary>
internal sealed record ParameterRule
{
    /// <summary>As written, for refusals.</summary>
    public required string Text { get; init; }

    /// <summary>Names from the outermost object on; "[]" stands for every item of a list.</summary>
    public required Sequence<string> Path { get; init; }

    public required ParameterAction Action { get; init; }

    /// <summary>Calls it is about; empty for all.</summary>
    public Sequence<string> Apis { get; init; } = Sequence<string>.Empty;

    /// <summary>Null for none.</summary>
    public JsonScalar? Min { get; init; }

    public JsonScalar? Max { get; init; }

    /// <summary>What default or force puts there.</summary>
    public JsonScalar? Value { get; init; }
}

/// <summary>A value as JSON spells it.</summary>
/// <param name="Number">Null if it is none.</param>
internal sealed record JsonScalar(string Json, double? Number);
