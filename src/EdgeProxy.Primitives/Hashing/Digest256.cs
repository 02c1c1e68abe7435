using System;
using System.Buffers.Binary;
using System.Globalization;

namespace EdgeProxy.Primitives.Hashing;

/// <summary>A SHA-256 as a value to look things up by.</summary>
internal readonly record struct Digest256(ulong A, ulong B, ulong C, ulong D)
{
    /// <summary>Digits as text.</summary>
    public const int HexChars = 2 * Sha256.HashBytes;

    private const int WordBytes = sizeof(ulong);
    private const int WordChars = 2 * WordBytes;

    public static Digest256 Of(ReadOnlySpan<byte> bytes)
    {
        var hash = new Sha256();
        hash.Append(bytes);
        return End(ref hash);
    }

    /// <summary>The hash of all that was appended to <paramref name="hash"/>.</summary>
    public static Digest256 End(ref Sha256 hash)
    {
        Span<byte> bytes = stackalloc byte[Sha256.HashBytes];
        hash.End(bytes);
        return new Digest256(
            BinaryPrimitives.ReadUInt64BigEndian(bytes),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[WordBytes..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[(2 * WordBytes)..]),
            BinaryPrimitives.ReadUInt64BigEndian(bytes[(3 * WordBytes)..]));
    }

    /// <summary>From 64 hex digits, in any case.</summary>
    public static bool TryParse(ReadOnlySpan<char> hex, out Digest256 digest)
    {
        digest = default;
        if (hex.Length != HexChars
            || !TryWord(hex[..WordChars], out ulong a)
            || !TryWord(hex[WordChars..(2 * WordChars)], out ulong b)
            || !TryWord(hex[(2 * WordChars)..(3 * WordChars)], out ulong c)
            || !TryWord(hex[(3 * WordChars)..], out ulong d))
        {
            return false;
        }

        digest = new Digest256(a, b, c, d);
        return true;
    }

    /// <summary>Its first word: every bit of a SHA-256 is as good as the others.</summary>
    public override int GetHashCode() => (int)A;

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"{A:x16}{B:x16}{C:x16}{D:x16}");

    private static bool TryWord(ReadOnlySpan<char> hex, out ulong word) =>
        ulong.TryParse(hex, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out word);
}
