using System;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>Which bytes something may begin with: one of a set each; null: any, or the end of it.</summary>
internal readonly record struct Beginning(byte[] First, byte[]? Second, byte[]? Third)
{
    /// <summary>The bytes of a text, each by itself.</summary>
    public static Beginning Of(ReadOnlySpan<byte> text) =>
        new([text[0]], text.Length > 1 ? [text[1]] : null, text.Length > 2 ? [text[2]] : null);

    /// <summary>One of each text's ASCII characters.</summary>
    public static Beginning OneOf(string first, string? second = null, string? third = null) =>
        new(Encoding.ASCII.GetBytes(first), Set(second), Set(third));

    private static byte[]? Set(string? signs) => signs is null ? null : Encoding.ASCII.GetBytes(signs);
}
