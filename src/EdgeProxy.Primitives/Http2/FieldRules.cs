using System;
using System.Buffers;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Primitives.Http2;

/// <summary>What fields of HTTP/2 have to keep to besides those of any HTTP (RFC 9113 section 8.2).</summary>
internal static class FieldRules
{
    // A reader of lines takes these for the end of one.
    private static readonly SearchValues<byte> Breaks = SearchValues.Create([0, (byte)'\r', (byte)'\n']);

    private static readonly SearchValues<byte> Upper = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZ"u8);

    /// <summary>A token in lower case.</summary>
    public static bool IsName(ReadOnlySpan<byte> name) =>
        !name.IsEmpty && AsciiSet.Token.ContainsAll(name) && !name.ContainsAny(Upper);

    /// <summary>Neither begins nor ends with a blank, and holds nothing that ends a line.</summary>
    public static bool IsValue(ReadOnlySpan<byte> value) =>
        value.IsEmpty || (!IsBlank(value[0]) && !IsBlank(value[^1]) && !value.ContainsAny(Breaks));

    /// <summary>Speaks of the connection, which HTTP/2 has frames for (RFC 9113 section 8.2.2).</summary>
    public static bool IsOfConnection(ReadOnlySpan<byte> name) => name.Length switch
    {
        7 => name.SequenceEqual("upgrade"u8),
        10 => name.SequenceEqual("connection"u8) || name.SequenceEqual("keep-alive"u8),
        16 => name.SequenceEqual("proxy-connection"u8),
        17 => name.SequenceEqual("transfer-encoding"u8),
        _ => false,
    };

    /// <summary>Reads a length: digits, and few enough to count (RFC 9110 section 8.6).</summary>
    public static bool TryReadLength(ReadOnlySpan<byte> value, out long length)
    {
        const int DigitsMax = 18;
        length = 0;
        foreach (byte digit in value)
        {
            if (digit is < (byte)'0' or > (byte)'9')
            {
                return false;
            }

            length = (length * 10) + (digit - '0');
        }

        return value.Length is > 0 and <= DigitsMax;
    }

    private static bool IsBlank(byte value) => value is (byte)' ' or (byte)'\t';
}
