using System;
using System.Collections.Generic;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace EdgeProxy.Config.Toml;

/// <summary>
/// The words of a TOML text with their places, from Tomlyn's lexer; can go on at a later line after a mistake.
/// </summary>
internal sealed class TomlTokens
{
    private const int KeysKeptMax = 256;

    private static readonly TomlLexerOptions Decoded = new() { DecodeScalars = true };

    private readonly TomlSource _source;
    private TomlLexer _lexer;
    private TomlToken _token;
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private int _next; // offset of the character behind the current word
    private bool _isOpenString;
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

    public string KeyText => _token.StringValue ?? Known(TextSpan);

    private int Offset => _baseOffset + _token.Start.Offset;

    private string Text => TextSpan.ToString();

    private ReadOnlySpan<char> TextSpan
    {
        get
        {
            int start = Math.Min(Offset, _source.Text.Length);
            return _source.Text.AsSpan(start, Math.Clamp(_token.Length, 0, _source.Text.Length - start));
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
                if (IsOpenString(mode))
                {
                    return false;
                }

                if (!_lexer.MoveNext())
                {
                    return true; // stays at the end of the text
                }

                _token = _lexer.Current;
                _next = _baseOffset + _token.End.Offset + 1;
            }
            while (_token.Kind is TokenKind.Whitespaces or TokenKind.Comment && !_lexer.HasErrors);
        }
        catch (ArgumentException)
        {
            // Tomlyn 2.10.2 reports \UFFFFFFFF and then throws on it.
            if (!_lexer.HasErrors)
            {
                Fault = TomlLexerFaults.Unknown;
                FaultLine = Line;
                FaultColumn = Column;
                return false;
            }
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

    /// <summary>
    /// After a mistake: goes on at the next line, or at the next line that looks like a table header.
    /// </summary>
    public void Resume(bool afterHeaderOnly)
    {
        string text = _source.Text;
        if (_lexer.HasErrors && _token.Kind is TokenKind.StringMulti or TokenKind.StringLiteralMulti && AtEnd())
        {
            Restart(text.Length, Line - 1); // the string took all that follows
            return;
        }

        int line = _isOpenString || (_lexer.HasErrors && FaultLine < Line) ? FaultLine : Line;
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
        TokenKind.String or TokenKind.StringMulti or TokenKind.StringLiteral or TokenKind.StringLiteralMulti
            => "a string",
        TokenKind.Invalid when Text.Length > 1 => ConfigText.Quote(Text),
        _ => $"'{ConfigText.Shorten(Text)}'",
    };

    private static bool LooksLikeHeader(ReadOnlySpan<char> text)
    {
        int end = text.IndexOf('\n');
        ReadOnlySpan<char> line = (end < 0 ? text : text[..end]).Trim();
        ReadOnlySpan<char> name = line.TrimStart('[');
        return name.Length is > 0 && name.Length < line.Length && line.IndexOfAny(",{=") < 0
            && char.IsAsciiLetter(name[0]);
    }

    private TomlString String(TomlQuote quote) =>
        new(_source, Line, Column, Offset, _token.StringValue ?? "", quote);

    private TomlOther Other(string kind) => new(_source, Line, Column, Offset, Text, kind);

    // The same few keys stand in every table.
    private string Known(ReadOnlySpan<char> key)
    {
        HashSet<string>.AlternateLookup<ReadOnlySpan<char>> known = _keys.GetAlternateLookup<ReadOnlySpan<char>>();
        if (known.TryGetValue(key, out string? found))
        {
            return found;
        }

        string text = key.ToString();
        if (_keys.Count < KeysKeptMax)
        {
            _keys.Add(text);
        }

        return text;
    }

    // Tomlyn's lexer reads a string that is not closed on its line up to the end of the file, with an error for each
    // line.
    private bool IsOpenString(TomlLexerMode mode)
    {
        ReadOnlySpan<char> rest = _source.Text.AsSpan(Math.Min(_next, _source.Text.Length));
        if (rest.IsEmpty || rest[0] is not ('"' or '\'') || IsClosed(rest, mode))
        {
            return false;
        }

        string text = _source.Text;
        int lineStart = _next == 0 ? 0 : text.LastIndexOf('\n', _next - 1) + 1;
        FaultLine = _baseLine + 1 + text.AsSpan(_baseOffset, _next - _baseOffset).Count('\n');
        FaultColumn = ColumnOf(text.AsSpan(lineStart, _next - lineStart));
        Fault = "the string is not closed on its line";
        _isOpenString = true;
        return true;
    }

    private static bool IsClosed(ReadOnlySpan<char> text, TomlLexerMode mode)
    {
        char quote = text[0];
        if (mode == TomlLexerMode.Value && text.Length > 2 && text[1] == quote && text[2] == quote)
        {
            return true; // a multi-line string
        }

        int at = 1;
        while (true)
        {
            int found = text[at..].IndexOfAny(quote, '\n', quote == '"' ? '\\' : quote);
            if (found < 0 || text[at + found] == '\n')
            {
                return false;
            }

            at += found;
            if (text[at] == quote)
            {
                return true;
            }

            at = Math.Min(at + (text.Length > at + 1 && text[at + 1] == '\n' ? 1 : 2), text.Length);
        }
    }

    // As the lexer counts: a pair of surrogates is one character.
    private static int ColumnOf(ReadOnlySpan<char> before)
    {
        int column = before.Length + 1;
        foreach (char c in before)
        {
            column -= char.IsLowSurrogate(c) ? 1 : 0;
        }

        return column;
    }

    private bool AtEnd() => _baseOffset + _token.End.Offset + 1 >= _source.Text.Length;

    private void Restart(int offset, int lineBefore)
    {
        _baseOffset = offset;
        _next = offset;
        _isOpenString = false;
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
