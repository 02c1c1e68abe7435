using System;
using System.Buffers;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// What stands for something that was taken out of a text, so that it can be put back: a name and a number in brackets,
/// [EMAIL_1]. Whether there is one of that name and number is the caller's to say.
/// </summary>
internal sealed class PlaceholderDetector() : PlaceDetector(Beginning.OneOf("[", NameSigns, NameSigns))
{
    private const string NameSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

    /// <summary>Of the name.</summary>
    public const int NameBytesMax = 32;

    /// <summary>Of the number, which has no zero before it.</summary>
    public const int DigitsMax = 3;

    /// <summary>Of all.</summary>
    public const int BytesMax = NameBytesMax + DigitsMax + 3;

    public override int HeldBytesMax => BytesMax - 1;

    /// <summary>The text is a placeholder, nothing before and nothing behind it.</summary>
    public static bool IsOne(ReadOnlySpan<byte> text)
    {
        if (text.Length is < 5 or > BytesMax || text[0] != (byte)'[' || text[^1] != (byte)']')
        {
            return false;
        }

        ReadOnlySpan<byte> inner = text[1..^1];
        int split = inner.LastIndexOf((byte)'_');
        if (split is <= 0 or > NameBytesMax || inner.Length - split - 1 is < 1 or > DigitsMax
            || inner[split + 1] == (byte)'0')
        {
            return false;
        }

        return !inner.ContainsAnyExcept(NameBytes)
            && !inner[(split + 1)..].ContainsAnyExceptInRange((byte)'0', (byte)'9');
    }

    protected override bool MayFollow(byte before) => true;

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        ReadOnlySpan<byte> rest = text[at..Math.Min(text.Length, at + BytesMax)];
        int end = rest[1..].IndexOfAnyExcept(NameBytes);
        if (end < 0)
        {
            return rest.Length < BytesMax && !isEnd ? NeedMore : 0;
        }

        ReadOnlySpan<byte> whole = rest[..(end + 2)];
        return IsOne(whole) ? whole.Length : 0;
    }

    private static readonly SearchValues<byte> NameBytes = SearchValues.Create(Encoding.ASCII.GetBytes(NameSigns));
}
