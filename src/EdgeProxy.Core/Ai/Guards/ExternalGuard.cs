using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>A guard that is another program: it is sent a prompt or an answer and says whether it may go on.</summary>
/// <param name="Name">In records and refusals.</param>
/// <param name="Timeout">Until it has decided.</param>
/// <param name="OpensOnFailure">What it does not decide about goes on; else 503, or the end of a stream.</param>
/// <param name="ReportOnly">What it says is told of, and changes nothing.</param>
internal sealed record ExternalGuard(string Name, Uri Url, TimeSpan Timeout, bool OpensOnFailure, bool ReportOnly)
{
    public const int CountMax = 8;

    /// <summary>It is asked about prompts.</summary>
    public bool AsksPrompts { get; init; } = true;

    /// <summary>It is asked about answers.</summary>
    public bool AsksAnswers { get; init; }

    /// <summary>Asked at once by one ai_guard; over it a question counts as failed.</summary>
    public const int AskedMax = 256;

    public const int ReplyBytesMax = 64 * 1024;

    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(2);
}

/// <summary>What an external guard said.</summary>
internal enum ExternalReply : byte
{
    // Of several about one answer the last of these is told.
    NotAsked,
    Allow,
    Failed,
    Block,
}

/// <summary>What external guards are asked about.</summary>
internal enum ExternalAbout : byte
{
    /// <summary>The request's body, as it would go to the model.</summary>
    Prompt,

    /// <summary>The answer's, as it would go to the client.</summary>
    Answer,

    /// <summary>Texts of a stream (AnswerWindow).</summary>
    AnswerPart,
}
