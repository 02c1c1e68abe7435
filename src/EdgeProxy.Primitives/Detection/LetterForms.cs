using System;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Letters as phrases are compared: small, and those that only look different, or only look the same (full-width,
/// Cyrillic and Greek ones like Latin's), as one. What nobody sees between letters, and where words end.
/// </summary>
internal static class LetterForms
{
    // Cyrillic and Greek letters, small, that are read as the Latin ones below them.
    private const string Alike = "\u0430\u0435\u043E\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04BB\u0501\u051B\u051D"
        + "\u03B1\u03BF\u03BD\u03C1\u03B9\u03BA\u03C5\u0261\u0131";

    private const string Latin = "aeopcyxijshdqwaovpikugi";

    /// <summary>First bytes that a letter compared as an ASCII one may have.</summary>
    public static ReadOnlySpan<byte> FirstBytes => [0xC4, 0xC9, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD4, 0xE2, 0xEA, 0xEF];

    /// <summary>The letter that it is compared as.</summary>
    public static Rune Fold(Rune rune)
    {
        if (rune.Value is >= 0xFF01 and <= 0xFF5E)
        {
            rune = new Rune(rune.Value - 0xFEE0); // full-width
        }

        Rune small = Rune.ToLowerInvariant(rune);
        int place = small.IsAscii || !small.IsBmp ? -1 : Alike.IndexOf((char)small.Value, StringComparison.Ordinal);
        return place < 0 ? small : new Rune(Latin[place]);
    }

    /// <summary>It has no width: nobody sees it between two letters.</summary>
    public static bool IsUnseen(Rune rune) =>
        rune.Value is 0xAD or 0x034F or 0x180E or (>= 0x200B and <= 0x200F) or (>= 0x2060 and <= 0x2064) or 0xFEFF;

    /// <summary>A space that is no ASCII.</summary>
    public static bool IsWideSpace(Rune rune) =>
        rune.Value is 0xA0 or (>= 0x2000 and <= 0x200A) or 0x2028 or 0x2029 or 0x202F or 0x205F or 0x3000;

    /// <summary>
    /// It goes on with a word that it stands next to: a letter, digit or _ of a script that has spaces between words.
    /// </summary>
    public static bool IsOfWord(Rune rune) => rune.IsAscii
        ? Letters.IsAlphanumeric((byte)rune.Value) || rune.Value == '_'
        : Rune.IsLetterOrDigit(rune) && !IsUnspaced(rune.Value);

    /// <summary>
    /// Of a script without spaces between words: Thai, Lao, Myanmar, Khmer; Chinese, Japanese, Korean (whose words have
    /// their endings on).
    /// </summary>
    public static bool IsUnspaced(int value) => value is (>= 0x0E00 and <= 0x0EFF) or (>= 0x1000 and <= 0x109F)
        or (>= 0x1100 and <= 0x11FF) or (>= 0x1780 and <= 0x17FF) or (>= 0x2E80 and <= 0xA4CF)
        or (>= 0xAC00 and <= 0xD7FF) or (>= 0xF900 and <= 0xFAFF) or (>= 0xFF66 and <= 0xFFDC)
        or (>= 0x1B000 and <= 0x1B2FF) or (>= 0x20000 and <= 0x3FFFF);
}
