using System;
using System.Buffers;
using System.Buffers.Text;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Control;

/// <summary>Bytes of an answer to /metrics.</summary>
internal sealed class MetricsBuffer
{
    private const int NumberBytesMax = 32;

    private readonly ArrayBufferWriter<byte> _bytes = new(16 * 1024);

    public ReadOnlyMemory<byte> Written => _bytes.WrittenMemory;

    /// <summary>Begins anew, in the same memory.</summary>
    public void Clear() => _bytes.ResetWrittenCount();

    public MetricsBuffer Add(ReadOnlySpan<byte> text)
    {
        _bytes.Write(text);
        return this;
    }

    public MetricsBuffer Add(string text)
    {
        Encoding.UTF8.GetBytes(text, _bytes);
        return this;
    }

    public MetricsBuffer Add(long number)
    {
        Utf8Formatter.TryFormat(number, _bytes.GetSpan(NumberBytesMax), out int count);
        _bytes.Advance(count);
        return this;
    }

    public MetricsBuffer Add(double number)
    {
        if (double.IsInteger(number) && Math.Abs(number) < 1e15)
        {
            return Add((long)number);
        }

        return Add(number switch
        {
            double.PositiveInfinity => "+Inf",
            double.NegativeInfinity => "-Inf",
            _ => number.ToString("R", CultureInfo.InvariantCulture),
        });
    }

    /// <summary>a="b",c="d"</summary>
    public MetricsBuffer AddLabels(IReadOnlyList<MetricLabel> labels)
    {
        for (int i = 0; i < labels.Count; i++)
        {
            Add(i == 0 ? "" : ",").Add(labels[i].Name).Add("=\""u8).AddEscaped(labels[i].Value, isLabel: true)
                .Add("\""u8);
        }

        return this;
    }

    /// <summary>Label values escape backslash, quote and line feed; help text only backslash and line feed.</summary>
    public MetricsBuffer AddEscaped(string text, bool isLabel)
    {
        if (text.AsSpan().IndexOfAny('\\', '\n', '"') < 0)
        {
            return Add(text);
        }

        text = text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);
        return Add(isLabel ? text.Replace("\"", "\\\"", StringComparison.Ordinal) : text);
    }
}
