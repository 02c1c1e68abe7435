using System;
using System.Buffers.Binary;
using System.Text.Unicode;

namespace EdgeProxy.Audit;

/// <summary>
/// Writes one record, as it stands in a ring and, behind its sequence number, in the chain: kind (1 byte), time (8,
/// milliseconds since 1970), lane (8), number on that lane (8), then fields: number (1), length (2), value. Integers
/// are little-endian. A field that finds no room is left out.
/// </summary>
internal ref struct RecordWriter
{
    public const int HeadBytes = 1 + (3 * sizeof(long));
    public const int FieldHeadBytes = 1 + sizeof(ushort);

    private readonly Span<byte> _room;

    public RecordWriter(Span<byte> room, RecordKind kind, long unixMs, ulong lane, ulong number)
    {
        _room = room;
        room[0] = (byte)kind;
        BinaryPrimitives.WriteInt64LittleEndian(room[1..], unixMs);
        BinaryPrimitives.WriteUInt64LittleEndian(room[9..], lane);
        BinaryPrimitives.WriteUInt64LittleEndian(room[17..], number);
        Length = HeadBytes;
    }

    public int Length { get; private set; }

    public void Add(RecordField field, scoped ReadOnlySpan<byte> value, int bytesMax)
    {
        value = value[..Math.Min(value.Length, bytesMax)];
        if (!value.IsEmpty && TryHead(field, value.Length))
        {
            value.CopyTo(_room[Length..]);
            Length += value.Length;
        }
    }

    public void Add(RecordField field, string text, int bytesMax = AuditLimits.NameBytesMax)
    {
        int room = Math.Min(bytesMax, _room.Length - Length - FieldHeadBytes);
        if (room <= 0 || text.Length == 0)
        {
            return;
        }

        // A text that is cut keeps whole characters only.
        Utf8.FromUtf16(text, _room.Slice(Length + FieldHeadBytes, room), out _, out int count, isFinalBlock: false);
        if (TryHead(field, count))
        {
            Length += count;
        }
    }

    /// <summary>Bytes that are whole fields already.</summary>
    public void AddFields(scoped ReadOnlySpan<byte> fields)
    {
        if (fields.Length <= _room.Length - Length)
        {
            fields.CopyTo(_room[Length..]);
            Length += fields.Length;
        }
    }

    public void Add(RecordField field, long number)
    {
        if (TryHead(field, sizeof(long)))
        {
            BinaryPrimitives.WriteInt64LittleEndian(_room[Length..], number);
            Length += sizeof(long);
        }
    }

    /// <summary>Room for a value that is written in place; empty if there is none.</summary>
    public Span<byte> Reserve(RecordField field, int length)
    {
        if (!TryHead(field, length))
        {
            return default;
        }

        Length += length;
        return _room.Slice(Length - length, length);
    }

    public readonly byte[] ToArray() => _room[..Length].ToArray();

    private bool TryHead(RecordField field, int length)
    {
        if (_room.Length - Length < FieldHeadBytes + length)
        {
            return false;
        }

        _room[Length] = (byte)field;
        BinaryPrimitives.WriteUInt16LittleEndian(_room[(Length + 1)..], (ushort)length);
        Length += FieldHeadBytes;
        return true;
    }
}
