using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// A text with the way it is spelled: decoded bytes, and for each how many bytes of the JSON string it came from, so
/// that what stays of it can be written as it was. Of a text that is JSON itself (a tool's arguments) the strings in it
/// are decoded, too. Grows at its end, shrinks at its beginning; reused.
/// </summary>
internal sealed class SpelledText
{
    private const byte InString = 0x80;
    private const int BytesFirst = 256;

    private byte[] _text = new byte[BytesFirst];
    private byte[] _marks = new byte[BytesFirst]; // length of the spelling; InString: within a string of the inner JSON
    private byte[] _raw = new byte[BytesFirst];
    private int _length;
    private int _rawLength;
    private bool _isJson;
    private bool _isInString;
    private InnerState _state;
    private int _unit;
    private int _digits;
    private int _high;
    private int _pending; // bytes of an inner escape that is not whole

    private enum InnerState : byte
    {
        Plain,
        Escape,
        Unit,
    }

    public ReadOnlySpan<byte> Text => _text.AsSpan(0, _length);

    /// <summary>The text is JSON itself.</summary>
    public bool IsJson => _isJson;

    /// <summary>How it is spelled; more than Text says if it ends within an escape of the inner JSON.</summary>
    public ReadOnlySpan<byte> Raw => _raw.AsSpan(0, _rawLength);

    /// <summary>Bytes it holds, whatever they are used for.</summary>
    public int KeptBytes => _text.Length + _marks.Length + _raw.Length;

    /// <summary>Lets go of what a long text needed.</summary>
    public void Release() => Begin(isJson: false);

    /// <param name="isJson">The text is JSON itself.</param>
    public void Begin(bool isJson)
    {
        _length = 0;
        _rawLength = 0;
        _isJson = isJson;
        _isInString = false;
        _state = InnerState.Plain;
        _high = 0;
        _pending = 0;
        if (_text.Length > GuardLimits.KeptBytesMax || _raw.Length > GuardLimits.KeptBytesMax)
        {
            _text = new byte[BytesFirst];
            _marks = new byte[BytesFirst];
            _raw = new byte[BytesFirst];
        }
    }

    /// <summary>Bytes of the spelling that a byte of the text, or the rune it begins, came from.</summary>
    public int SpellingOf(int place) => _marks[place] & ~InString;

    /// <summary>A byte of inner JSON that stands in no string: what replaces it has to be a value of its own.</summary>
    public bool IsBareJson(int place) => _isJson && (_marks[place] & InString) == 0;

    /// <summary>More of it, as it stands between the quotes of a good JSON string.</summary>
    public void Append(ReadOnlySpan<byte> spelled)
    {
        Reserve(ref _raw, _rawLength + spelled.Length);
        spelled.CopyTo(_raw.AsSpan(_rawLength));
        _rawLength += spelled.Length;
        int needed = _length + spelled.Length + 8;
        Reserve(ref _text, needed);
        Reserve(ref _marks, needed);
        int at = 0;
        while (at < spelled.Length)
        {
            int stop = spelled[at..].IndexOf((byte)'\\');
            int plain = stop < 0 ? spelled.Length - at : stop;
            Plain(spelled.Slice(at, plain));
            at += plain;
            if (stop >= 0)
            {
                at += Escape(spelled[at..]);
            }
        }
    }

    /// <summary>Nothing comes any more: what is left of an escape stands for itself.</summary>
    public void End()
    {
        if (_pending > 0)
        {
            int pending = _pending;
            _pending = 0;
            _high = 0;
            _state = InnerState.Plain;
            Push((byte)'\\', pending);
        }
    }

    /// <summary>The first bytes of the text are no longer needed.</summary>
    public void Drop(int count)
    {
        int raw = 0;
        for (int i = 0; i < count; i++)
        {
            raw += SpellingOf(i);
        }

        _text.AsSpan(count, _length - count).CopyTo(_text);
        _marks.AsSpan(count, _length - count).CopyTo(_marks);
        _raw.AsSpan(raw, _rawLength - raw).CopyTo(_raw);
        _length -= count;
        _rawLength -= raw;
    }

    private void Plain(ReadOnlySpan<byte> bytes)
    {
        if (_isJson)
        {
            foreach (byte value in bytes)
            {
                Inner(value, 1);
            }

            return;
        }

        bytes.CopyTo(_text.AsSpan(_length));
        _marks.AsSpan(_length, bytes.Length).Fill(1);
        _length += bytes.Length;
    }

