using System;

namespace EdgeProxy.Ai;

/// <summary>Tokens of one call, as its provider counted them. A field it did not name is 0.</summary>
internal struct Usage
{
    /// <summary>Of the prompt; whether those of a cache are among them differs by dialect: see Total.</summary>
    public long Input;

    public long Output;

    /// <summary>Read from the provider's cache.</summary>
    public long Cached;

    /// <summary>Written to it, where that is counted apart.</summary>
    public long CacheWritten;

    /// <summary>Of the output, those nobody sees.</summary>
    public long Reasoning;

    /// <summary>The provider said anything.</summary>
    public bool IsThere;

    /// <summary>So much of each count is believed: sums of it stay numbers, whatever a provider says.</summary>
    public const long TokensMax = 1_000_000_000;

    /// <summary>The same, each count within 0 and <see cref="TokensMax"/>.</summary>
    public readonly Usage Believed => new()
    {
        Input = Math.Clamp(Input, 0, TokensMax),
        Output = Math.Clamp(Output, 0, TokensMax),
        Cached = Math.Clamp(Cached, 0, TokensMax),
        CacheWritten = Math.Clamp(CacheWritten, 0, TokensMax),
        Reasoning = Math.Clamp(Reasoning, 0, TokensMax),
        IsThere = IsThere,
    };

    /// <summary>
    /// All of the prompt. OpenAI's and Ollama's count has what came from a cache in it, Anthropic's does not.
    /// </summary>
    public readonly long TotalInput(Dialect dialect) =>
        dialect == Dialect.Anthropic ? Input + Cached + CacheWritten : Input;
}
