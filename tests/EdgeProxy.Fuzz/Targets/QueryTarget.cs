using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Routing;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Query strings as rules see them: the same pairs, with the same text in them, as a slow decoder finds.
/// </summary>
internal sealed class QueryTarget : FuzzTarget
{
    private static readonly Regex WellFormed = new("\\A(?:[^%;]|%[0-9A-Fa-f]{2})+\\z", RegexOptions.Singleline);

    public override string Name => "query";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[] { "", "a=1", "a=1&b=2&a=3", "a", "=1", "a=b=c", "%61=%3D+x", "a=1;b=2", "a=%", "a=%4&b=%zz&c=%41" }
            .Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
        [.. new[] { "&", "=", ";", "%", "+", "%26", "%3d", "%00", "%e9", "%2B", "a" }.Select(Encoding.Latin1.GetBytes)];

    public override int Run(ReadOnlySpan<byte> input)
    {
        string[] wanted = [.. Encoding.Latin1.GetString(input).Split('&').Where(pair => WellFormed.IsMatch(pair))];
        var pairs = new QueryPairs(input);
        int count = 0;
        while (pairs.Next())
        {
            Require(count < wanted.Length, "more pairs than there are");
            string[] parts = wanted[count++].Split('=', 2);
            Check(pairs.Key, Decode(parts[0]));
            Check(pairs.Value, Decode(parts.Length == 2 ? parts[1] : ""));
        }

        Require(count == wanted.Length, $"{count} pairs of {wanted.Length}");
        return HashCode.Combine(Math.Min(count, 6), Math.Min(input.Length / 16, 8), input.Contains((byte)'%'));
    }

    private static void Check(ReadOnlySpan<byte> encoded, byte[] text)
    {
        Require(QueryPairs.Is(encoded, text), $"{Encoding.Latin1.GetString(encoded)} is not what it decodes to");
        Require(!QueryPairs.Is(encoded, [.. text, (byte)'x']), "more text than there is is found");
        if (text.Length > 0)
        {
            Require(!QueryPairs.Is(encoded, text.AsSpan(..^1)), "less text than there is is enough");
            text[^1] ^= 1;
            Require(!QueryPairs.Is(encoded, text), "another text is found");
        }
    }

    private static byte[] Decode(string text) => Encoding.Latin1.GetBytes(Regex.Replace(
        text.Replace('+', ' '), "%(..)",
        escape => ((char)int.Parse(escape.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture))
            .ToString()));
}
