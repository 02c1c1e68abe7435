using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Attributes: a key, and a value of a kind.</summary>
internal static class OtlpAttributes
{
    public static void Attribute(this ProtoWriter writer, int field, string key, string value)
    {
        int start = writer.BeginAttribute(field, key);
        int inner = writer.Begin(OtlpFields.Value);
        writer.Text(OtlpFields.StringValue, value);
        writer.End(inner);
        writer.End(start);
    }

    /// <summary>Text that a client sent.</summary>
    public static void Attribute(this ProtoWriter writer, int field, string key, ReadOnlySpan<byte> value)
    {
        int start = writer.BeginAttribute(field, key);
        int inner = writer.Begin(OtlpFields.Value);
        writer.Latin1(OtlpFields.StringValue, value);
        writer.End(inner);
        writer.End(start);
    }

    public static void Attribute(this ProtoWriter writer, int field, string key, long value)
    {
        int start = writer.BeginAttribute(field, key);
        int inner = writer.Begin(OtlpFields.Value);
        writer.Number(OtlpFields.IntValue, (ulong)value);
        writer.End(inner);
        writer.End(start);
    }

    public static void Attribute(this ProtoWriter writer, int field, string key, double value)
    {
        int start = writer.BeginAttribute(field, key);
        int inner = writer.Begin(OtlpFields.Value);
        writer.Double(OtlpFields.DoubleValue, value);
        writer.End(inner);
        writer.End(start);
    }

    public static void Attribute(this ProtoWriter writer, int field, string key, bool value)
    {
        int start = writer.BeginAttribute(field, key);
        int inner = writer.Begin(OtlpFields.Value);
        writer.Number(OtlpFields.BoolValue, value ? 1UL : 0);
        writer.End(inner);
        writer.End(start);
    }

    private static int BeginAttribute(this ProtoWriter writer, int field, string key)
    {
        int start = writer.Begin(field);
        writer.Text(OtlpFields.Key, key);
        return start;
    }
}
