using System;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Text;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Attributes: a key, and a value of a kind. There are thirty of them in the spans of one request, so their lengths are
/// reckoned before instead of kept open and patched: six bytes less each, on the wire and to compress.
/// </summary>
internal static class OtlpAttributes
{
    private const int OneByteMax = 0x7F;
    private const byte KeyTag = (OtlpFields.Key << 3) | 2;
    private const byte ValueTag = (OtlpFields.Value << 3) | 2;
    private const byte TextTag = (OtlpFields.StringValue << 3) | 2;
    private const byte DoubleTag = (OtlpFields.DoubleValue << 3) | 1;

    // What stands before a value: tags and lengths of attribute, key and value.
    private const int HeadBytes = 6;

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfBytes(bytes));
        writer.Text(OtlpFields.StringValue, value, bytes);
    }

    /// <summary>Text that is known to be UTF-8.</summary>
    public static void Utf8Attribute(
        this ProtoWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfBytes(value.Length));
        writer.Bytes(OtlpFields.StringValue, value);
    }

    /// <summary>Text that a client sent.</summary>
    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        if (HeadBytes + 2 + key.Length + value.Length > OneByteMax || !Ascii.IsValid(value))
        {
            writer.BeginAttribute(field, key, ProtoWriter.SizeOfBytes(ProtoWriter.Latin1Bytes(value)));
            writer.Latin1(OtlpFields.StringValue, value);
            return;
        }

        Span<byte> room = writer.Short(field, key, 2 + value.Length);
        room[1] = (byte)value.Length;
        room[0] = TextTag;
        value.CopyTo(room[2..]);
    }

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, long value)
    {
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfNumber((ulong)value));
        writer.Number(OtlpFields.IntValue, (ulong)value);
    }

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, double value)
    {
        Span<byte> room = writer.Short(field, key, 1 + sizeof(double));
        BinaryPrimitives.WriteDoubleLittleEndian(room[1..], value);
        room[0] = DoubleTag;
    }

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, bool value)
    {
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfNumber(1));
        writer.Number(OtlpFields.BoolValue, value ? 1UL : 0);
    }

    /// <summary>One whose key is no constant.</summary>
    public static void Attribute(this ProtoWriter writer, int field, string key, string value)
    {
        int start = writer.BeginNamed(field, key);
        int bytes = Encoding.UTF8.GetByteCount(value);
        writer.Begin(OtlpFields.Value, ProtoWriter.SizeOfBytes(bytes));
        writer.Text(OtlpFields.StringValue, value, bytes);
        writer.End(start);
    }

    /// <inheritdoc cref="Attribute(ProtoWriter, int, string, string)"/>
    public static void Attribute(this ProtoWriter writer, int field, string key, ReadOnlySpan<byte> value)
    {
        int start = writer.BeginNamed(field, key);
        writer.Begin(OtlpFields.Value, ProtoWriter.SizeOfBytes(ProtoWriter.Latin1Bytes(value)));
        writer.Latin1(OtlpFields.StringValue, value);
        writer.End(start);
    }

    // Tags and lengths of an attribute that is short, each one byte; room for its value. The field is below 16.
    private static Span<byte> Short(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, int valueBytes)
    {
        int length = key.Length + HeadBytes - 2 + valueBytes;
        Debug.Assert(length <= OneByteMax && field < 16, "lengths and tags of one byte");
        Span<byte> room = writer.Take(2 + length);
        room[key.Length + 5] = (byte)valueBytes;
        room[key.Length + 4] = ValueTag;
        room[0] = (byte)((field << 3) | 2);
        room[1] = (byte)length;
        room[2] = KeyTag;
        room[3] = (byte)key.Length;
        key.CopyTo(room[4..]);
        return room[(key.Length + HeadBytes)..];
    }

    private static void BeginAttribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, int valueBytes)
    {
        writer.Begin(field, ProtoWriter.SizeOfBytes(key.Length) + ProtoWriter.SizeOfBytes(valueBytes));
        writer.Bytes(OtlpFields.Key, key);
        writer.Begin(OtlpFields.Value, valueBytes);
    }

    private static int BeginNamed(this ProtoWriter writer, int field, string key)
    {
        int start = writer.Begin(field);
        writer.Text(OtlpFields.Key, key);
        return start;
    }
}
