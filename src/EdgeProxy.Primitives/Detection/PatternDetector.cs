using System;
using System.Buffers;
using System.Collections.Generic;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// An expression of the configuration, in Go's dialect (RE2), that never backtracks. The text is read in windows twice
/// as long as what is looked for, the next from the middle of the last, so that where it was cut never matters: what is
/// at most so long is always found, of what is longer the windows' parts.
/// </summary>
internal sealed class PatternDetector : Detector
{
    /// <summary>Bytes of what is looked for: bounds of the setting.</summary>
    public const int LengthMin = 16;
    public const int LengthMax = 1024;
    public const int LengthDefault = 128;

    private const int RuneBytesMax = 4;
    private readonly Regex _regex;
    private readonly int _lengthMax;

    private PatternDetector(Regex regex, int lengthMax)
    {
        _regex = regex;
        _lengthMax = lengthMax;
    }

    public override int HeldBytesMax => 2 * _lengthMax;

    /// <summary>Null, and what is wrong with it.</summary>
    /// <param name="lengthMax">Longest text it is looked for in, bytes.</param>
    public static PatternDetector? Create(string source, int lengthMax, out PatternError error)
    {
        if (GoPattern.Translate(source, out error) is not { } translated)
        {
            return null;
        }

        int end = EndMark(source);
        if (end >= 0)
        {
            error = new PatternError(end, "a text that still goes on has no end to match");
            return null;
        }

        Regex? regex = UserPattern.Build(source, translated, out error);
        if (regex is not null && regex.IsMatch(""))
        {
            error = new PatternError(0, "it matches an empty text");
            return null;
        }

        return regex is null ? null : new PatternDetector(regex, lengthMax);
    }

    public override void Scan(
        ReadOnlySpan<byte> text, bool isEnd, ref DetectorState state, List<Finding> findings, int rule)
    {
        int bound = (2 * _lengthMax) + RuneBytesMax;
        char[] chars = ArrayPool<char>.Shared.Rent(bound);
        int[] places = ArrayPool<int>.Shared.Rent(bound + 1);
        while (state.At < text.Length)
        {
            int end = state.At + (2 * _lengthMax);
            if (end >= text.Length && !isEnd)
            {
                break;
            }

            end = RuneStart(text, Math.Min(end, text.Length));
            int half = end == text.Length ? end : RuneStart(text, state.At + _lengthMax);
            state.At = Window(text, state.At, half, end, chars, places, findings, rule);
        }

        ArrayPool<char>.Shared.Return(chars);
        ArrayPool<int>.Shared.Return(places);
    }

    // What begins in the first half of a window; where the next one begins.
    private int Window(
        ReadOnlySpan<byte> text,
        int start,
        int half,
        int end,
        char[] chars,
        int[] places,
        List<Finding> findings,
        int rule)
    {
        int from = start == 0 ? 0 : RuneStart(text, start - 1);
        int count = 0;
        int first = 0;
        for (int place = from; place < end;)
        {
            if (place == start)
            {
                first = count;
            }

            Rune.DecodeFromUtf8(text[place..end], out Rune rune, out int length);
            places[count] = place;
            count += rune.EncodeToUtf16(chars.AsSpan(count));
            places[count - 1] = place;
            place += Math.Max(1, length);
        }

        places[count] = end;
        int decided = half;
        foreach (ValueMatch match in _regex.EnumerateMatches(chars.AsSpan(0, count), first))
        {
            int matchStart = places[match.Index];
            int matchEnd = places[match.Index + match.Length];
            if (matchStart >= half)
            {
                break;
            }

            if (matchEnd > matchStart)
            {
                findings.Add(new Finding(matchStart, matchEnd, rule, Continues: false));
                decided = Math.Max(decided, matchEnd);
            }
        }

        return decided;
    }

    private static int RuneStart(ReadOnlySpan<byte> text, int place)
    {
        int least = Math.Max(0, place - RuneBytesMax + 1);
        while (place > least && place < text.Length && Letters.IsWithinRune(text[place]))
        {
            place--;
        }

        return place;
    }

    // A $ or \z outside of a class, as written.
    private static int EndMark(string source)
    {
        bool isInClass = false;
        for (int i = 0; i < source.Length; i++)
        {
            switch (source[i])
            {
                case '\\' when i + 1 < source.Length && source[i + 1] is 'z' or 'Z' && !isInClass:
                    return i;
                case '\\':
                    i++;
                    break;
                case '[' when !isInClass:
                    isInClass = true;
                    i += i + 1 < source.Length && source[i + 1] == '^' ? 1 : 0;
                    i += i + 1 < source.Length && source[i + 1] == ']' ? 1 : 0;
                    break;
                case ']':
                    isInClass = false;
                    break;
                case '$' when !isInClass:
                    return i;
            }
        }

        return -1;
    }
}
