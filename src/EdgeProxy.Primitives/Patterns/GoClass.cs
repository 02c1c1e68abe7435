using System;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>
/// Rewrites the parts of a Go pattern that stand for one character: classes, shorthands, escaped characters.
/// </summary>
internal static class GoClass
{
    private const string Words = "0-9A-Za-z_";
    private const string Spaces = "\\t\\n\\f\\r ";

    /// <summary>From '[' to its ']'; null with an error if that is not a class of RE2.</summary>
    public static string? Translate(string source, ref int at, out PatternError error)
    {
        int start = at++;
        error = default;
        var text = new StringBuilder("[");
        if (at < source.Length && source[at] == '^')
        {
            text.Append('^');
            at++;
        }

        for (int first = at; at < source.Length;)
        {
            char next = source[at];
            if (next == ']' && at > first)
            {
                at++;
                return text.Append(']').ToString();
            }

            if (next == '-')
            {
                // Between two characters it is a range; .NET must not take "-[" for a subtraction, hence the escaped
                // '['.
                bool edge = at == first || at + 1 >= source.Length || source[at + 1] == ']';
                text.Append(edge ? "\\-" : "-");
                at++;
            }
            else if (source.AsSpan(at).StartsWith("[:"))
            {
                if (!Named(source, ref at, text, out error))
                {
                    return null;
                }
            }
            else if (next != '\\')
            {
                AppendCharacter(text, next);
                at++;
            }
            else if (TryCharacter(source, ref at, out char value, out error))
            {
                AppendCharacter(text, value);
            }
            else if (Shorthand(source, ref at, inClass: true) is { } set)
            {
                text.Append(set);
            }
            else
            {
                return null;
            }
        }

        error = new PatternError(start, "this '[' is never closed");
        return null;
    }

    /// <summary>
    /// \d and the like, ASCII only as in Go, and \p{..}, whose names .NET checks; null if it is none of them.
    /// </summary>
    public static string? Shorthand(string source, ref int at, bool inClass)
    {
        char kind = at + 1 < source.Length ? source[at + 1] : '\0';
        string? set = kind switch
        {
            'd' => "0-9",
            'D' => "\\x00-/:-\\uffff",
            'w' => Words,
            'W' => "\\x00-/:-@\\[-\\^`{-\\uffff",
            's' => Spaces,
            'S' => "\\x00-\\x08\\x0b\\x0e-\\x1f!-\\uffff",
            _ => null,
        };
        if (set is not null)
        {
            at += 2;
            return inClass ? set : $"[{set}]";
        }

        if (kind is not ('p' or 'P') || at + 2 >= source.Length)
        {
            return null;
        }

        int end = source[at + 2] == '{' ? source.IndexOf('}', at) : at + 2;
        if (end < 0)
        {
            return null;
        }

        string name = source[(at + 2)..(end + 1)];
        at = end + 1;
        return name[0] == '{' ? $"\\{kind}{name}" : $"\\{kind}{{{name}}}";
    }

    /// <summary>
    /// An escape that is one character: \. \n \x41 \x{41}. If it is another escape of RE2's, the error is to be
    /// ignored.
    /// </summary>
    public static bool TryCharacter(string source, ref int at, out char value, out PatternError error)
    {
        error = default;
        value = '\0';
        if (at + 1 == source.Length)
        {
            error = new PatternError(at, "the regular expression ends in a backslash");
            return false;
        }

        char kind = source[at + 1];
        const string Letters = "afnrtv";
        const string Meanings = "\a\f\n\r\t\v";
        int simple = Letters.IndexOf(kind, StringComparison.Ordinal);
        if (simple >= 0 || (char.IsAscii(kind) && !char.IsAsciiLetterOrDigit(kind)))
        {
            value = simple >= 0 ? Meanings[simple] : kind;
            at += 2;
            return true;
        }

        if (kind == 'x' && TryHex(source, at + 2, out int end, out value))
        {
            at = end;
            return true;
        }

        error = new PatternError(at, char.IsAsciiDigit(kind)
            ? $"\\{kind} is not supported: RE2 has no references back to a group"
            : $"\\{kind} is not an escape of RE2, or not complete");
        return false;
    }

    private static bool TryHex(string source, int start, out int end, out char value)
    {
        value = '\0';
        end = start + 2;
        int digits = start;
        int digitsEnd = end;
        if (start < source.Length && source[start] == '{')
        {
            digits++;
            digitsEnd = source.IndexOf('}', start);
            end = digitsEnd + 1;
        }

        if (digitsEnd <= digits || digitsEnd > source.Length
            || !uint.TryParse(source.AsSpan(digits, digitsEnd - digits), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out uint code)
            || code > char.MaxValue)
        {
            return false;
        }

        value = (char)code;
        return true;
    }

    // "[:" [ "^" ] name ":]"
    private static bool Named(string source, ref int at, StringBuilder text, out PatternError error)
    {
        error = default;
        int end = source.IndexOf(":]", at + 2, StringComparison.Ordinal);
        string name = end < 0 ? "" : source[(at + 2)..end];
        string? set = name switch
        {
            "alnum" => "0-9A-Za-z",
            "alpha" => "A-Za-z",
            "ascii" => "\\x00-\\x7f",
            "blank" => "\\t ",
            "cntrl" => "\\x00-\\x1f\\x7f",
            "digit" => "0-9",
            "graph" => "!-~",
            "lower" => "a-z",
            "print" => " -~",
            "punct" => "!-/:-@\\[-`{-~",
            "space" => "\\t\\n\\v\\f\\r ",
            "upper" => "A-Z",
            "word" => Words,
            "xdigit" => "0-9A-Fa-f",
            _ => null,
        };
        if (set is null)
        {
            error = new PatternError(at, "this is not a class such as [:alpha:]");
            return false;
        }

        text.Append(set);
        at = end + 2;
        return true;
    }

    private static void AppendCharacter(StringBuilder text, char value) =>
        text.Append(char.IsAsciiLetterOrDigit(value) || value > '\x7f' ? value.ToString() : $"\\x{(int)value:x2}");
}
