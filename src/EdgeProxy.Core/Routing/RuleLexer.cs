using System;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Routing;

/// <summary>
/// Cuts a rule into tokens. Strings are Go's (the Go specification, "String literals"), because rules come from
/// Traefik: raw ones in back-ticks, interpreted ones in double quotes with escapes.
/// </summary>
internal ref struct RuleLexer
{
    private readonly string _text;
    private int _at;

    public RuleLexer(string text)
    {
        _text = text;
        _at = 0;
    }

    public RuleToken Next()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\r' or '\n')
        {
            _at++;
        }

        int column = _at + 1;
        if (_at == _text.Length)
        {
            return new RuleToken(RuleTokenKind.End, column, "the end of the rule");
        }

        char first = _text[_at];
        switch (first)
        {
            case '(':
                return One(RuleTokenKind.Open);
            case ')':
                return One(RuleTokenKind.Close);
            case ',':
                return One(RuleTokenKind.Comma);
            case '!':
                return One(RuleTokenKind.Not);
            case '&' or '|':
                return Double(first, first == '&' ? RuleTokenKind.And : RuleTokenKind.Or);
            case '`':
                return Raw();
            case '"':
                return Interpreted();
            default:
                return char.IsAsciiLetter(first) ? Name() : Strange(first, column);
        }
    }

    private RuleToken One(RuleTokenKind kind)
    {
        _at++;
        return new RuleToken(kind, _at, $"'{_text[_at - 1]}'");
    }

    private RuleToken Double(char sign, RuleTokenKind kind)
    {
        int column = _at + 1;
        if (_at + 1 < _text.Length && _text[_at + 1] == sign)
        {
            _at += 2;
            return new RuleToken(kind, column, $"'{sign}{sign}'");
        }

        return new RuleToken(RuleTokenKind.Faulty, column, $"a single '{sign}' is no operator; write '{sign}{sign}'");
    }

    private RuleToken Name()
    {
        int start = _at;
        while (_at < _text.Length && (char.IsAsciiLetterOrDigit(_text[_at]) || _text[_at] == '_'))
        {
            _at++;
        }

        return new RuleToken(RuleTokenKind.Name, start + 1, _text[start.._at]);
    }

    private static RuleToken Strange(char first, int column)
    {
        bool quote = first is '\'' or '\u2018' or '\u2019' or '\u201c' or '\u201d';
        string shown = first is > ' ' and < '\x7f' ? $"'{first}'" : $"U+{(int)first:X4}";
        return new RuleToken(RuleTokenKind.Faulty, column, quote
            ? $"{shown} does not quote a value; write it in back-ticks, e.g. Host(`example.com`)"
            : $"{shown} has no meaning in a rule");
    }

    private RuleToken Raw()
    {
        int start = _at;
        int end = _text.IndexOf('`', start + 1);
        if (end < 0)
        {
            return new RuleToken(RuleTokenKind.Faulty, start + 1, "this back-tick is never closed");
        }

        _at = end + 1;

        // "Carriage return characters inside raw string literals are discarded from the raw string value."
        string value = _text[(start + 1)..end].Replace("\r", "", StringComparison.Ordinal);
        return new RuleToken(RuleTokenKind.Text, start + 1, value);
    }

    private RuleToken Interpreted()
    {
        int start = _at++;
        var value = new StringBuilder();
        while (_at < _text.Length)
        {
            char next = _text[_at];
            if (next == '"')
            {
                _at++;
                return new RuleToken(RuleTokenKind.Text, start + 1, value.ToString());
            }

            if (next is '\n' or '\r')
            {
                break;
            }

            if (next != '\\')
            {
                value.Append(next);
                _at++;
            }
            else if (!TryEscape(value, out RuleToken problem))
            {
                return problem;
            }
        }

        return new RuleToken(RuleTokenKind.Faulty, start + 1, "this quote is never closed");
    }

    // escaped_char = `\` ( "a" | "b" | "f" | "n" | "r" | "t" | "v" | `\` | `"` ), \ooo, \xhh, \uhhhh, \Uhhhhhhhh
    private bool TryEscape(StringBuilder value, out RuleToken problem)
    {
        int column = _at + 1;
        problem = default;
        char kind = _at + 1 < _text.Length ? _text[_at + 1] : '\0';
        const string Letters = "abfnrtv\\\"";
        const string Meanings = "\a\b\f\n\r\t\v\\\"";
        int simple = Letters.IndexOf(kind, StringComparison.Ordinal);
        if (simple >= 0)
        {
            value.Append(Meanings[simple]);
            _at += 2;
            return true;
        }

        (int skip, int digits, int radix) = kind switch
        {
            'x' => (2, 2, 16),
            'u' => (2, 4, 16),
            'U' => (2, 8, 16),
            >= '0' and <= '7' => (1, 3, 8),
            _ => (0, 0, 0),
        };
        if (digits == 0 || !TryDigits(_at + skip, digits, radix, out uint code))
        {
            problem = new RuleToken(RuleTokenKind.Faulty, column,
                "this escape is not known; write \\\\ for a backslash, or use back-ticks, where nothing is escaped");
            return false;
        }

        // \xhh and \ooo are bytes in Go; above 7f they need not be text at all.
        bool isByte = kind is not ('u' or 'U');
        if ((isByte && code > 0x7f) || !Rune.IsValid(code))
        {
            problem = new RuleToken(RuleTokenKind.Faulty, column,
                "this escape is not a character; write \\u and four digits");
            return false;
        }

        value.Append(new Rune(code).ToString());
        _at += skip + digits;
        return true;
    }

    private readonly bool TryDigits(int start, int count, int radix, out uint code)
    {
        code = 0;
        if (start + count > _text.Length)
        {
            return false;
        }

        foreach (char digit in _text.AsSpan(start, count))
        {
            if (!char.IsAsciiHexDigit(digit) || (radix == 8 && digit > '7'))
            {
                return false;
            }

            code = (code * (uint)radix) + uint.Parse([digit], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        }

        return true;
    }
}
