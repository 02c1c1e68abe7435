using System;
using System.Buffers;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// Names as programs written in Go read them: "Model", and even one with a long s in it, is the name it is in lower
/// case. Other programs do not, so what looks for a name that must not be missed looks for all of its spellings.
/// </summary>
internal static class FoldedName
{
    // All of ASCII but capitals and the backslash.
    private static readonly SearchValues<byte> PlainBytes = SearchValues.Create(
        " !\"#$%&'()*+,-./0123456789:;<=>?@[]^_`abcdefghijklmnopqrstuvwxyz{|}~"u8);

    /// <summary>The hash of a member's name in lower case; of one that cannot be folded its own.</summary>
    public static ulong HashOf(in JsonNode member, ReadOnlySpan<byte> text)
    {
        ReadOnlySpan<byte> quoted = text[member.NameStart..member.NameEnd];
        Span<byte> folded = stackalloc byte[JsonText.BytesMax];
        return !IsPlain(quoted) && TryFold(quoted, folded, out int length)
            ? JsonText.HashOf(folded[..length])
            : member.NameHash;
    }

    /// <summary>The hash <see cref="HashOf(in JsonNode, ReadOnlySpan{byte})"/> has for that name.</summary>
    public static ulong HashOf(ReadOnlySpan<byte> name)
    {
        if (name.Length > JsonText.BytesMax)
        {
            return JsonText.HashOf(name);
        }

        Span<byte> folded = stackalloc byte[JsonText.BytesMax];
        return JsonText.HashOf(folded[..Fold(name, folded)]);
    }

    /// <summary>The member of an object, in whatever spelling; -1 if it has none.</summary>
    /// <param name="isTwice">It has two that may be taken for it; else as it was.</param>
    public static int Find(JsonIndex index, ReadOnlySpan<byte> text, int node, ulong hash, ref bool isTwice)
    {
        int found = -1;
        int end = node >= 0 && index[node].Kind == JsonToken.ObjectStart ? index[node].Next : 0;
        for (int member = node + 1; member < end; member = index[member].Next)
        {
            if (HashOf(index[member], text) == hash)
            {
                isTwice |= found >= 0;
                found = member;
            }
        }

        return found;
    }

    /// <summary>Nothing to fold in it, as in most.</summary>
    public static bool IsPlain(ReadOnlySpan<byte> quoted) => !quoted.ContainsAnyExcept(PlainBytes);

    /// <summary>The name in lower case; false if it is longer than any the proxy goes by.</summary>
    public static bool TryFold(ReadOnlySpan<byte> quoted, Span<byte> folded, out int length)
    {
        JsonText text = JsonText.Of(quoted);
        length = text.IsShort ? Fold(text.Span, folded) : 0;
        return text.IsShort;
    }

    // As Go folds what is ASCII in lower case: capitals, the long s and the sign of the kelvin.
    private static int Fold(ReadOnlySpan<byte> rest, Span<byte> folded)
    {
        int length = 0;
        while (!rest.IsEmpty)
        {
            int taken = rest.StartsWith("\u017f"u8) ? 2 : rest.StartsWith("\u212a"u8) ? 3 : 1;
            folded[length++] = taken == 2 ? (byte)'s'
                : taken == 3 ? (byte)'k'
                : rest[0] is >= (byte)'A' and <= (byte)'Z' ? (byte)(rest[0] | 0x20)
                : rest[0];
            rest = rest[taken..];
        }

        return length;
    }
}
