using System;
using System.Buffers.Binary;
using System.Text;

namespace EdgeProxy.Audit;

/// <summary>Reads what <see cref="RecordWriter"/> wrote; malformed bytes end the fields.</summary>
internal ref struct RecordReader
{
    private ReadOnlySpan<byte> _rest;

    public RecordReader(ReadOnlySpan<byte> record)
    {
        IsWhole = record.Length >= RecordWriter.HeadBytes;
        if (IsWhole)
        {
            Kind = (RecordKind)record[0];
            UnixMs = BinaryPrimitives.ReadInt64LittleEndian(record[1..]);
            Lane = BinaryPrimitives.ReadUInt64LittleEndian(record[9..]);
            Number = BinaryPrimitives.ReadUInt64LittleEndian(record[17..]);
            _rest = record[RecordWriter.HeadBytes..];
        }
    }

    public bool IsWhole { get; private set; }

    public RecordKind Kind { get; }

    public long UnixMs { get; }

    /// <summary>Which ring it came through, and its number there; 0 of the proxy's own records.</summary>
    public ulong Lane { get; }

    public ulong Number { get; }

    public RecordField Field { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    public readonly long Int64 => Value.Length == sizeof(long) ? BinaryPrimitives.ReadInt64LittleEndian(Value) : 0;

    public readonly string Text => Encoding.UTF8.GetString(Value);

    public bool TryNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        IsWhole = _rest.Length >= RecordWriter.FieldHeadBytes;
        int length = IsWhole ? BinaryPrimitives.ReadUInt16LittleEndian(_rest[1..]) : 0;
        IsWhole &= _rest.Length >= RecordWriter.FieldHeadBytes + length;
        if (!IsWhole)
        {
            return false;
        }

        Field = (RecordField)_rest[0];
        Value = _rest.Slice(RecordWriter.FieldHeadBytes, length);
        _rest = _rest[(RecordWriter.FieldHeadBytes + length)..];
        return true;
    }

    /// <summary>The first field of that number; false if there is none.</summary>
    public static bool TryFind(ReadOnlySpan<byte> record, RecordField field, out ReadOnlySpan<byte> value)
    {
        var reader = new RecordReader(record);
        while (reader.TryNext())
        {
            if (reader.Field == field)
            {
                value = reader.Value;
                return true;
            }
        }

        value = default;
        return false;
    }
}
