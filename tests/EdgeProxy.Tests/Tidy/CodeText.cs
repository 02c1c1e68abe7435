using System;

namespace EdgeProxy.Tests.Tidy;

/// <summary>
/// C# with everything that is not code blanked out: comments, and the contents of strings and characters. Same length,
/// same lines, so positions stay true. Holes of interpolated strings are code and stay.
/// </summary>
internal sealed class CodeText
{
    private readonly string _source;
    private readonly char[] _code;
    private int _at;

    private CodeText(string source)
    {
        _source = source;
        _code = source.ToCharArray();
    }

    public static string Of(string source)
    {
        var text = new CodeText(source);
        text.ReadCode(untilBrace: false);
        return new string(text._code);
    }

    private char Peek(int ahead = 0) => _at + ahead < _source.Length ? _source[_at + ahead] : '\0';

    private void ReadCode(bool untilBrace)
    {
        int depth = 0;
        while (_at < _source.Length)
        {
            char c = Peek();
            if (c == '/' && Peek(1) == '/')
            {
                BlankUntil(_source.IndexOf('\n', _at));
            }
            else if (c == '/' && Peek(1) == '*')
            {
                int end = _source.IndexOf("*/", _at + 2, StringComparison.Ordinal);
                BlankUntil(end < 0 ? -1 : end + 2);
            }
            else if (c == '\'')
            {
                ReadCharacter();
            }
            else if (c is '"' or '$' or '@' && IsStringStart())
            {
                ReadString();
            }
            else if (untilBrace && c == '}' && depth == 0)
            {
                return;
            }
            else
            {
                depth += c == '{' ? 1 : c == '}' ? -1 : 0;
                _at++;
            }
        }
    }

    private bool IsStringStart()
    {
        int ahead = 0;
        while (Peek(ahead) is '$' or '@')
        {
            ahead++;
        }

        return Peek(ahead) == '"';
    }

    private void ReadCharacter()
    {
        _at++;
        while (_at < _source.Length && Peek() is not ('\'' or '\n'))
        {
            BlankOne(Peek() == '\\' ? 2 : 1);
        }

        _at++;
    }

    private void ReadString()
    {
        int dollars = 0;
        bool verbatim = false;
        while (Peek() is '$' or '@')
        {
            dollars += Peek() == '$' ? 1 : 0;
            verbatim |= Peek() == '@';
            _at++;
        }

        int quotes = 0;
        while (Peek(quotes) == '"')
        {
            quotes++;
        }

        if (quotes >= 3)
        {
            _at += quotes;
            ReadContents(dollars, () => Runs('"') >= quotes, quotes, escapes: false, doubled: false);
        }
        else
        {
            _at++;
            ReadContents(dollars, () => Peek() == '"', 1, escapes: !verbatim, doubled: verbatim);
        }
    }

    private void ReadContents(int dollars, Func<bool> isEnd, int quotes, bool escapes, bool doubled)
    {
        while (_at < _source.Length)
        {
            if (doubled && Peek() == '"' && Peek(1) == '"')
            {
                BlankOne(2);
            }
            else if (isEnd())
            {
                _at += quotes;
                return;
            }
            else if (escapes && Peek() == '\\')
            {
                BlankOne(2);
            }
            else if (dollars > 0 && Peek() == '{')
            {
                ReadBraces(dollars);
            }
            else
            {
                BlankOne(1);
            }
        }
    }

    private void ReadBraces(int dollars)
    {
        // With one dollar "{{" is a brace; with n dollars a hole opens with n braces, fewer are braces.
        int run = Runs('{');
        bool isHole = dollars == 1 ? run % 2 == 1 : run >= dollars;
        BlankOne(run);
        if (!isHole)
        {
            return;
        }

        ReadCode(untilBrace: true);
        BlankOne(dollars);
    }

    private int Runs(char c)
    {
        int count = 0;
        while (Peek(count) == c)
        {
            count++;
        }

        return count;
    }

    private void BlankUntil(int end) => BlankOne((end < 0 ? _source.Length : end) - _at);

    private void BlankOne(int count)
    {
        for (int end = Math.Min(_at + count, _source.Length); _at < end; _at++)
        {
            if (_code[_at] is not ('\n' or '\r'))
            {
                _code[_at] = ' ';
            }
        }
    }
}
