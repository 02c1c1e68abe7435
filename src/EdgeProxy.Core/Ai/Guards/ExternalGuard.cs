using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>A guard that is another program: it is sent the prompt and says whether it may go on.</summary>
/// <param name="Name">In records and refusals.</param>
/// <param name="Timeout">Until it has decided.</param>
/// <param name="OpensOnFailure">The prompt goes on if it does not decide; else 503.</param>
/// <param name="ReportOnly">What it says is told of, and changes nothing.</param>
internal sealed record ExternalGuard(string Name, Uri Url, TimeSpan Timeout, bool OpensOnFailure, bool ReportOnly)
{
    public const int CountMax = 8;

    /// <summary>Asked at once by one ai_guard; over it a question counts as failed.</summary>
    public const int AskedMax = 256;

    public const int ReplyBytesMax = 64 * 1024;

    public static readonly TimeSpan TimeoutDefault = TimeSpan.FromSeconds(2);
}

/// <summary>What an external guard said.</summary>
internal enum ExternalReply : byte
{
    Failed,
    Allow,
    Block,
}
