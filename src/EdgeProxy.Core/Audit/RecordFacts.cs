using System;
using System.Buffers.Binary;

namespace EdgeProxy.Audit;

/// <summary>How a fact's value is written.</summary>
internal enum FactKind : byte
{
    Text = 1,
    Number = 2,
    Digest = 3,
}

/// <summary>
/// What steps of the proxy know of an exchange and no field names: a list of typed facts, such as the model asked and
/// served, a guard's verdict, tokens used, cost. Names are ours ("gen_ai.request.model"), never a client's bytes;
/// values are bounded. Each is a field of its own: kind (1 byte), length of the name (1), name, value.
/// </summary>
internal sealed class RecordFacts
{
    // Behind the field's head, the kind and the length of the name.
    private const int FieldBytesFirst = 256;
    private const int NameOffset = RecordWriter.FieldHeadBytes + 2;

    private byte[] _fields = new byte[FieldBytesFirst];
    private int _length;
    private bool _isOver;

    /// <summary>As fields of a record.</summary>
    public ReadOnlySpan<byte> Fields => _fields.AsSpan(0, _length);

    /// <summary>Some found no room.</summary>
    public bool IsOver => _isOver;

    /// <summary>A longer text is cut.</summary>
    public void Note(ReadOnlySpan<byte> name, ReadOnlySpan<byte> text) =>
        Add(FactKind.Text, name, text[..Math.Min(text.Length, AuditLimits.FactValueBytesMax)]);

    public void Note(ReadOnlySpan<byte> name, long number)
    {
        Span<byte> value = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(value, number);
        Add(FactKind.Number, name, value);
    }

    /// <summary>A SHA-256 of something that is not recorded itself.</summary>
    public void NoteDigest(ReadOnlySpan<byte> name, ReadOnlySpan<byte> hash) => Add(FactKind.Digest, name, hash);

    public void Reset()
    {
        _length = 0;
        _isOver = false;
    }

    private void Add(FactKind kind, ReadOnlySpan<byte> name, ReadOnlySpan<byte> value)
    {
        int length = NameOffset - RecordWriter.FieldHeadBytes + name.Length + value.Length;
        if (name.Length > AuditLimits.FactNameBytesMax
            || length + RecordWriter.FieldHeadBytes > AuditLimits.FactBytesMax - _length)
        {
            _isOver = true;
            return;
        }

        while (length + RecordWriter.FieldHeadBytes > _fields.Length - _length)
        {
            Array.Resize(ref _fields, _fields.Length * 2);
        }

        Span<byte> room = _fields.AsSpan(_length, length + RecordWriter.FieldHeadBytes);
        _length += room.Length;
        room[0] = (byte)RecordField.Fact;
        BinaryPrimitives.WriteUInt16LittleEndian(room[1..], (ushort)length);
        room[3] = (byte)kind;
        room[4] = (byte)name.Length;
        name.CopyTo(room[NameOffset..]);
        value.CopyTo(room[(NameOffset + name.Length)..]);
    }
}
