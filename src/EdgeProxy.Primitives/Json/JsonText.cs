using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Primitives.Json;

/// <summary>
/// The text of a name or string with its escapes undone, as it is read: its first bytes, its length and a hash. Whoever
/// writes a text cannot aim at the hash of another (SipHash), so equal hashes are taken for equal texts. A surrogate
/// without its other half counts as itself, in three bytes.
/// </summary>
internal struct JsonText
{
    /// <summary>Longest text that can be looked at.</summary>
    public const int BytesMax = 128;

    /// <summary>Of a longer value its length and so many first bytes count.</summary>
    public const int ValueHashedMax = 256;

    private const int NameHashedMax = 1024;

    private Bytes _bytes;
    private int _length;
    private int _hashedMax;
    private SipHash _hashing;
    private ulong _hash;
    private byte _hexLeft;
    private bool _isHashed;
    private bool _isInEscape;
    private ushort _unit;
    private ushort _high;

    /// <summary>It is all in <see cref="Span"/>.</summary>
    public readonly bool IsShort => _length <= BytesMax;

    /// <summary>Of the decoded text, in bytes.</summary>
    public readonly int Length => _length;

    /// <summary>
    /// Of the decoded text: the same for every way to write it, in this process. Of a long text its length and its
    /// first bytes count: of a name the first kilobyte. 0 if nobody wanted it.
    /// </summary>
    public readonly ulong Hash => _hash;

    /// <summary>The text, or its first bytes.</summary>
    [UnscopedRef]
    public readonly ReadOnlySpan<byte> Span => ((ReadOnlySpan<byte>)_bytes)[..Math.Min(_length, BytesMax)];

    public readonly bool IsInEscape => _isInEscape;

    public readonly bool Is(ReadOnlySpan<byte> text) => IsShort && Span.SequenceEqual(text);

    /// <param name="isHashed"><see cref="Hash"/> is wanted: a text of a kilobyte has 128 rounds of it.</param>
    /// <param name="isName">It is to be told from all other names of its object, however long they are.</param>
    public void Begin(bool isHashed, bool isName)
    {
        _length = 0;
        _isHashed = isHashed;
        _hashedMax = isName ? NameHashedMax : ValueHashedMax;
        if (isHashed)
        {
            _hashing = SipHash.Begin();
        }

        _isInEscape = false;
        _high = 0;
    }

    /// <summary>Bytes that stand for themselves.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            return;
        }

        FlushHigh();
        Append(bytes);
    }

    public void BeginEscape() => _isInEscape = true;

    /// <summary>The next byte of an escape; false if there is none like it.</summary>
    public bool Escaped(byte value)
    {
        if (_hexLeft > 0)
        {
            return Hex(value);
        }

        if (value == (byte)'u')
        {
            _hexLeft = 4;
            _unit = 0;
            return true;
        }

        byte plain = value switch
        {
            (byte)'"' or (byte)'\\' or (byte)'/' => value,
            (byte)'b' => 8,
            (byte)'f' => 12,
            (byte)'n' => 10,
            (byte)'r' => 13,
            (byte)'t' => 9,
            _ => 0,
        };
        _isInEscape = false;
        Add([plain]);
        return plain != 0;
    }

    /// <summary>The closing quote.</summary>
    public void End()
    {
        FlushHigh();
        if (_isHashed)
        {
            Span<byte> length = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(length, _length);
            _hashing.Append(length);
            _hash = _hashing.End();
        }
    }

    /// <summary>The text of a whole string, quotes and all, that was read before; without its hash.</summary>
    public static JsonText Of(ReadOnlySpan<byte> quoted)
    {
        var text = default(JsonText);
        text.Begin(isHashed: false, isName: false);
        ReadOnlySpan<byte> rest = quoted[1..^1];
        while (!rest.IsEmpty)
        {
            int stop = rest.IndexOf((byte)'\\');
            text.Add(stop < 0 ? rest : rest[..stop]);
            rest = stop < 0 ? default : rest[(stop + 1)..];
            if (stop >= 0)
            {
                text.BeginEscape();
                while (text.IsInEscape && !rest.IsEmpty)
                {
                    _ = text.Escaped(rest[0]);
                    rest = rest[1..];
                }
            }
        }

        text.End();
        return text;
    }

    /// <summary>What <see cref="Hash"/> is for a name, and for a value of up to <see cref="ValueHashedMax"/>.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> text)
    {
        var read = default(JsonText);
        read.Begin(isHashed: true, isName: true);
        read.Add(text);
        read.End();
        return read.Hash;
    }

    private bool Hex(byte value)
    {
        int digit = value switch
        {
            >= (byte)'0' and <= (byte)'9' => value - '0',
            >= (byte)'a' and <= (byte)'f' => value - 'a' + 10,
            >= (byte)'A' and <= (byte)'F' => value - 'A' + 10,
            _ => -1,
        };
        if (digit < 0)
        {
            return false;
        }

        _unit = (ushort)((_unit << 4) | digit);
        if (--_hexLeft == 0)
        {
            _isInEscape = false;
            Unit();
        }

        return true;
    }

    private void Unit()
    {
        if (char.IsLowSurrogate((char)_unit) && _high != 0)
        {
            var rune = new Rune((char)_high, (char)_unit);
            _high = 0;
            Span<byte> utf8 = stackalloc byte[4];
            Append(utf8[..rune.EncodeToUtf8(utf8)]);
            return;
        }

        FlushHigh();
        if (char.IsHighSurrogate((char)_unit))
        {
            _high = _unit;
            return;
        }

        AppendUnit(_unit);
    }

    private void FlushHigh()
    {
        if (_high != 0)
        {
            AppendUnit(_high);
            _high = 0;
        }
    }

    // UTF-8's pattern also for a lone surrogate, which no valid text has: it is equal to itself only.
    private void AppendUnit(ushort unit)
    {
        switch (unit)
        {
            case < 0x80:
                Append([(byte)unit]);
                break;
            case < 0x800:
                Append([(byte)(0xC0 | (unit >> 6)), (byte)(0x80 | (unit & 0x3F))]);
                break;
            default:
                Append(
                [
                    (byte)(0xE0 | (unit >> 12)), (byte)(0x80 | ((unit >> 6) & 0x3F)), (byte)(0x80 | (unit & 0x3F)),
                ]);
                break;
        }
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_length < BytesMax)
        {
            ReadOnlySpan<byte> kept = bytes[..Math.Min(bytes.Length, BytesMax - _length)];
            kept.CopyTo(((Span<byte>)_bytes)[_length..]);
        }

        // A long text is content, not a name; hashing it would cost more than reading it.
        if (_isHashed && _length < _hashedMax)
        {
            _hashing.Append(bytes[..Math.Min(bytes.Length, _hashedMax - _length)]);
        }

        _length = (int)Math.Min((long)_length + bytes.Length, int.MaxValue);
    }

    [InlineArray(BytesMax)]
    private struct Bytes
    {
        private byte _first;
    }
}
