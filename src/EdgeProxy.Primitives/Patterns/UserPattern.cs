using System;
using System.Buffers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.RegularExpressions;
using System.Text.Unicode;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>What is wrong with a regular expression, and how many characters into it.</summary>
internal readonly record struct PatternError(int Offset, string Message);

/// <summary>
/// A regular expression from the configuration, in Go's dialect (RE2), which never backtracks: its time is linear in
/// the text. Unanchored unless written with ^ and $. Asked by all threads; a warm call allocates nothing, except that
/// two threads asking the same pattern in the same instant make the second one build the matcher's working memory anew.
/// </summary>
internal sealed class UserPattern
{
    private readonly byte[] _prefix;
    private readonly PatternShape _shape;
    private readonly Regex? _regex;

    private UserPattern(string source, GoPattern translated, Regex? regex)
    {
        Source = source;
        _prefix = Encoding.ASCII.GetBytes(translated.LiteralPrefix);
        _shape = translated.Shape;
        _regex = regex;
    }

    /// <summary>As written.</summary>
    public string Source { get; }

    /// <summary>
    /// What every matching text starts with; empty unless the pattern starts with ^ and plain characters.
    /// </summary>
    public ReadOnlySpan<byte> LiteralPrefix => _prefix;

    public static UserPattern? Create(string source, out PatternError error)
    {
        error = default;
        if (PatternCache.Find(source) is { } known)
        {
            return known;
        }

        UserPattern? pattern = Compile(source, out error);
        if (pattern is not null)
        {
            PatternCache.Add(pattern);
        }

        return pattern;
    }

    [SkipLocalsInit]
    public bool IsMatch(ReadOnlySpan<byte> text)
    {
        // Literal first: most requests that do not match are told here for a few nanoseconds instead of some hundred.
        if (!text.StartsWith(_prefix))
        {
            return false;
        }

        if (_shape != PatternShape.General)
        {
            return _shape == PatternShape.Prefix || text.Length == _prefix.Length;
        }

        char[]? rented = null;
        Span<char> chars = text.Length <= PatternLimits.StackCharsMax
            ? stackalloc char[PatternLimits.StackCharsMax]
            : (rented = ArrayPool<char>.Shared.Rent(text.Length));

        // UTF-8 never has more UTF-16 units than bytes. A byte that is not UTF-8 counts as U+FFFD, as in Go.
        Utf8.ToUtf16(text, chars, out _, out int length, replaceInvalidSequences: true, isFinalBlock: true);
        bool matches = _regex!.IsMatch(chars[..length]);
        if (rented is not null)
        {
            ArrayPool<char>.Shared.Return(rented);
        }

        return matches;
    }

    private static UserPattern? Compile(string source, out PatternError error)
    {
        if (GoPattern.Translate(source, out error) is not { } translated)
        {
            return null;
        }

        if (translated.Shape != PatternShape.General)
        {
            return new UserPattern(source, translated, regex: null);
        }

        Regex? regex = Build(source, translated, out error);
        return regex is null ? null : new UserPattern(source, translated, regex);
    }

    /// <summary>Null if the engine refuses what the translation let through.</summary>
    internal static Regex? Build(string source, GoPattern translated, out PatternError error)
    {
        error = default;
        try
        {
            return new Regex(
                translated.Text,
                RegexOptions.NonBacktracking | RegexOptions.CultureInvariant,
                Regex.InfiniteMatchTimeout);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            // E.g. an unknown \p{...}; offsets are the translation's.
            int offset = e is RegexParseException parse ? Math.Min(parse.Offset, source.Length) : 0;
            error = new PatternError(offset, $"the regular expression is not valid: {e.Message}");
            return null;
        }
    }
}
