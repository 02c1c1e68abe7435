using System;
using System.Collections.Generic;
using System.Globalization;

namespace EdgeProxy.Primitives.Http;

/// <summary>A range of statuses, both ends included.</summary>
internal readonly record struct StatusRange(int First, int Last)
{
    public const int Min = 100;
    public const int Max = 599;

    /// <summary>"503" or "500-599"; false if it is neither, or not within 100 to 599.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out StatusRange range)
    {
        int dash = text.IndexOf('-');
        ReadOnlySpan<char> last = dash < 0 ? text : text[(dash + 1)..];
        bool isRange = TryParseOne(dash < 0 ? text : text[..dash], out int from) & TryParseOne(last, out int to);
        range = new StatusRange(from, to);
        return isRange && from <= to;
    }

    public override string ToString() =>
        First == Last
            ? First.ToString(CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");

    private static bool TryParseOne(ReadOnlySpan<char> text, out int status) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out status)
        && text.Length == 3 && status is >= Min and <= Max;
}

/// <summary>A set of statuses, asked in a few instructions; two with the same statuses are equal.</summary>
internal sealed class StatusSet : IEquatable<StatusSet>
{
    private const int WordBits = 64;

    private readonly ulong[] _words = new ulong[(StatusRange.Max / WordBits) + 1];

    public StatusSet(params IEnumerable<StatusRange> ranges)
    {
        foreach (StatusRange range in ranges)
        {
            for (int status = range.First; status <= range.Last; status++)
            {
                _words[status / WordBits] |= 1UL << (status % WordBits);
            }
        }
    }

    public static StatusSet Empty { get; } = new();

    public bool Contains(int status) =>
        (uint)status <= StatusRange.Max && (_words[status / WordBits] & (1UL << (status % WordBits))) != 0;

    public bool Equals(StatusSet? other) => other is not null && _words.AsSpan().SequenceEqual(other._words);

    public override bool Equals(object? obj) => Equals(obj as StatusSet);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (ulong word in _words)
        {
            hash.Add(word);
        }

        return hash.ToHashCode();
    }
}
