using System;
using System.Collections.Generic;
using Tomlyn.Parsing;
using Tomlyn.Syntax;

namespace EdgeProxy.Config.Toml;

/// <summary>
/// Reads TOML into a position-keeping tree: Tomlyn's lexer for the words, own grammar above it, so that nesting is
/// bounded, each mistake is one fault, and reading goes on behind it (decision 0021).
/// </summary>
internal sealed class TomlReader
{
    private readonly TomlSource _source;
    private readonly ConfigFaults _faults;
    private readonly TomlTableRules _rules;
    private readonly TomlTokens _tokens;
    private readonly TomlTable _root;
    private readonly List<TomlKeyPart> _headerPath = [];
    private readonly List<TomlKeyPart> _linePath = [];
    private TomlTable _table;
    private int _depth;

    private TomlReader(TomlSource source, ConfigFaults faults)
    {
        _source = source;
        _faults = faults;
        _rules = new TomlTableRules(source, faults);
        _tokens = new TomlTokens(source);
        _root = new TomlTable(source, 1, 1, 0, TomlTableOrigin.Header);
        _table = _root;
    }

    /// <summary>The root table, complete as far as the text could be read.</summary>
    public static TomlTable Read(TomlSource source, ConfigFaults faults)
    {
        var reader = new TomlReader(source, faults);
        if (TomlCharacters.FindForbidden(source.Text, out int line, out int column, out string found))
        {
            faults.AddSyntax(source, line, column, found);
            return reader._root;
        }

        for (int failures = 0; failures < ConfigLimits.SyntaxFaultsMax && !reader.ReadToEnd(); failures++)
        {
            // What follows in a list or inline table is not told apart from keys of the table; the next header is.
            reader._tokens.Resume(afterHeaderOnly: reader._depth > 0);
            reader._depth = 0;
        }

        return reader._root;
    }

    // False at a mistake, which is reported.
    private bool ReadToEnd()
    {
        while (!_faults.IsFull && Next(TomlLexerMode.Key))
        {
            switch (_tokens.Kind)
            {
                case TokenKind.Eof:
                    return true;
                case TokenKind.NewLine:
                    break;
                case TokenKind.OpenBracket or TokenKind.OpenBracketDouble:
                    if (!ReadHeader())
                    {
                        return false;
                    }

                    break;
                default:
                    if (!ReadPair(_table, isLine: true))
                    {
                        return false;
                    }

                    if (_tokens.Kind == TokenKind.Eof)
                    {
                        return true;
                    }

                    break;
            }
        }

        return _faults.IsFull;
    }

    private bool ReadHeader()
    {
        bool isArray = _tokens.Kind == TokenKind.OpenBracketDouble;
        TomlKeyPart bracket = _tokens.Part("");
        // Until the header is known its keys belong nowhere.
        _table = _rules.NewTable(bracket, TomlTableOrigin.Header);
        List<TomlKeyPart> path = _headerPath;
        path.Clear();
        if (!Next(TomlLexerMode.Key) || !ReadPath(path))
        {
            return false;
        }

        if (_tokens.Kind != (isArray ? TokenKind.CloseBracketDouble : TokenKind.CloseBracket))
        {
            return Fail($"the table header is not closed; write {(isArray ? "[[name]]" : "[name]")}");
        }

        _table = _rules.OpenHeader(_root, path, bracket, isArray);
        return Next(TomlLexerMode.Key) && AtEndOfLine();
    }

    private bool AtEndOfLine() =>
        _tokens.Kind is TokenKind.NewLine or TokenKind.Eof
            || Fail($"found {_tokens.Describe()} where the line should end");

    // key = value; the key is the current token. A line is taken only if nothing stands behind the value.
    private bool ReadPair(TomlTable table, bool isLine)
    {
        // Lines reuse one list; the pairs of inline tables nest within their line.
        List<TomlKeyPart> path = isLine ? _linePath : new List<TomlKeyPart>(1);
        path.Clear();
        if (!ReadPath(path))
        {
            return false;
        }

        if (_tokens.Kind != TokenKind.Equal)
        {
            return Fail($"found {_tokens.Describe()} after the key; write key = value");
        }

        if (!Next(TomlLexerMode.Value) || ReadValue() is not { } value)
        {
            return false;
        }

        if (isLine && (!Next(TomlLexerMode.Key) || !AtEndOfLine()))
        {
            return false;
        }

        _rules.AddValue(table, isLine ? _headerPath : [], path, value);
        return true;
    }

