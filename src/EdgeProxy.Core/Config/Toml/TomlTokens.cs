using System;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace EdgeProxy.Config.Toml;

/// <summary>The words of a TOML text with their places, from Tomlyn's lexer; can go on at a later line after a mistake.</summary>
internal sealed class TomlTokens
{
    private static readonly TomlLexerOptions Decoded = new() { DecodeScalars = true };

    private readonly TomlSource _source;
    private TomlLexer _lexer;
    private TomlToken _token;
    private int _baseOffset;
    private int _baseLine;

    public TomlTokens(TomlSource source)
    {
        _source = source;
        _lexer = TomlLexer.Create(source.Text, Decoded, source.Name);
    }

    public TokenKind Kind => _token.Kind;

    public int Line => _baseLine + _token.Start.Line + 1;

    public int Column => _token.Start.Column + 1;

    /// <summary>Why <see cref="MoveNext"/> answered false, and where.</summary>
    public string Fault { get; private set; } = "";

    public int FaultLine { get; private set; }

    public int FaultColumn { get; private set; }

    public string KeyText => _token.StringValue ?? Text;

    private int Offset => _baseOffset + _token.Start.Offset;

    private string Text
    {
        get
        {
            int start = Math.Min(Offset, _source.Text.Length);
            return _source.Text.Substring(start, Math.Clamp(_token.Length, 0, _source.Text.Length - start));
        }
    }

    public TomlKeyPart Part(string key) => new(key, Line, Column, Offset);

    /// <summary>The next word that is no space and no comment; false at one that is no TOML.</summary>
    public bool MoveNext(TomlLexerMode mode)
    {
        _lexer.Mode = mode;
        try
        {
            do
            {
                if (!_lexer.MoveNext())
                {
                    return true; // stays at the end of the text
                }

                _token = _lexer.Current;
            }
            while (_token.Kind is TokenKind.Whitespaces or TokenKind.Comment && !_lexer.HasErrors);
        }
        catch (ArgumentException)
        {
            // Tomlyn 2.10.2 reports \UFFFFFFFF and then throws on it.
        }

        if (!_lexer.HasErrors)
        {
            return true;
        }

        foreach (DiagnosticMessage error in _lexer.Errors)
        {
            Fault = TomlLexerFaults.Say(error.Message, out bool atStart);
            FaultLine = atStart ? Line : _baseLine + error.Span.Start.Line + 1;
            FaultColumn = atStart ? Column : error.Span.Start.Column + 1;
            break;
        }

        return false;
    }

    /// <summary>After a mistake: goes on at the next line, or at the next line that looks like a table header.</summary>
    public void Resume(bool afterHeaderOnly)
    {
        string text = _source.Text;
        if (_lexer.HasErrors && _token.Kind is TokenKind.StringMulti or TokenKind.StringLiteralMulti && AtEnd())
        {
            Restart(text.Length, Line - 1); // the string took all that follows
            return;
        }

        int line = _lexer.HasErrors && FaultLine < Line ? FaultLine : Line;
        int start = LineStart(line);
        if (afterHeaderOnly && LooksLikeHeader(text.AsSpan(start)))
        {
            // A list left open before this header: the header itself is good.
            Restart(start, line - 1);
            return;
        }

        do
        {
            int end = text.IndexOf('\n', start);
            line++;
            start = end < 0 ? text.Length : end + 1;
        }
        while (afterHeaderOnly && start < text.Length && !LooksLikeHeader(text.AsSpan(start)));

        Restart(start, line - 1);
    }

    /// <summary>The current word as a value; null if it is none.</summary>
    public TomlNode? Scalar()
    {
        switch (_token.Kind)
        {
            case TokenKind.String:
                return String(TomlQuote.Basic);
            case TokenKind.StringLiteral:
                return String(TomlQuote.Literal);
            case TokenKind.StringMulti or TokenKind.StringLiteralMulti:
                return String(TomlQuote.MultiLine);
            case TokenKind.True or TokenKind.False:
                return new TomlBoolean(_source, Line, Column, Offset, _token.Kind == TokenKind.True);
            case TokenKind.Integer or TokenKind.IntegerHexa or TokenKind.IntegerOctal or TokenKind.IntegerBinary:
                string text = Text;
                long value = unchecked((long)_token.Data);
                // Tomlyn 2.10.2 wraps what is over 63 bits to a negative number.
                return value < 0 != text.StartsWith('-') && value != 0
                    ? null
                    : new TomlInteger(_source, Line, Column, Offset, text, value);
            default:
                return _token.Kind.IsFloat() ? Other("the float")
                    : _token.Kind.IsDateTime() ? Other("the date or time")
                    : null;
        }
    }

    /// <summary>The current word, for a fault. Strings are not shown: they may be secrets.</summary>
    public string Describe() => _token.Kind switch
    {
        TokenKind.Eof => "the end of the file",
        TokenKind.NewLine => "the end of the line",
        TokenKind.String or TokenKind.StringMulti or TokenKind.StringLiteral or TokenKind.StringLiteralMulti => "a string",
        TokenKind.Invalid when Text.Length > 1 => ConfigText.Quote(Text),
        _ => $"'{ConfigText.Shorten(Text)}'",
    };

    private static bool LooksLikeHeader(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        ReadOnlySpan<char> line = (end < 0 ? text : text[..end]).Trim();
        ReadOnlySpan<char> name = line.TrimStart('[');
        return name.Length is > 0 && name.Length < line.Length && line.IndexOfAny(",{=") < 0 && char.IsAsciiLetter(name[0]);
    }

    private TomlString String(TomlQuote quote) =>
        new(_source, Line, Column, Offset, _token.StringValue ?? "", quote);

    private TomlOther Other(string kind) => new(_source, Line, Column, Offset, Text, kind);

    private bool AtEnd() => _baseOffset + _token.End.Offset + 1 >= _source.Text.Length;

    private void Restart(int offset, int lineBefore)
    {
        _baseOffset = offset;
        _baseLine = lineBefore;
        _token = default;
        _lexer = TomlLexer.Create(_source.Text[offset..], Decoded, _source.Name);
    }

    private int LineStart(int line)
    {
        int start = _baseOffset;
        for (int at = _baseLine + 1; at < line; at++)
        {
            int end = _source.Text.IndexOf('\n', start);
            if (end < 0)
            {
                return _source.Text.Length;
            }

            start = end + 1;
        }

        return start;
    }
}
