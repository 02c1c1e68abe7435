using System;

namespace EdgeProxy.Config.Toml;

/// <summary>Says the lexer's complaints in our words, without the text they quote, which may be a secret.</summary>
internal static class TomlLexerFaults
{
    public const string Unknown = "not TOML";

    private static readonly (string Start, string Says)[] Known =
    [
        ("Invalid newline in a string", "the string is not closed on its line"),
        ("Invalid End-Of-File found on string", "the string is not closed"),
        ("Invalid End-Of-File found for multi-line", "the multi-line string is not closed"),
        ("Unexpected escape character",
            "unknown escape in a string; \\\\ is a backslash, or use '...' where nothing is escaped"),
        ("Invalid escape `\\x`", "\\x takes 2 hexadecimal digits"),
        ("Invalid escape", "a backslash at the end of a line must be its last character"),
        ("Invalid Unicode scalar", "the escape names no Unicode character"),
        ("Unexpected leading zero", "a number may not start with 0"),
        ("Multiple leading 0", "a number may not start with 0"),
        ("Unable to parse integer", "the integer does not fit 64 bits"),
        ("Unable to parse floating", "not a number"),
        ("An underscore", "an underscore in a number stands between digits"),
        ("Missing a digit after a trailing underscore", "an underscore in a number stands between digits"),
        ("Expecting at least one digit", "a digit is missing in the number"),
        ("Invalid format of date", "not a date or time (RFC 3339)"),
        ("Unable to parse the date", "not a date or time (RFC 3339)"),
        ("Invalid prefix", "a date or time takes no sign"),
    ];

    /// <summary>
    /// <paramref name="atStart"/>: the place to show is where the word starts, not where the lexer gave up.
    /// </summary>
    public static string Say(string message, out bool atStart)
    {
        atStart = message.StartsWith("Invalid newline in a string", StringComparison.Ordinal)
            || message.StartsWith("Invalid End-Of-File", StringComparison.Ordinal);
        foreach ((string start, string says) in Known)
        {
            if (message.StartsWith(start, StringComparison.Ordinal))
            {
                return says;
            }
        }

        return message.Contains("hexadecimal", StringComparison.Ordinal)
            || message.Contains("octal", StringComparison.Ordinal)
            || message.Contains("binary", StringComparison.Ordinal)
            ? "not a number; hexadecimal is 0x1f, octal 0o17, binary 0b101"
            : Unknown;
    }
}
