namespace EdgeProxy.Routing;

internal enum RuleTokenKind : byte
{
    End,
    Name,
    Text,
    Open,
    Close,
    Comma,
    And,
    Or,
    Not,

    /// <summary>Cannot be read; <see cref="RuleToken.Value"/> says why.</summary>
    Faulty,
}

/// <summary>
/// One word of a rule: what it is, where it starts (from 1), and its name, unescaped text or problem.
/// </summary>
internal readonly record struct RuleToken(RuleTokenKind Kind, int Column, string Value);
