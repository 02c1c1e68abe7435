using System;
using System.Buffers;

namespace EdgeProxy.Primitives.Http;

/// <summary>Tokens: methods, field names, options (RFC 9110 section 5.6.2).</summary>
internal static class Token
{
    // tchar = "!" / "#" / "$" / "%" / "&" / "'" / "*" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~" / DIGIT / ALPHA
    private static readonly SearchValues<byte> Bytes = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    /// <summary>How many bytes at the start of <paramref name="text"/> belong to a token.</summary>
    public static int LengthAt(ReadOnlySpan<byte> text)
    {
        int end = text.IndexOfAnyExcept(Bytes);
        return end < 0 ? text.Length : end;
    }

    public static bool Is(ReadOnlySpan<byte> text) => !text.IsEmpty && text.IndexOfAnyExcept(Bytes) < 0;

    public static bool IsByte(byte value) => Bytes.Contains(value);
}
