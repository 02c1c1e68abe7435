namespace EdgeProxy.Primitives.Patterns;

/// <summary>How big a regular expression of the configuration may be, and what it may write.</summary>
internal static class PatternLimits
{
    /// <summary>Characters of one regular expression.</summary>
    public const int CharsMax = 2048;

    /// <summary>Groups inside one another. Compiling recurses, and an overrun stack cannot be caught.</summary>
    public const int NestingMax = 32;

    /// <summary>A single repetition, as in Go: "a{1000}".</summary>
    public const int RepeatMax = 1000;

    /// <summary>Elements with all repetitions written out.</summary>
    public const int ElementsMax = 10_000;

    /// <summary>Bytes of a text matched on the stack; longer ones rent a buffer.</summary>
    public const int StackCharsMax = 512;

    /// <summary>Characters a replacement may come to.</summary>
    public const int ResultCharsMax = 8192;
}
