using System;

namespace EdgeProxy.Primitives.Detection;

/// <summary>Which bytes something may begin with: one of a set each; null: any, or the end of it.</summary>
internal readonly record struct Beginning(byte[] First, byte[]? Second, byte[]? Third)
{
    /// <summary>In a set: every byte of what is not ASCII.</summary>
    public const string AnyNotAscii = "\u0080";

    /// <summary>Every byte of what is not ASCII.</summary>
    public static readonly byte[] NotAscii = Set(AnyNotAscii)!;

    /// <summary>The bytes of a text, each by itself.</summary>
    public static Beginning Of(ReadOnlySpan<byte> text) =>
        new([text[0]], text.Length > 1 ? [text[1]] : null, text.Length > 2 ? [text[2]] : null);

    /// <summary>One of each text's ASCII characters, or <see cref="AnyNotAscii"/>.</summary>
    public static Beginning OneOf(string first, string? second = null, string? third = null) =>
        new(Set(first)!, Set(second), Set(third));

    private static byte[]? Set(string? signs)
    {
        if (signs is null)
        {
            return null;
        }

        bool isWide = signs.EndsWith(AnyNotAscii, StringComparison.Ordinal);
        int narrow = signs.Length - (isWide ? 1 : 0);
        var set = new byte[narrow + (isWide ? 0x80 : 0)];
        for (int i = 0; i < set.Length; i++)
        {
            set[i] = (byte)(i < narrow ? signs[i] : 0x80 + i - narrow);
        }

        return set;
    }
}
