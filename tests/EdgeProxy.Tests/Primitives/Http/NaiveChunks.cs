using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace EdgeProxy.Tests.Primitives.Http;

/// <summary>
/// The slow, obvious decoder of a chunked body: strings, regular expressions, no state. No limits but the grammar's.
/// </summary>
internal static class NaiveChunks
{
    private const string Tchars = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
    private const string Quoted =
        "\"(?:[\\t \\x21\\x23-\\x5B\\x5D-\\x7E\\x80-\\xFF]|\\\\[\\t \\x21-\\x7E\\x80-\\xFF])*\"";

    private static readonly Regex SizeLine = new(
        $"\\A([0-9A-Fa-f]{{1,16}})(?:[ \\t]*;[ \\t]*{Tchars}(?:[ \\t]*=[ \\t]*(?:{Tchars}|{Quoted}))?)*\\z");

    private static readonly Regex FieldLine = new($"\\A{Tchars}:[\\t\\x20-\\x7E\\x80-\\xFF]*\\z");

    /// <summary>Payload and consumed bytes, or null if the text does not begin with a whole, valid body.</summary>
    public static (string Payload, int Consumed)? Decode(string text)
    {
        string payload = string.Empty;
        int at = 0;
        while (true)
        {
            int end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            Match match = end < 0 ? Match.Empty : SizeLine.Match(text[at..end]);
            if (!match.Success)
            {
                return null;
            }

            ulong size = ulong.Parse(match.Groups[1].Value, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            at = end + 2;
            if (size == 0)
            {
                return SkipTrailers(text, at) is { } whole ? (payload, whole) : null;
            }

            if (size > (ulong)(text.Length - at) || string.CompareOrdinal(text, at + (int)size, "\r\n", 0, 2) != 0)
            {
                return null;
            }

            payload += text.Substring(at, (int)size);
            at += (int)size + 2;
        }
    }

    private static int? SkipTrailers(string text, int at)
    {
        while (true)
        {
            int end = text.IndexOf("\r\n", at, StringComparison.Ordinal);
            if (end == at)
            {
                return end + 2;
            }

            if (end < 0 || !FieldLine.IsMatch(text[at..end]))
            {
                return null;
            }

            at = end + 2;
        }
    }
}
