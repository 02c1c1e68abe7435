using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// Text of a query: percent-escapes, and '+' for a space (WHATWG URL, urlencoded parsing). In a path '+' is itself.
/// </summary>
internal static class PercentText
{
    /// <summary>
    /// Whether <paramref name="encoded"/> stands for exactly <paramref name="text"/>. A broken escape stands for
    /// itself, as for most readers.
    /// </summary>
    public static bool Is(ReadOnlySpan<byte> encoded, ReadOnlySpan<byte> text)
    {
        int at = 0;
        for (int read = 0; read < encoded.Length; at++)
        {
            if (at == text.Length || DecodeOne(encoded, ref read, isPath: false) != text[at])
            {
                return false;
            }
        }

        return at == text.Length;
    }

    /// <summary>
    /// What <paramref name="encoded"/> stands for, into <paramref name="room"/>, which MUST be as long; answers how
    /// many bytes it is.
    /// </summary>
    public static int Decode(ReadOnlySpan<byte> encoded, Span<byte> room) => Decode(encoded, room, isPath: false);

    /// <summary>As <see cref="Decode(ReadOnlySpan{byte}, Span{byte})"/>, of a path.</summary>
    public static int DecodePath(ReadOnlySpan<byte> encoded, Span<byte> room) => Decode(encoded, room, isPath: true);

    private static int Decode(ReadOnlySpan<byte> encoded, Span<byte> room, bool isPath)
    {
        int length = 0;
        for (int read = 0; read < encoded.Length;)
        {
            room[length++] = DecodeOne(encoded, ref read, isPath);
        }

        return length;
    }

    private static byte DecodeOne(ReadOnlySpan<byte> encoded, ref int read, bool isPath)
    {
        byte next = encoded[read++];
        if (next == (byte)'+' && !isPath)
        {
            return (byte)' ';
        }

        if (next != (byte)'%' || read + 2 > encoded.Length)
        {
            return next;
        }

        int value = (Digit(encoded[read]) << 4) | Digit(encoded[read + 1]);
        if (value < 0)
        {
            return next;
        }

        read += 2;
        return (byte)value;
    }

    // -1 is no digit, and stays negative when shifted or joined.
    private static int Digit(byte digit) => digit switch
    {
        >= (byte)'0' and <= (byte)'9' => digit - '0',
        >= (byte)'a' and <= (byte)'f' => digit - 'a' + 10,
        >= (byte)'A' and <= (byte)'F' => digit - 'A' + 10,
        _ => -1,
    };
}
