using System;
using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace EdgeProxy.Primitives.Json;

/// <summary>
/// Reads one JSON text (RFC 8259), an object or an array, from pieces cut anywhere: a state machine without recursion
/// and without a buffer, but for the first bytes of names and strings. UTF-8 is not judged here: whoever has the whole
/// text checks it whole. The oldest state is <c>default</c>.
/// </summary>
internal struct JsonScanner
{
    /// <summary>Objects and arrays within each other.</summary>
    public const int DepthMax = 64;

    private static readonly SearchValues<byte> StringStops = SearchValues.Create(
    [
        (byte)'"', (byte)'\\',
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31,
    ]);

    private State _state;
    private bool _isName;
    private ulong _objects; // bit d: the container at depth d + 1 is an object
    private long _consumed;
    private JsonText _text;
    private JsonNumber _number;
    private byte _literalAt;
    private JsonToken _literal;

    private enum State : byte
    {
        Start,
        Value,
        FirstElement,
        FirstName,
        NextName,
        Colon,
        AfterValue,
        InString,
        InNumber,
        InLiteral,
        End,
        Malformed,
    }

    /// <summary>Texts have their hash. Whoever compares them to a few words only does without.</summary>
    public bool HashesTexts { get; init; }

    /// <summary>Containers open now.</summary>
    public int Depth { get; private set; }

    /// <summary>The text ended; only white space may follow.</summary>
    public readonly bool IsComplete => _state == State.End;

    /// <summary>Where the last token began, in bytes of all pieces; a string's quotes are its own.</summary>
    public long TokenStart { get; private set; }

    /// <summary>Where it ended.</summary>
    public long TokenEnd { get; private set; }

    /// <summary>A name's or string's text with its escapes undone, if it is short.</summary>
    [UnscopedRef]
    public readonly ref readonly JsonText Text => ref _text;

    /// <summary>A number's value.</summary>
    public readonly JsonNumber Number => _number;

    /// <summary>The next token of a piece from <paramref name="at"/> on, which moves behind it.</summary>
    public JsonToken Next(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            JsonToken token = _state switch
            {
                State.InString => InString(bytes, ref at),
                State.InNumber => InNumber(bytes, ref at),
                State.InLiteral => InLiteral(bytes, ref at),
                State.Malformed => JsonToken.Malformed,
                _ => Between(bytes, ref at),
            };
            if (token == JsonToken.Malformed)
            {
                _state = State.Malformed;
            }

            if (token != JsonToken.NeedMore)
            {
                TokenEnd = _consumed + at;
                return token;
            }
        }

