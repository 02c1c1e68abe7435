using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>Whether a pattern needs the regular-expression engine at all.</summary>
internal enum PatternShape : byte
{
    General,

    /// <summary>"^literal".</summary>
    Prefix,

    /// <summary>"^literal$".</summary>
    Exact,
}

/// <summary>
/// Rewrites a pattern of Go's dialect (RE2 syntax) for .NET where the same text means something else: $ before a final
/// newline, \d \w \s beyond ASCII, [[:alpha:]], \Q..\E, class subtraction. What RE2 does not have is refused, with its
/// place.
/// </summary>
internal sealed class GoPattern
{
    private readonly string _source;
    private readonly bool _captures;
    private readonly List<string> _names = [];
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _prefix = new();
    private readonly Stack<(int Start, int Elements, bool Multiline)> _groups = new();
    private int _at;
    private PatternError _error;
    private bool _failed;
    private bool _multiline;

    // Elements so far in this group with repetitions written out; and of the last atom, 0 if nothing can be repeated
    // here.
    private int _elements;
    private int _atom;

    // The literal prefix: not begun, growing, or ended; and where '$' ended it.
    private bool _prefixGrows;
    private int _prefixDollarAt = -1;

    private GoPattern(string source, bool captures)
    {
        _source = source;
        _captures = captures;
    }

    public string Text => _text.ToString();

    public string LiteralPrefix => _prefix.ToString();

    public PatternShape Shape { get; private set; }

    /// <summary>Names of the capturing groups, from number 1 on; "" for one without.</summary>
    public IReadOnlyList<string> Groups => _names;

    /// <param name="captures">Where a match lies, and its groups, matter too, not only whether there is one.</param>
    public static GoPattern? Translate(string source, out PatternError error, bool captures = false)
    {
        var pattern = new GoPattern(source, captures);
        pattern.Run();
        error = pattern._error;
        return pattern._failed ? null : pattern;
    }

    private void Run()
    {
        if (_source.Length == 0)
        {
            Fail(0, "the regular expression is empty and would match everything");
            return;
        }

        if (_source.Length > PatternLimits.CharsMax)
        {
            Fail(0, $"the regular expression is longer than {PatternLimits.CharsMax} characters");
            return;
        }

        while (_at < _source.Length && !_failed)
        {
            Element();
        }

        if (!_failed && _groups.Count > 0)
        {
            Fail(_groups.Peek().Start, "this '(' is never closed");
        }

        if (!_failed && _elements > PatternLimits.ElementsMax)
        {
            Fail(0, $"the repetitions come to more than {PatternLimits.ElementsMax} elements");
        }

        Shape = _prefixGrows ? PatternShape.Prefix
            : _prefixDollarAt == _source.Length ? PatternShape.Exact
            : PatternShape.General;
        if (_prefix.Length == 0)
        {
            Shape = PatternShape.General;
        }
    }

    private void Element()
    {
        char next = _source[_at];
        switch (next)
        {
            case '^':
                Assertion("^");
                _prefixGrows = _at == 1;
                break;
            case '$':
                // .NET's $ also matches before a final newline, which %0A in a query can be; Go's is the end.
                bool growing = _prefixGrows;
                Assertion(_multiline ? "$" : "\\z");
                _prefixDollarAt = growing && !_multiline ? _at : -1;
                break;
            case '|':
                Alternative();
                break;
            case '(':
                OpenGroup();
                break;
            case ')':
                CloseGroup();
                break;
            case '[':
                Class();
                break;
            case '\\':
                Escape();
                break;
            case '.':
                _at++;
                Atom(".");
                break;
            case '*' or '+' or '?':
                Repeat(length: 1, most: 1, keepsLast: next == '+');
                break;
            case '{' when Bounds(out int length, out int most):
                Repeat(length, most, keepsLast: false);
                break;
            default:
                _at++;
                Literal(next);
                break;
        }
    }

    private void Assertion(string text)
    {
        _text.Append(text);
        _at++;
        _atom = 0;
        _prefixGrows = false;
    }

    // "^a|b" starts with nothing certain; inside a group the prefix has ended already.
    private void Alternative()
    {
        Assertion("|");
        if (_groups.Count == 0)
        {
            _prefix.Clear();
            _prefixDollarAt = -1;
        }
    }

    private void Atom(string text)
    {
        _text.Append(text);
        _atom = 1;
        _elements++;
        _prefixGrows = false;
    }

    private void Literal(char value)
    {
        bool grows = _prefixGrows && char.IsAscii(value);
        Atom(char.IsAsciiLetterOrDigit(value) || value > '\x7f' ? value.ToString() : $"\\x{(int)value:x2}");
        _prefixGrows = grows;
        if (grows)
        {
            _prefix.Append(value);
        }
    }

    private void Class()
    {
        int start = _at;
        if (GoClass.Translate(_source, ref _at, out PatternError error) is { } text)
        {
            Atom(text);
        }
        else
        {
            Fail(error.Offset, error.Message);
            _at = Math.Max(_at, start + 1);
        }
    }

