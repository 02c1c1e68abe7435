using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>What <see cref="Replacement.Apply"/> came to.</summary>
internal enum ReplaceStatus : byte
{
    NoMatch,
    Replaced,

    /// <summary>More than <see cref="PatternLimits.ResultCharsMax"/> characters.</summary>
    TooLong,
}

/// <summary>
/// What takes the place of each match of a <see cref="MatchPattern"/>, as Go writes it (Regexp.Expand): $1, ${1},
/// ${name}, and $$ for the sign itself. Unlike there, a group that does not exist is refused, so that "$1x" is not
/// silently nothing.
/// </summary>
internal sealed class Replacement : IEquatable<Replacement>
{
    private readonly Piece[] _pieces;

    private Replacement(string source, Piece[] pieces)
    {
        Source = source;
        _pieces = pieces;
    }

    /// <summary>As written.</summary>
    public string Source { get; }

    /// <summary>Null and why, if a group does not exist or a '$' stands alone.</summary>
    public static Replacement? Parse(string source, IReadOnlyList<string> groups, out string problem)
    {
        problem = "";
        var pieces = new List<Piece>();
        for (int at = 0; at < source.Length;)
        {
            int sign = source.IndexOf('$', at);
            int end = sign < 0 ? source.Length : sign;
            if (end > at)
            {
                pieces.Add(new Piece(source[at..end], 0));
            }

            if (sign < 0)
            {
                break;
            }

            at = sign + 1;
            if (at < source.Length && source[at] == '$')
            {
                pieces.Add(new Piece("$", 0));
                at++;
            }
            else if (!TryReadGroup(source, ref at, groups, out int number, out problem))
            {
                return null;
            }
            else
            {
                pieces.Add(new Piece(null, number));
            }
        }

        return new Replacement(source, [.. pieces]);
    }

    /// <summary>
    /// Writes <paramref name="text"/> with every match replaced to <paramref name="result"/>, and for each character
    /// of it where in the text it came from, -1 if it is the replacement's own, to <paramref name="origins"/>.
    /// </summary>
    public ReplaceStatus Apply(MatchPattern pattern, string text, StringBuilder result, List<int> origins)
    {
        int at = 0;
        Match match = pattern.Regex.Match(text);
        ReplaceStatus status = match.Success ? ReplaceStatus.Replaced : ReplaceStatus.NoMatch;
        for (; match.Success && result.Length <= PatternLimits.ResultCharsMax; match = match.NextMatch())
        {
            // As in Go, an empty match just behind another counts for nothing.
            if (match.Length == 0 && match.Index == at && at > 0)
            {
                continue;
            }

            Copy(text, at, match.Index - at, result, origins);
            Expand(match, text, result, origins);
            at = match.Index + match.Length;
        }

        Copy(text, at, text.Length - at, result, origins);
        return result.Length > PatternLimits.ResultCharsMax ? ReplaceStatus.TooLong : status;
    }

    public bool Equals(Replacement? other) => other is not null && Source == other.Source;

    public override bool Equals(object? obj) => Equals(obj as Replacement);

    public override int GetHashCode() => Source.GetHashCode(StringComparison.Ordinal);

    private void Expand(Match match, string text, StringBuilder result, List<int> origins)
    {
        foreach (Piece piece in _pieces)
        {
            if (piece.Plain is { } plain)
            {
                result.Append(plain);
                for (int i = 0; i < plain.Length; i++)
                {
                    origins.Add(-1);
                }
            }
            else if (match.Groups[piece.Group] is { Success: true } group)
            {
                Copy(text, group.Index, group.Length, result, origins);
            }
        }
    }

    private static void Copy(string text, int start, int length, StringBuilder result, List<int> origins)
    {
        result.Append(text, start, length);
        for (int i = 0; i < length; i++)
        {
            origins.Add(start + i);
        }
    }

    // "$name" or "${name}", behind its '$'.
    private static bool TryReadGroup(
        string source, ref int at, IReadOnlyList<string> groups, out int number, out string problem)
    {
        bool isBraced = at < source.Length && source[at] == '{';
        int start = isBraced ? at + 1 : at;
        int end = start;
        while (end < source.Length && (char.IsAsciiLetterOrDigit(source[end]) || source[end] == '_'))
        {
            end++;
        }

        number = -1;
        if (end == start || (isBraced && (end == source.Length || source[end] != '}')))
        {
            problem = "has a '$' without a group; write '$$' for the sign itself";
            return false;
        }

        string name = source[start..end];
        at = isBraced ? end + 1 : end;
        number = Find(name, groups);
        problem = number < 0
            ? $"names the group '{name}', which the regular expression does not have; write ${{1}} or ${{name}}"
            : "";
        return number >= 0;
    }

    private static int Find(string name, IReadOnlyList<string> groups)
    {
        if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
        {
            return number <= groups.Count ? number : -1;
        }

        for (int i = 0; i < groups.Count; i++)
        {
            if (groups[i] == name)
            {
                return i + 1;
            }
        }

        return -1;
    }

    /// <param name="Plain">Text of its own, or null.</param>
    /// <param name="Group">Else the group it stands for; 0 is the whole match.</param>
    private readonly record struct Piece(string? Plain, int Group);
}
