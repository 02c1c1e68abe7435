using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Reads chunk-size [ chunk-ext ] CRLF a byte at a time, across inputs (RFC 9112 section 7.1). Extensions are checked
/// and forgotten; their bytes are summed over the message.
/// </summary>
internal struct ChunkLine
{
    /// <summary>Hexadecimal digits of a size: those of 64 bits.</summary>
    public const int SizeDigitsMax = 16;

    /// <summary>Largest chunk: far from where adding to a size could overflow.</summary>
    public const long SizeMax = 1L << 62;

    private ulong _size;
    private int _digits;
    private int _extensionBytes;
    private State _state;

    // chunk-ext = *( BWS ";" BWS chunk-ext-name [ BWS "=" BWS chunk-ext-val ] )
    private enum State : byte
    {
        Size,
        BeforeSemicolon,
        BeforeName,
        Name,
        AfterName,
        BeforeValue,
        Value,
        Quoted,
        Escaped,
        AfterQuoted,
        Lf,
    }

    /// <summary>Reads on from <paramref name="at"/>, which it moves behind the bytes it took.</summary>
    public RejectReason Read(ReadOnlySpan<byte> input, ref int at, HeadLimits limits, out bool whole)
    {
        whole = false;
        while (at < input.Length)
        {
            byte b = input[at++];
            RejectReason fault;
            switch (_state)
            {
                case State.Size:
                    fault = ReadSize(b);
                    break;

                case State.Lf:
                    if (b != (byte)'\n')
                    {
                        return RejectReason.ChunkLineEndInvalid;
                    }

                    whole = true;
                    return RejectReason.None;

                default:
                    fault = ReadExtension(b);
                    break;
            }

            // From the first byte after the size on, but for the CR.
            if (_state is not (State.Size or State.Lf) && ++_extensionBytes > limits.ChunkExtensionBytes)
            {
                return fault == RejectReason.None ? RejectReason.ChunkExtensionsTooLong : fault;
            }

            if (fault != RejectReason.None)
            {
                return fault;
            }
        }

        return RejectReason.None;
    }

    /// <summary>The size of the line just read; makes ready for the next line of the message.</summary>
    public long TakeSize()
    {
        long size = (long)_size;
        _size = 0;
        _digits = 0;
        _state = State.Size;
        return size;
    }

    private RejectReason ReadSize(byte b)
    {
        int worth = HexDigit.Worth(b);
        if (worth >= 0)
        {
            if (++_digits > SizeDigitsMax)
            {
                return RejectReason.ChunkSizeTooLarge;
            }

            _size = (_size << 4) | (uint)worth;
            return RejectReason.None;
        }

        if (_digits == 0)
        {
            return RejectReason.ChunkSizeInvalid;
        }

        if (_size > SizeMax)
        {
            return RejectReason.ChunkSizeTooLarge;
        }

        switch (b)
        {
            case (byte)'\r':
                _state = State.Lf;
                return RejectReason.None;
            case (byte)';':
                _state = State.BeforeName;
                return RejectReason.None;
            case (byte)' ' or (byte)'\t':
                _state = State.BeforeSemicolon;
                return RejectReason.None;
            case (byte)'\n':
                return RejectReason.ChunkLineEndInvalid;
            default:
                return RejectReason.ChunkSizeInvalid;
        }
    }

    private RejectReason ReadExtension(byte b)
    {
        State? next = (_state, b) switch
        {
            (State.Quoted, (byte)'"') => State.AfterQuoted,
            (State.Quoted, (byte)'\\') => State.Escaped,
            (State.Quoted or State.Escaped, _) => IsText(b) ? State.Quoted : null,

            (State.Name or State.Value or State.AfterQuoted, (byte)'\r') => State.Lf,
            (State.Name or State.AfterName or State.Value or State.AfterQuoted or State.BeforeSemicolon, (byte)';') =>
                State.BeforeName,
            (State.Name or State.AfterName, (byte)'=') => State.BeforeValue,
            (State.BeforeValue, (byte)'"') => State.Quoted,

            // BWS is taken where the grammar has it; before CR it has none.
            (State.Name or State.AfterName, (byte)' ' or (byte)'\t') => State.AfterName,
            (State.Value or State.AfterQuoted, (byte)' ' or (byte)'\t') => State.BeforeSemicolon,
            (State.BeforeSemicolon or State.BeforeName or State.BeforeValue, (byte)' ' or (byte)'\t') => _state,

            (State.BeforeName or State.Name, _) => AsciiSet.Token.Contains(b) ? State.Name : null,
            (State.BeforeValue or State.Value, _) => AsciiSet.Token.Contains(b) ? State.Value : null,
            _ => null,
        };
        if (next is not { } state)
        {
            return b is (byte)'\r' or (byte)'\n'
                ? RejectReason.ChunkLineEndInvalid
                : RejectReason.ChunkExtensionInvalid;
        }

        _state = state;
        return RejectReason.None;
    }

    // qdtext and quoted-pair (RFC 9110 section 5.6.4): HTAB, SP, VCHAR, obs-text
    private static bool IsText(byte b) => b is (byte)'\t' or (>= 0x20 and not 0x7F);
}