    // Captures are of no use to a yes or no. Where they are wanted no group has a name, since .NET numbers those last.
    private void OpenGroup()
    {
        int start = _at++;
        string opening = _captures ? "(" : "(?:";
        string name = "";
        bool outer = _multiline;
        if (_at < _source.Length && _source[_at] == '?')
        {
            _at++;
            if (!GroupName(ref name) && !Flags(ref opening))
            {
                Fail(start, $"only (?:...), (?P<name>...) and the flags i, m, s{(_captures ? "" : ", U")} may follow "
                    + "'(?'; RE2 has no lookaround and no other .NET groups");
                return;
            }
        }

        if (opening == "(")
        {
            _names.Add(name);
        }

        _text.Append(opening);
        _prefixGrows = false;
        if (opening.EndsWith(')'))
        {
            _atom = 0;
            return;
        }

        _groups.Push((start, _elements, outer));
        if (_groups.Count > PatternLimits.NestingMax)
        {
            Fail(start, $"groups are nested more than {PatternLimits.NestingMax} deep");
        }

        _elements = 0;
        _atom = 0;
    }

    private bool GroupName(ref string name)
    {
        int start = _source.AsSpan(_at).StartsWith("P<") ? _at + 2 : _at + 1;
        if (start > _source.Length || _source[start - 1] != '<')
        {
            return false;
        }

        int end = start;
        while (end < _source.Length && (char.IsAsciiLetterOrDigit(_source[end]) || _source[end] == '_'))
        {
            end++;
        }

        if (end == start || end == _source.Length || _source[end] != '>')
        {
            return false;
        }

        name = _source[start..end];
        _at = end + 1;
        return true;
    }

    // flags = *( "i" | "m" | "s" | "U" ) [ "-" 1*( same ) ] ( ":" | ")" ); U only swaps greediness, nothing to a yes or
    // no
    private bool Flags(ref string opening)
    {
        var text = new StringBuilder("(?");
        bool on = true;
        for (; _at < _source.Length; _at++)
        {
            switch (_source[_at])
            {
                case 'm':
                    _multiline = on;
                    text.Append('m');
                    break;
                case 'i' or 's':
                    text.Append(_source[_at]);
                    break;
                case 'U' when !_captures:
                    break;
                case '-' when on:
                    on = false;
                    text.Append('-');
                    break;
                case ':' or ')':
                    // "(?U)" leaves nothing to say, which .NET refuses to hear.
                    bool silent = text[^1] is '?' or '-';
                    opening = silent ? _source[_at] == ':' ? "(?:" : "(?:)" : text.Append(_source[_at]).ToString();
                    _at++;
                    return true;
                default:
                    return false;
            }
        }

        return false;
    }

    private void CloseGroup()
    {
        if (!_groups.TryPop(out (int Start, int Elements, bool Multiline) outer))
        {
            Fail(_at, "this ')' closes nothing");
            return;
        }

        _text.Append(')');
        _at++;
        _multiline = outer.Multiline;
        _atom = _elements;
        _elements = Math.Min(outer.Elements + _elements, PatternLimits.ElementsMax + 1);
    }

    private void Escape()
    {
        int start = _at;
        char kind = _at + 1 < _source.Length ? _source[_at + 1] : '\0';
        if (kind is 'A' or 'z' or 'b' or 'B')
        {
            _at++;
            Assertion("\\" + kind);
            _prefixGrows = kind == 'A' && start == 0;
        }
        else if (kind == 'Q')
        {
            int end = _source.IndexOf("\\E", _at, StringComparison.Ordinal);
            string quoted = end < 0 ? _source[(_at + 2)..] : _source[(_at + 2)..end];
            _at = end < 0 ? _source.Length : end + 2;
            foreach (char c in quoted)
            {
                Literal(c);
            }
        }
        else if (GoClass.TryCharacter(_source, ref _at, out char value, out PatternError error))
        {
            Literal(value);
        }
        else if (GoClass.Shorthand(_source, ref _at, inClass: false) is { } text)
        {
            Atom(text);
        }
        else
        {
            Fail(error.Offset, error.Message);
        }
    }

    private void Repeat(int length, int most, bool keepsLast)
    {
        if (_atom == 0)
        {
            Fail(_at, $"'{_source.Substring(_at, length)}' repeats nothing");
            return;
        }

        if (_prefixGrows && !keepsLast)
        {
            _prefix.Length--;
        }

        _text.Append(_source, _at, length);
        _at += length;
        _prefixGrows = false;
        _elements = (int)Math.Min(_elements + ((long)_atom * (most - 1)), PatternLimits.ElementsMax + 1);
        _atom = 0;
        if (most > PatternLimits.RepeatMax)
        {
            Fail(_at - length, $"a repetition may be at most {PatternLimits.RepeatMax}");
        }

        if (_at < _source.Length && _source[_at] == '?')
        {
            _text.Append(_captures ? "?" : ""); // laziness is nothing to a yes or no
            _at++;
        }
    }

    // {n}, {n,} or {n,m}; anything else is a literal brace, as in Go
    private bool Bounds(out int length, out int most)
    {
        length = 0;
        most = 1;
        int end = _source.IndexOf('}', _at);
        if (end < 0)
        {
            return false;
        }

        string[] numbers = _source[(_at + 1)..end].Split(',');
        if (numbers.Length > 2 || !TryNumber(numbers[0], out most))
        {
            return false;
        }

        if (numbers.Length == 2 && numbers[1].Length > 0)
        {
            int least = most;
            if (!TryNumber(numbers[1], out most))
            {
                return false;
            }

            if (most < least)
            {
                Fail(_at, "this repetition ends before it starts");
            }
        }

        most = Math.Max(most, 1);
        length = end + 1 - _at;
        return true;
    }

    private static bool TryNumber(string text, out int number) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number);

    private void Fail(int offset, string message)
    {
        if (!_failed)
        {
            _error = new PatternError(offset, message);
            _failed = true;
        }
    }
}
