using System;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>
/// A regular expression as <see cref="UserPattern"/>, of which it matters where it matches and what its groups are.
/// Equal to another of the same source.
/// </summary>
internal sealed class MatchPattern : IEquatable<MatchPattern>
{
    private readonly byte[] _prefix;

    private MatchPattern(string source, GoPattern translated, Regex regex)
    {
        Source = source;
        Groups = translated.Groups;
        Regex = regex;
        _prefix = Encoding.ASCII.GetBytes(translated.LiteralPrefix);
    }

    /// <summary>As written.</summary>
    public string Source { get; }

    /// <summary>Names of the groups, from number 1 on; "" for one without.</summary>
    public IReadOnlyList<string> Groups { get; }

    internal Regex Regex { get; }

    public static MatchPattern? Create(string source, out PatternError error)
    {
        if (GoPattern.Translate(source, out error, captures: true) is not { } translated)
        {
            return null;
        }

        Regex? regex = UserPattern.Build(source, translated, out error);
        return regex is null ? null : new MatchPattern(source, translated, regex);
    }

    /// <summary>Whether it matches somewhere in an ASCII text. A warm call allocates nothing.</summary>
    public bool IsMatch(ReadOnlySpan<byte> ascii) => TryFind(ascii, out _, out _);

    /// <summary>The first match in an ASCII text. A warm call allocates nothing.</summary>
    [SkipLocalsInit]
    public bool TryFind(ReadOnlySpan<byte> ascii, out int start, out int length)
    {
        start = 0;
        length = 0;
        if (!ascii.StartsWith(_prefix))
        {
            return false;
        }

        using var scratch = new Scratch<char>(stackalloc char[PatternLimits.StackCharsMax], ascii.Length);
        Encoding.Latin1.GetChars(ascii, scratch.Span);
        foreach (ValueMatch match in Regex.EnumerateMatches(scratch.Span))
        {
            start = match.Index;
            length = match.Length;
            return true;
        }

        return false;
    }

    public bool Equals(MatchPattern? other) => other is not null && Source == other.Source;

    public override bool Equals(object? obj) => Equals(obj as MatchPattern);

    public override int GetHashCode() => Source.GetHashCode(StringComparison.Ordinal);
}