    // One escape, or two that are the halves of a rune. Returns its length.
    private int Escape(ReadOnlySpan<byte> rest)
    {
        if (rest[1] != (byte)'u')
        {
            byte value = Simple(rest[1]);
            if (_isJson)
            {
                Inner(value, 2);
            }
            else
            {
                Push(value, 2);
            }

            return 2;
        }

        int unit = HexOf(rest.Slice(2, 4));
        int length = 6;
        if (char.IsHighSurrogate((char)unit) && rest.Length >= 12 && rest[6] == (byte)'\\' && rest[7] == (byte)'u'
            && HexOf(rest.Slice(8, 4)) is var low && char.IsLowSurrogate((char)low))
        {
            unit = char.ConvertToUtf32((char)unit, (char)low);
            length = 12;
        }

        if (_isJson && unit < 0x80)
        {
            Inner((byte)unit, length);
        }
        else
        {
            Rune(unit, length);
        }

        return length;
    }

    // A byte of the inner JSON; a rune that is no ASCII never comes here but as itself.
    private void Inner(byte value, int spelling)
    {
        switch (_state)
        {
            case InnerState.Escape:
                _pending += spelling;
                if (value == (byte)'u')
                {
                    _state = InnerState.Unit;
                    _unit = 0;
                    _digits = 0;
                    return;
                }

                _state = InnerState.Plain;
                FlushPending(Simple(value));
                return;
            case InnerState.Unit:
                _pending += spelling;
                int digit = HexOf(value);
                _unit = (_unit << 4) | Math.Max(0, digit);
                if (digit < 0)
                {
                    _state = InnerState.Plain;
                    FlushPending((byte)'\\');
                }
                else if (++_digits == 4)
                {
                    _state = InnerState.Plain;
                    Unit();
                }

                return;
            case InnerState.Plain when value == (byte)'\\' && _isInString:
                _pending += spelling;
                _state = InnerState.Escape;
                return;
        }

        if (_pending > 0)
        {
            FlushPending((byte)'\\'); // half a rune
        }

        _isInString ^= value == (byte)'"';
        Push(value, spelling);
    }

    private void Unit()
    {
        if (_high == 0 && char.IsHighSurrogate((char)_unit))
        {
            _high = _unit; // the other half may follow
            return;
        }

        int rune = _high != 0 && char.IsLowSurrogate((char)_unit)
            ? char.ConvertToUtf32((char)_high, (char)_unit)
            : _unit;
        int pending = _pending;
        _pending = 0;
        _high = 0;
        Rune(rune, pending);
    }

    private void FlushPending(byte value)
    {
        int pending = _pending;
        _pending = 0;
        _high = 0;
        Push(value, pending);
    }

    // UTF-8; half a rune in its pattern, which no detector takes for anything.
    private void Rune(int rune, int spelling)
    {
        if (_pending > 0)
        {
            _state = InnerState.Plain;
            FlushPending((byte)'\\');
        }

        switch (rune)
        {
            case < 0x80:
                Push((byte)rune, spelling);
                break;
            case < 0x800:
                Push((byte)(0xC0 | (rune >> 6)), spelling);
                Push((byte)(0x80 | (rune & 0x3F)), 0);
                break;
            case < 0x10000:
                Push((byte)(0xE0 | (rune >> 12)), spelling);
                Push((byte)(0x80 | ((rune >> 6) & 0x3F)), 0);
                Push((byte)(0x80 | (rune & 0x3F)), 0);
                break;
            default:
                Push((byte)(0xF0 | (rune >> 18)), spelling);
                Push((byte)(0x80 | ((rune >> 12) & 0x3F)), 0);
                Push((byte)(0x80 | ((rune >> 6) & 0x3F)), 0);
                Push((byte)(0x80 | (rune & 0x3F)), 0);
                break;
        }
    }

    private void Push(byte value, int spelling)
    {
        // The spelling of a rune of inner JSON, both layers escaped, is 72 bytes at most.
        Reserve(ref _text, _length + 1);
        Reserve(ref _marks, _length + 1);
        _text[_length] = value;
        _marks[_length++] = (byte)(spelling | (_isInString ? InString : 0));
    }

    private static byte Simple(byte value) => value switch
    {
        (byte)'b' => 8,
        (byte)'f' => 12,
        (byte)'n' => 10,
        (byte)'r' => 13,
        (byte)'t' => 9,
        _ => value,
    };

    private static int HexOf(ReadOnlySpan<byte> digits)
    {
        int value = 0;
        foreach (byte digit in digits)
        {
            value = (value << 4) | HexOf(digit);
        }

        return value;
    }

    private static int HexOf(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };

    private static void Reserve(ref byte[] bytes, int length)
    {
        if (bytes.Length < length)
        {
            Array.Resize(ref bytes, Math.Max(length, 2 * bytes.Length));
        }
    }
}
