using System;

namespace EdgeProxy.Ai.Guards;

/// <summary>Bytes that are being written; reused, and small again after a long text.</summary>
internal sealed class ByteBuffer
{
    private const int BytesFirst = 256;
    private byte[] _bytes = new byte[BytesFirst];

    public int Length { get; private set; }

    public ReadOnlySpan<byte> Bytes => _bytes.AsSpan(0, Length);

    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (_bytes.Length - Length < bytes.Length)
        {
            Array.Resize(ref _bytes, Math.Max(2 * _bytes.Length, Length + bytes.Length));
        }

        bytes.CopyTo(_bytes.AsSpan(Length));
        Length += bytes.Length;
    }

    public void Append(int number)
    {
        Span<byte> digits = stackalloc byte[11];
        System.Buffers.Text.Utf8Formatter.TryFormat(number, digits, out int length);
        Append(digits[..length]);
    }

    public void Clear()
    {
        Length = 0;
        if (_bytes.Length > GuardLimits.KeptBytesMax)
        {
            _bytes = new byte[BytesFirst];
        }
    }
}