    // a.b."c"; leaves the token behind it as the current one.
    private bool ReadPath(List<TomlKeyPart> path)
    {
        while (true)
        {
            if (_tokens.Kind is not (TokenKind.BasicKey or TokenKind.String or TokenKind.StringLiteral))
            {
                return Fail($"found {_tokens.Describe()} where a key is expected");
            }

            if (path.Count == ConfigLimits.DepthMax)
            {
                return Fail(TooDeep);
            }

            path.Add(_tokens.Part(_tokens.KeyText));
            if (!Next(TomlLexerMode.Key))
            {
                return false;
            }

            if (_tokens.Kind != TokenKind.Dot)
            {
                return true;
            }

            if (!Next(TomlLexerMode.Key))
            {
                return false;
            }
        }
    }

    private TomlNode? ReadValue()
    {
        switch (_tokens.Kind)
        {
            case TokenKind.OpenBracket:
                return Nested(ReadArray);
            case TokenKind.OpenBrace:
                return Nested(ReadInlineTable);
        }

        if (_tokens.Scalar() is { } scalar)
        {
            return scalar;
        }

        Fail(_tokens.Kind == TokenKind.Invalid || _tokens.Kind == TokenKind.Integer
            ? $"{_tokens.Describe()} is not a value; strings stand in quotes"
            : $"found {_tokens.Describe()} where a value is expected");
        return null;
    }

    private TomlNode? Nested(Func<TomlNode?> read)
    {
        if (_depth == ConfigLimits.DepthMax)
        {
            Fail(TooDeep);
            return null;
        }

        _depth++;
        TomlNode? node = read();
        if (node is not null)
        {
            _depth--; // kept on a failure: it says where reading may go on
        }

        return node;
    }

    private TomlArray? ReadArray()
    {
        TomlKeyPart at = _tokens.Part("");
        var array = new TomlArray(_source, at.Line, at.Column, at.Offset, isOfTables: false);
        while (NextInside(TomlLexerMode.Value, at, "list", ']'))
        {
            if (_tokens.Kind == TokenKind.CloseBracket)
            {
                return array;
            }

            if (ReadValue() is not { } item)
            {
                return null;
            }

            array.Items.Add(item);
            if (!NextInside(TomlLexerMode.Value, at, "list", ']'))
            {
                return null;
            }

            if (_tokens.Kind == TokenKind.CloseBracket)
            {
                return array;
            }

            if (_tokens.Kind != TokenKind.Comma)
            {
                Fail($"found {_tokens.Describe()} in a list; write , between elements and ] at the end");
                return null;
            }
        }

        return null;
    }

    private TomlTable? ReadInlineTable()
    {
        TomlKeyPart at = _tokens.Part("");
        TomlTable table = _rules.NewTable(at, TomlTableOrigin.Inline);
        while (NextInside(TomlLexerMode.Key, at, "inline table", '}'))
        {
            if (_tokens.Kind == TokenKind.CloseBrace)
            {
                return table;
            }

            if (!ReadPair(table, isLine: false) || !NextInside(TomlLexerMode.Key, at, "inline table", '}'))
            {
                return null;
            }

            if (_tokens.Kind == TokenKind.CloseBrace)
            {
                return table;
            }

            if (_tokens.Kind != TokenKind.Comma)
            {
                Fail($"found {_tokens.Describe()} in an inline table; write , between its keys and }} at the end");
                return null;
            }
        }

        return null;
    }

    // Lines may end anywhere between the brackets (TOML 1.1).
    private bool NextInside(TomlLexerMode mode, in TomlKeyPart opened, string what, char close)
    {
        while (Next(mode))
        {
            if (_tokens.Kind == TokenKind.Eof)
            {
                _faults.AddSyntax(_source, opened.Line, opened.Column,
                    $"the {what} that opens here is not closed with {close}");
                return false;
            }

            if (_tokens.Kind != TokenKind.NewLine)
            {
                return true;
            }
        }

        return false;
    }

    private bool Next(TomlLexerMode mode)
    {
        if (_tokens.MoveNext(mode))
        {
            return true;
        }

        _faults.AddSyntax(_source, _tokens.FaultLine, _tokens.FaultColumn, _tokens.Fault);
        return false;
    }

    private bool Fail(string message)
    {
        _faults.AddSyntax(_source, _tokens.Line, _tokens.Column, message);
        return false;
    }

    private static readonly string TooDeep = $"nests deeper than {ConfigLimits.DepthMax}";
}
