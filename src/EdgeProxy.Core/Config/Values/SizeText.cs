using System;
using System.Globalization;

namespace EdgeProxy.Config.Values;

/// <summary>
/// Sizes as text: "512", "64KiB", "1MiB". KB and MB are refused: half of their readers take them for 1000, half for
/// 1024.
/// </summary>
internal static class SizeText
{
    private const int DigitsMax = 9;

    private static readonly (string Unit, long Bytes)[] Units =
    [
        ("GiB", 1L << 30),
        ("MiB", 1L << 20),
        ("KiB", 1L << 10),
        ("B", 1),
        ("", 1),
    ];

    public static bool TryParse(ReadOnlySpan<char> text, out long bytes)
    {
        bytes = 0;
        int digits = text.IndexOfAnyExceptInRange('0', '9');
        digits = digits < 0 ? text.Length : digits;
        if (digits is 0 or > DigitsMax)
        {
            return false;
        }

        foreach ((string unit, long each) in Units)
        {
            if (text[digits..].SequenceEqual(unit))
            {
                bytes = long.Parse(text[..digits], NumberStyles.None, CultureInfo.InvariantCulture) * each;
                return true;
            }
        }

        return false;
    }

    public static string Format(long bytes)
    {
        foreach ((string unit, long each) in Units)
        {
            if (bytes >= each && bytes % each == 0 && unit != "B")
            {
                return (bytes / each).ToString(CultureInfo.InvariantCulture) + unit;
            }
        }

        return "0";
    }
}
