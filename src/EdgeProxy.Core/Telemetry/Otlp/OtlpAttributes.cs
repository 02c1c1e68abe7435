using System;
using System.Text;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// Attributes: a key, and a value of a kind. There are thirty of them in the spans of one request, so their lengths are
/// reckoned before instead of kept open and patched: six bytes less each, on the wire and to compress.
/// </summary>
internal static class OtlpAttributes
{
    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, string value)
    {
        int bytes = Encoding.UTF8.GetByteCount(value);
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfBytes(bytes));
        writer.Text(OtlpFields.StringValue, value, bytes);
    }

    /// <summary>Text that a client sent.</summary>
    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfBytes(ProtoWriter.Latin1Bytes(value)));
        writer.Latin1(OtlpFields.StringValue, value);
    }

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, long value)
    {
        writer.BeginAttribute(field, key, ProtoWriter.SizeOfNumber((ulong)value));
        writer.Number(OtlpFields.IntValue, (ulong)value);
    }

    public static void Attribute(this ProtoWriter writer, int field, ReadOnlySpan<byte> key, double value)
    {
        writer.BeginAttribute(field, key, 1 + sizeof(double));
        writer.Double(OtlpFields.DoubleValue, value);
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
