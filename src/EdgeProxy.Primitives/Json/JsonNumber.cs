namespace EdgeProxy.Primitives.Json;

/// <summary>A number as it is read, byte by byte (RFC 8259 section 6).</summary>
internal struct JsonNumber
{
    private Part _part;
    private bool _isNegative;
    private bool _isTooLong;
    private long _value;

    private enum Part : byte
    {
        Start,
        Sign,
        Zero,
        Digits,
        Point,
        Fraction,
        Exponent,
        ExponentSign,
        ExponentDigits,
    }

    /// <summary>What was read is a number, if nothing more comes.</summary>
    public readonly bool IsWhole => _part is Part.Zero or Part.Digits or Part.Fraction or Part.ExponentDigits;

    /// <summary>Written without a fraction or exponent, and small enough to be counted with.</summary>
    public readonly bool IsInteger => _part is Part.Zero or Part.Digits && !_isTooLong;

    /// <summary>Its value, if <see cref="IsInteger"/>.</summary>
    public readonly long Value => _isNegative ? -_value : _value;

    /// <summary>False if the byte does not belong to it.</summary>
    public bool Add(byte value)
    {
        bool isDigit = value is >= (byte)'0' and <= (byte)'9';
        switch (_part)
        {
            case Part.Start when value == (byte)'-':
                _isNegative = true;
                _part = Part.Sign;
                return true;
            case Part.Start or Part.Sign when isDigit:
                _part = value == (byte)'0' ? Part.Zero : Part.Digits;
                _value = value - '0';
                return true;
            case Part.Digits when isDigit:
                _isTooLong |= _value > (long.MaxValue - 9) / 10;
                _value = _isTooLong ? 0 : (_value * 10) + (value - '0');
                return true;
            case Part.Zero or Part.Digits when value == (byte)'.':
                _part = Part.Point;
                return true;
            case Part.Point or Part.Fraction when isDigit:
                _part = Part.Fraction;
                return true;
            case Part.Zero or Part.Digits or Part.Fraction when value is (byte)'e' or (byte)'E':
                _part = Part.Exponent;
                return true;
            case Part.Exponent when value is (byte)'+' or (byte)'-':
                _part = Part.ExponentSign;
                return true;
            case Part.Exponent or Part.ExponentSign or Part.ExponentDigits when isDigit:
                _part = Part.ExponentDigits;
                return true;
            default:
                return false;
        }
    }
}
