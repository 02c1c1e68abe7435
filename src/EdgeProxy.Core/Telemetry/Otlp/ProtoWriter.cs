using System;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Writes protobuf (encoding: protobuf.dev/programming-guides/encoding) into one buffer that is used again and again. A
/// message's length is patched in when it ends: four bytes are kept for it, since a varint may be longer than it has
/// to be.
/// </summary>
internal sealed class ProtoWriter
{
    private const int LengthBytes = 4;
    private const int VarintBytesMax = 10;
    private const int Varint = 0;
    private const int Fixed64Wire = 1;
    private const int Length = 2;
    private const int Fixed32Wire = 5;

    private byte[] _bytes;

    public ProtoWriter(int capacity = 16 * 1024) => _bytes = new byte[capacity];

    public int Position { get; private set; }

    public ReadOnlySpan<byte> Written => _bytes.AsSpan(0, Position);

    public void Reset() => Position = 0;

    /// <summary>So many bytes, which the caller fills.</summary>
    public Span<byte> Take(int bytes)
    {
        Span<byte> room = Room(bytes)[..bytes];
        Position += bytes;
        return room;
    }

    /// <summary>Whole fields that were written before.</summary>
    public void Fields(ReadOnlySpan<byte> fields) => fields.CopyTo(Take(fields.Length));

    /// <summary>Begins a message; what comes until <see cref="End"/> is in it.</summary>
    public int Begin(int field)
    {
        Tag(field, Length);
        Room(LengthBytes);
        Position += LengthBytes;
        return Position;
    }

    /// <param name="start">What <see cref="Begin(int)"/> gave.</param>
    public void End(int start)
    {
        uint length = (uint)(Position - start);
        Span<byte> prefix = _bytes.AsSpan(start - LengthBytes, LengthBytes);
        prefix[0] = (byte)(length | 0x80);
        prefix[1] = (byte)((length >> 7) | 0x80);
        prefix[2] = (byte)((length >> 14) | 0x80);
        prefix[3] = (byte)((length >> 21) & 0x7F);
    }

    /// <summary>Begins a message that is <paramref name="length"/> bytes long; it needs no <see cref="End"/>.</summary>
    public void Begin(int field, int length)
    {
        Tag(field, Length);
        WriteVarint((ulong)length);
    }

    /// <summary>What a field below 16 with so many bytes takes, its tag and length included.</summary>
    public static int SizeOfBytes(int length) => 1 + SizeOfVarint((ulong)length) + length;

    /// <summary>What a field below 16 with this number takes, its tag included.</summary>
    public static int SizeOfNumber(ulong value) => 1 + SizeOfVarint(value);

    public void Number(int field, ulong value)
    {
        Tag(field, Varint);
        WriteVarint(value);
    }

    public void Fixed64(int field, ulong value)
    {
        Tag(field, Fixed64Wire);
        BinaryPrimitives.WriteUInt64LittleEndian(Room(sizeof(ulong)), value);
        Position += sizeof(ulong);
    }

    public void Double(int field, double value) => Fixed64(field, BitConverter.DoubleToUInt64Bits(value));

    public void Fixed32(int field, uint value)
    {
        Tag(field, Fixed32Wire);
        BinaryPrimitives.WriteUInt32LittleEndian(Room(sizeof(uint)), value);
        Position += sizeof(uint);
    }

    public void Bytes(int field, ReadOnlySpan<byte> value)
    {
        Tag(field, Length);
        WriteVarint((ulong)value.Length);
        value.CopyTo(Room(value.Length));
        Position += value.Length;
    }

    /// <summary>
    /// Bytes of a client as a string, which MUST be UTF-8: each byte above ASCII becomes the character of its number.
    /// </summary>
    public void Latin1(int field, ReadOnlySpan<byte> value)
    {
        int length = Latin1Bytes(value);
        if (length == value.Length)
        {
            Bytes(field, value);
            return;
        }

        Tag(field, Length);
        WriteVarint((ulong)length);
        Span<byte> room = Room(length);
        int at = 0;
        foreach (byte one in value)
        {
            if (one >= 0x80)
            {
                room[at++] = (byte)(0xC0 | (one >> 6));
                room[at++] = (byte)(0x80 | (one & 0x3F));
            }
            else
            {
                room[at++] = one;
            }
        }

        Position += length;
    }

    /// <summary>What <see cref="Latin1"/> makes of it.</summary>
    public static int Latin1Bytes(ReadOnlySpan<byte> value)
    {
        if (Ascii.IsValid(value))
        {
            return value.Length;
        }

        int length = value.Length;
        foreach (byte one in value)
        {
            length += one >= 0x80 ? 1 : 0;
        }

        return length;
    }

    public void Text(int field, string value) => Text(field, value, Encoding.UTF8.GetByteCount(value));

    /// <param name="bytes">How many the text takes in UTF-8.</param>
    public void Text(int field, string value, int bytes)
    {
        Tag(field, Length);
        WriteVarint((ulong)bytes);
        Position += Encoding.UTF8.GetBytes(value, Room(bytes));
    }

    /// <summary>A trace's id, 16 bytes.</summary>
    public void TraceId(int field, ulong high, ulong low)
    {
        Tag(field, Length);
        WriteVarint(16);
        Span<byte> room = Room(16);
        BinaryPrimitives.WriteUInt64BigEndian(room, high);
        BinaryPrimitives.WriteUInt64BigEndian(room[8..], low);
        Position += 16;
    }

    public void SpanId(int field, ulong span)
    {
        Tag(field, Length);
        WriteVarint(8);
        BinaryPrimitives.WriteUInt64BigEndian(Room(8), span);
        Position += 8;
    }

    /// <summary>Repeated fixed64, packed.</summary>
    public void Packed(int field, ReadOnlySpan<long> values)
    {
        Tag(field, Length);
        WriteVarint((ulong)values.Length * sizeof(ulong));
        foreach (long value in values)
        {
            BinaryPrimitives.WriteInt64LittleEndian(Room(sizeof(ulong)), value);
            Position += sizeof(ulong);
        }
    }

    private void Tag(int field, int wire) => WriteVarint((ulong)((field << 3) | wire));

    private void WriteVarint(ulong value)
    {
        Span<byte> room = Room(VarintBytesMax);
        if (value < 0x80)
        {
            room[0] = (byte)value;
            Position++;
            return;
        }

        int count = 0;
        while (value >= 0x80)
        {
            room[count++] = (byte)(value | 0x80);
            value >>= 7;
        }

        room[count++] = (byte)value;
        Position += count;
    }

    private static int SizeOfVarint(ulong value) => (BitOperations.Log2(value | 1) / 7) + 1;

    private Span<byte> Room(int bytes)
    {
        if (_bytes.Length - Position < bytes)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Position + bytes));
        }

        return _bytes.AsSpan(Position);
    }
}
