namespace EdgeProxy.Routing;

/// <summary>
/// How big a rule may be. Each bounds what one configuration line can cost: stack, memory or time per request.
/// </summary>
internal static class RuleLimits
{
    /// <summary>Characters of one rule; about 500 hosts joined by "||".</summary>
    public const int TextCharsMax = 16 * 1024;

    /// <summary>
    /// Parentheses and '!' inside one another. Parsing recurses, and an overrun stack cannot be caught.
    /// </summary>
    public const int NestingMax = 32;

    /// <summary>Conjunctions a rule may be expanded to: "(a || b) &amp;&amp; (c || d)" is four.</summary>
    public const int ConjunctionsMax = 4096;

    /// <summary>Bytes of a query value decoded on the stack; a longer one rents a buffer.</summary>
    public const int StackCharsMax = 512;

    /// <summary>Characters of a domain name (RFC 1035 section 2.3.4, in text form) and of one label.</summary>
    public const int HostCharsMax = 253;

    public const int LabelCharsMax = 63;

    /// <summary>Characters of a model's name.</summary>
    public const int ModelCharsMax = 128;

    /// <summary>
    /// Conjunctions with Model() at one entrypoint: each is a candidate that is kept while a body is read.
    /// </summary>
    public const int ModelConjunctionsMax = 256;

    /// <summary>
    /// Others with the same priority, host and path that a conjunction is compared with for overlap; further ones are
    /// only found if they are identical, so that loading stays linear.
    /// </summary>
    public const int OverlapsAskedMax = 256;
}