        _consumed += at;
        return JsonToken.NeedMore;
    }

    // White space, and the byte that says what comes next.
    private JsonToken Between(ReadOnlySpan<byte> bytes, ref int at)
    {
        byte value = bytes[at];
        if (value is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
            return JsonToken.NeedMore;
        }

        TokenStart = _consumed + at;
        switch (_state)
        {
            case State.Start when value is (byte)'{' or (byte)'[':
            case State.Value:
            case State.FirstElement when value != (byte)']':
                return BeginValue(value, ref at);
            case State.FirstElement:
                return Close(ref at, JsonToken.ArrayEnd);
            case State.FirstName when value == (byte)'}':
                return Close(ref at, JsonToken.ObjectEnd);
            case State.FirstName when value == (byte)'"':
            case State.NextName when value == (byte)'"':
                return BeginString(ref at, isName: true);
            case State.Colon when value == (byte)':':
                at++;
                _state = State.Value;
                return JsonToken.NeedMore;
            case State.AfterValue when value == (byte)',':
                at++;
                _state = IsInObject ? State.NextName : State.Value;
                return JsonToken.NeedMore;
            case State.AfterValue when value == (byte)'}' && IsInObject:
                return Close(ref at, JsonToken.ObjectEnd);
            case State.AfterValue when value == (byte)']' && !IsInObject:
                return Close(ref at, JsonToken.ArrayEnd);
            default:
                return JsonToken.Malformed;
        }
    }

    private readonly bool IsInObject => (_objects >> (Depth - 1) & 1) != 0;

    private JsonToken BeginValue(byte value, ref int at)
    {
        switch (value)
        {
            case (byte)'{':
                return Open(ref at, isObject: true);
            case (byte)'[':
                return Open(ref at, isObject: false);
            case (byte)'"':
                return BeginString(ref at, isName: false);
            case (byte)'t':
                return BeginLiteral(ref at, JsonToken.True);
            case (byte)'f':
                return BeginLiteral(ref at, JsonToken.False);
            case (byte)'n':
                return BeginLiteral(ref at, JsonToken.Null);
            case (byte)'-' or (>= (byte)'0' and <= (byte)'9'):
                _number = default;
                _state = State.InNumber;
                return JsonToken.NeedMore;
            default:
                return JsonToken.Malformed;
        }
    }

    private JsonToken Open(ref int at, bool isObject)
    {
        if (Depth == DepthMax)
        {
            return JsonToken.Malformed;
        }

        ulong bit = 1UL << Depth;
        _objects = isObject ? _objects | bit : _objects & ~bit;
        Depth++;
        at++;
        _state = isObject ? State.FirstName : State.FirstElement;
        return isObject ? JsonToken.ObjectStart : JsonToken.ArrayStart;
    }

    private JsonToken Close(ref int at, JsonToken token)
    {
        at++;
        Depth--;
        Ended();
        return token;
    }

    private void Ended() => _state = Depth == 0 ? State.End : State.AfterValue;

    private JsonToken BeginString(ref int at, bool isName)
    {
        at++;
        _isName = isName;
        _text.Begin(HashesTexts, isName);
        _state = State.InString;
        return JsonToken.NeedMore;
    }

    private JsonToken InString(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            if (_text.IsInEscape)
            {
                if (!_text.Escaped(bytes[at++]))
                {
                    return JsonToken.Malformed;
                }

                continue;
            }

            ReadOnlySpan<byte> rest = bytes[at..];
            int stop = rest.IndexOfAny(StringStops);
            _text.Add(stop < 0 ? rest : rest[..stop]);
            if (stop < 0)
            {
                at = bytes.Length;
                return JsonToken.NeedMore;
            }

            byte value = rest[stop];
            at += stop + 1;
            if (value == (byte)'"')
            {
                _text.End();
                if (_isName)
                {
                    _state = State.Colon;
                    return JsonToken.Name;
                }

                Ended();
                return JsonToken.String;
            }

            if (value != (byte)'\\')
            {
                return JsonToken.Malformed;
            }

            _text.BeginEscape();
        }

        return JsonToken.NeedMore;
    }

    private JsonToken InNumber(ReadOnlySpan<byte> bytes, ref int at)
    {
        while (at < bytes.Length)
        {
            if (_number.Add(bytes[at]))
            {
                at++;
                continue;
            }

            // The byte that ends it is looked at again: only what may follow a value is taken there.
            if (!_number.IsWhole)
            {
                return JsonToken.Malformed;
            }

            Ended();
            return JsonToken.Number;
        }

        return JsonToken.NeedMore;
    }

    private JsonToken BeginLiteral(ref int at, JsonToken literal)
    {
        at++;
        _literal = literal;
        _literalAt = 1;
        _state = State.InLiteral;
        return JsonToken.NeedMore;
    }

    private JsonToken InLiteral(ReadOnlySpan<byte> bytes, ref int at)
    {
        ReadOnlySpan<byte> word = _literal switch
        {
            JsonToken.True => "true"u8,
            JsonToken.False => "false"u8,
            _ => "null"u8,
        };
        while (at < bytes.Length)
        {
            if (bytes[at] != word[_literalAt])
            {
                return JsonToken.Malformed;
            }

            at++;
            if (++_literalAt == word.Length)
            {
                Ended();
                return _literal;
            }
        }

        return JsonToken.NeedMore;
    }
}
