using System;
using System.Text;
using System.Text.RegularExpressions;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// What must hold of any head a reader calls complete, told the slow way: strings and regular expressions.
/// </summary>
internal static class HeadOracle
{
    private static readonly Regex Field =
        new("\\A([!#$%&'*+\\-.^_`|~0-9A-Za-z]+):[ \\t]*([\\t\\x20-\\x7E\\x80-\\xFF]*?)[ \\t]*\\z");

    /// <summary>Null, or what is wrong.</summary>
    public static string? Fault(ReadOnlySpan<byte> input, MessageHead head, int firstLine)
    {
        if (head.Length > input.Length || head.Length <= firstLine)
        {
            return "length out of bounds";
        }

        string text = Encoding.Latin1.GetString(input[..head.Length]);
        if (!text.EndsWith("\r\n\r\n", StringComparison.Ordinal)
            || text.IndexOf("\r\n\r\n", firstLine, StringComparison.Ordinal) != text.Length - 4)
        {
            return "the head does not end at its first empty line";
        }

        string[] lines = text[firstLine..^4].Split("\r\n");
        if (lines.Length - 1 != head.FieldCount)
        {
            return "field lines were lost or made up";
        }

        return FieldFault(input, head, lines) ?? FramingFault(head, lines);
    }

    private static string? FieldFault(ReadOnlySpan<byte> input, MessageHead head, string[] lines)
    {
        for (int i = 1; i < lines.Length; i++)
        {
            Match match = Field.Match(lines[i]);
            HeaderField field = head.Fields[i - 1];
            if (!match.Success
                || match.Groups[1].Value != Encoding.Latin1.GetString(field.Name.Of(input))
                || match.Groups[2].Value != Encoding.Latin1.GetString(field.Value.Of(input)))
            {
                return "field line read wrongly: " + lines[i];
            }
        }

        return null;
    }

    private static string? FramingFault(MessageHead head, string[] lines)
    {
        int lengths = 0;
        int codings = 0;
        string length = "0";
        foreach (string line in lines.AsSpan(1))
        {
            Match match = Field.Match(line);
            string name = match.Groups[1].Value.ToLowerInvariant();
            string value = match.Groups[2].Value;
            lengths += name == "content-length" ? 1 : 0;
            length = name == "content-length" ? value : length;
            codings += name == "transfer-encoding" ? 1 : 0;
            if (name == "transfer-encoding" && !string.Equals(value, "chunked", StringComparison.OrdinalIgnoreCase))
            {
                return "coding is not chunked";
            }
        }

        bool fits = lengths + codings <= 1
            && (codings == 0 || (head.MinorVersion == 1 && head.Has(KnownHeader.TransferEncoding)))
            && (lengths == 0 || (head.ContentLength.ToString(null, null) == length
                && head.Has(KnownHeader.ContentLength)));
        return fits ? null : "framing read wrongly";
    }

    /// <summary>Whether two readings of the same bytes came to the same.</summary>
    public static bool Same(MessageHead left, MessageHead right) =>
        left.Reason == right.Reason
        && left.MinorVersion == right.MinorVersion
        && left.Framing == right.Framing
        && left.ContentLength == right.ContentLength
        && left.KeepAlive == right.KeepAlive
        && left.Present == right.Present
        && left.Length == right.Length
        && left.Fields.SequenceEqual(right.Fields);
}
