using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Ai.Guards;

/// <summary>What a rule looks for; the words of TOML's detect.</summary>
internal enum GuardDetect : byte
{
    Secret,
    CardNumber,
    Iban,
    Email,
    Phone,
    IpAddress,
    Pattern,
    Words,
    PromptInjection,
    Length,

    /// <summary>A call of a tool: of rules in tools.</summary>
    ToolCall,

    /// <summary>What stands for something of the prompt: of the rule that puts it back.</summary>
    Placeholder,
}

/// <summary>One rule of a guard.</summary>
internal sealed record GuardRule
{
    /// <summary>In masks, records and refusals: letters, digits and _.</summary>
    public required string Name { get; init; }

    public required GuardDetect Detect { get; init; }

    public required FindingAction Action { get; init; }

    /// <summary>It tells what it would do, and does not do it.</summary>
    public bool ReportOnly { get; init; }

    /// <summary>Of a rule of prompts that masks: the answer gets back what it found.</summary>
    public bool Reversible { get; init; }

    /// <summary>An expression that PatternDetector takes; "" unless Detect says so.</summary>
    public string Pattern { get; init; } = "";

    /// <summary>Longest text the expression is looked for in, bytes.</summary>
    public int PatternBytesMax { get; init; } = PatternDetector.LengthDefault;

    public Sequence<string> Words { get; init; } = Sequence<string>.Empty;

    /// <summary>Bytes of text, all of a prompt or answer together, that a length rule finds too long.</summary>
    public int BytesMax { get; init; }

    /// <summary>The call that a rule of tools is about; null of others.</summary>
    public ToolCallMatch? Call { get; init; }
}

/// <summary>[middlewares.NAME.ai_guard]</summary>
internal sealed record AiGuardSettings : MiddlewareSettings
{
    public Sequence<GuardRule> Prompt { get; init; } = Sequence<GuardRule>.Empty;

    public Sequence<GuardRule> Answer { get; init; } = Sequence<GuardRule>.Empty;

    /// <summary>About calls of tools, in answers and in the history of prompts.</summary>
    public Sequence<GuardRule> Tools { get; init; } = Sequence<GuardRule>.Empty;

    /// <summary>Programs that are asked about prompts.</summary>
    public Sequence<ExternalGuard> External { get; init; } = Sequence<ExternalGuard>.Empty;

    /// <summary>What no rule can look into passes: images, sound, files.</summary>
    public bool PassesAttachments { get; init; }

    /// <summary>External guards are asked about a stream each time it said so much, bytes.</summary>
    public int AnswerWindowBytes { get; init; } = GuardLimits.WindowBytesDefault;

    /// <summary>Longest answer that is looked at whole, bytes.</summary>
    public int AnswerBytesMax { get; init; } = GuardLimits.AnswerBytesDefault;
}

/// <summary>Named limits and defaults of guards.</summary>
internal static class GuardLimits
{
    public const int RulesMax = 32;
    public const int NameCharsMax = 32;
    public const int WordsMax = 1000;
    public const int AnswerBytesDefault = 8 * 1024 * 1024;
    public const int AnswerBytesMin = 1024;
    public const int AnswerBytesMax = 48 * 1024 * 1024;
    public const int WindowBytesDefault = 2048;
    public const int WindowBytesMin = 64;
    public const int WindowBytesMax = 256 * 1024;
    public const int LengthMax = 48 * 1024 * 1024;

    /// <summary>Longer prompts are looked at off the loop: that many bytes take a few milliseconds.</summary>
    public const int OnLoopBytesMax = 64 * 1024;

    /// <summary>Texts of one stream that are told apart: choices, blocks, tool calls.</summary>
    public const int LanesMax = 256;

    /// <summary>
    /// Longest arguments of one call that rules look into, and of all calls of a stream that are open at once, bytes as
    /// they are spelled; longer ones count as unreadable.
    /// </summary>
    public const int ArgumentsBytesMax = 256 * 1024;

    /// <summary>What of a stream waits for the end of a call, or for external guards, bytes.</summary>
    public const int WaitingBytesMax = 1024 * 1024;

    /// <summary>What is remembered of a stream to write an event of its kind.</summary>
    public const int EnvelopeBytesMax = 1024;

    /// <summary>A note of an exchange's findings has room for so many bytes.</summary>
    public const int VerdictBytesMax = 480;

    /// <summary>What external guards said of one side, with their names.</summary>
    public const int RepliesBytesMax = ExternalGuard.CountMax * (NameCharsMax + 8);

    /// <summary>And a note of both sides' and of what external guards said, with their names.</summary>
    public const int FindingsBytesMax =
        (2 * (VerdictBytesMax + 16)) + (2 * (RepliesBytesMax + 20));

    /// <summary>What a buffer keeps from one text to the next.</summary>
    public const int KeptBytesMax = 64 * 1024;
}
