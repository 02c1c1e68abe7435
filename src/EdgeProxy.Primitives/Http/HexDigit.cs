using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>Hexadecimal digits (RFC 5234 appendix B.1, in either case).</summary>
internal static class HexDigit
{
    /// <summary>0 to 15, or -1.</summary>
    public static int Worth(byte digit)
    {
        uint number = (uint)(digit - '0');
        if (number <= 9)
        {
            return (int)number;
        }

        uint letter = (uint)((digit | 0x20) - 'a');
        return letter <= 5 ? (int)letter + 10 : -1;
    }

    /// <summary>Writes the 16 lower-case digits of a number.</summary>
    public static void WriteLower(ulong value, Span<byte> destination)
    {
        for (int i = 0; i < 16; i++)
        {
            destination[i] = "0123456789abcdef"u8[(int)(value >> 60)];
            value <<= 4;
        }
    }

    /// <summary>The upper-case digit for 0 to 15.</summary>
    public static byte Upper(int worth) => (byte)(worth < 10 ? '0' + worth : 'A' + worth - 10);
}
