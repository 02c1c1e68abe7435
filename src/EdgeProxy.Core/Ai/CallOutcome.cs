using System;

namespace EdgeProxy.Ai;

/// <summary>How a call of a model ended.</summary>
internal enum CallOutcome : byte
{
    Ok,

    /// <summary>Not whole: a side left, or broke off.</summary>
    Cut,
    Halted,

    /// <summary>The provider refused, or said what nobody can read.</summary>
    Failed,

    /// <summary>It said so within an answer with a good status.</summary>
    ErrorWithin,

    /// <summary>The proxy answered, nobody was asked.</summary>
    Refused,

    /// <summary>The proxy counted the tokens, by its estimate; nobody was asked.</summary>
    Estimated,
    OverPlan,

    /// <summary>A guard kept the answer back.</summary>
    Withheld,
}

/// <summary>Words for them.</summary>
internal static class CallOutcomes
{
    /// <summary>Ok, and those up to it, are told apart by metrics; for those any other outcome is ok.</summary>
    public const CallOutcome LastError = CallOutcome.ErrorWithin;

    public static ReadOnlySpan<byte> WordOf(CallOutcome outcome) => outcome switch
    {
        CallOutcome.Refused => "refused"u8,
        CallOutcome.Estimated => "estimated"u8,
        CallOutcome.Cut => "cut"u8,
        CallOutcome.Halted => "halted"u8,
        CallOutcome.OverPlan => "over_plan"u8,
        CallOutcome.Withheld => "withheld"u8,
        CallOutcome.Failed => "failed"u8,
        CallOutcome.ErrorWithin => "error_within"u8,
        _ => "ok"u8,
    };

    /// <summary>The provider, or the way to it, failed: error.type of the conventions.</summary>
    public static bool IsError(CallOutcome outcome) =>
        outcome is >= CallOutcome.Cut and <= LastError;
}

/// <summary>gen_ai.operation.name of the conventions.</summary>
internal enum AiOperation : byte
{
    Chat,
    TextCompletion,
    Embeddings,

    /// <summary>None of theirs.</summary>
    CountTokens,
    Count,
}

/// <summary>Which operation a call is.</summary>
internal static class AiOperations
{
    public static AiOperation Of(AiCallKind kind) => kind switch
    {
        AiCallKind.OllamaGenerate => AiOperation.TextCompletion,
        AiCallKind.Embeddings or AiCallKind.OllamaEmbed => AiOperation.Embeddings,
        AiCallKind.CountTokens => AiOperation.CountTokens,
        _ => AiOperation.Chat,
    };

    public static ReadOnlySpan<byte> WordOf(AiOperation operation) => operation switch
    {
        AiOperation.TextCompletion => "text_completion"u8,
        AiOperation.Embeddings => "embeddings"u8,
        AiOperation.CountTokens => "count_tokens"u8,
        _ => "chat"u8,
    };
}
