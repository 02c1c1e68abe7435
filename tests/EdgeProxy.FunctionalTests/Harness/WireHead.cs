using System;
using System.Collections.Generic;
using System.Linq;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A message head as it stood on the wire, read by the letter of RFC 9112 and nothing more lenient: this is the oracle,
/// written apart from the proxy's own readers. Anything but canonical form is a <see cref="FormatException"/>.
/// </summary>
internal sealed record WireHead(string StartLine, IReadOnlyList<KeyValuePair<string, string>> Fields, string Text)
{
    private const string TokenMarks = "!#$%&'*+-.^_`|~";

    /// <summary>Reads a head with its closing empty line.</summary>
    public static WireHead Parse(string text)
    {
        if (!text.EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            throw new FormatException("a head ends in an empty line");
        }

        string[] lines = text[..^4].Split("\r\n");
        foreach (string line in lines)
        {
            if (line.Any(c => (c < ' ' && c != '\t') || c == 127))
            {
                throw new FormatException($"control byte in {Show(line)}");
            }
        }

        return new WireHead(lines[0], ParseFields(lines.AsSpan(1)), text);
    }

    public static List<KeyValuePair<string, string>> ParseFields(ReadOnlySpan<string> lines)
    {
        var fields = new List<KeyValuePair<string, string>>();
        foreach (string line in lines)
        {
            int colon = line.IndexOf(':', StringComparison.Ordinal);
            if (colon <= 0 || !line.AsSpan(0, colon).ToArray().All(IsToken))
            {
                throw new FormatException($"not a field line: {Show(line)}");
            }

            fields.Add(new(line[..colon], line[(colon + 1)..].Trim(' ', '\t')));
        }

        return fields;
    }

    /// <summary>All values of a field, in order, empty when it is absent.</summary>
    public IReadOnlyList<string> All(string name) =>
        [.. Fields.Where(f => f.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(f => f.Value)];

    /// <summary>The value of a field that may stand once; null when it is absent.</summary>
    public string? One(string name)
    {
        IReadOnlyList<string> all = All(name);
        return all.Count switch
        {
            0 => null,
            1 => all[0],
            _ => throw new FormatException($"{name} stands {all.Count} times: {Show(Text)}"),
        };
    }

    public bool Has(string name) => All(name).Count > 0;

    /// <summary>Whether a list field (Connection) names the token.</summary>
    public bool Lists(string name, string token) =>
        All(name).SelectMany(v => v.Split(',')).Any(t => t.Trim().Equals(token, StringComparison.OrdinalIgnoreCase));

    public bool IsChunked => One("Transfer-Encoding") is { } coding
        && (coding.Equals("chunked", StringComparison.OrdinalIgnoreCase)
            ? true : throw new FormatException($"Transfer-Encoding: {Show(coding)}"));

    /// <summary>Content-Length, plain digits only; null when absent.</summary>
    public long? ContentLength => One("Content-Length") is not { } text ? null
        : text.All(char.IsAsciiDigit) && long.TryParse(text, out long length) ? length
        : throw new FormatException($"Content-Length: {Show(text)}");

    public static string Show(string text) => text.Replace("\r", "\\r").Replace("\n", "\\n").Replace("\0", "\\0");

    public static bool IsToken(char c) =>
        char.IsAsciiLetterOrDigit(c) || TokenMarks.Contains(c, StringComparison.Ordinal);
}
