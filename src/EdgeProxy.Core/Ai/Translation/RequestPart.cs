namespace EdgeProxy.Ai.Translation;

/// <summary>What a member of a request means, in whatever dialect; two with the same meaning are translated.</summary>
internal enum RequestPart : byte
{
    /// <summary>Nothing that another dialect could say.</summary>
    None,

    /// <summary>An object whose members are looked at one by one.</summary>
    Group,

    /// <summary>What the proxy itself sees to.</summary>
    Proxy,

    /// <summary>It does not change an answer's words: left out without a word.</summary>
    Hint,

    Model,
    Messages,
    System,
    MaxTokens,
    Temperature,
    TopP,
    TopK,
    Stop,
    Stream,
    Tools,
    ToolChoice,
    ParallelTools,
    User,
    Seed,
    FrequencyPenalty,
    PresencePenalty,
    Format,

    /// <summary>How hard the model is to think, in one of the words both dialects have.</summary>
    Effort,

    /// <summary>How many answers are wanted: more than one only where they can be had.</summary>
    Choices,
}

/// <summary>A member of a dialect's requests.</summary>
/// <param name="Path">As the dialect spells it; within an object of its own "options.seed".</param>
internal readonly record struct RequestMember(string Path, RequestPart Part);
