using System;
using System.Collections.Generic;
using System.Security.Cryptography;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Which texts a stream said, by a number each, so that what it says once more is told from what it says only there.
/// A text is known again as it is spelled; one that is not, or finds no room, counts as new: it is looked at twice.
/// The numbers go by a key of the process: no model can write two texts with the same one.
/// </summary>
internal sealed class SaidTexts
{
    /// <summary>Of a text that nothing was said of yet.</summary>
    public const ulong Empty = 1;

    /// <summary>Texts of one stream that are remembered.</summary>
    public const int CountMax = 1024;

    // A polynomial over the field of this prime: two texts of n bytes meet in it once in 2^61 / n.
    private const ulong Prime = (1UL << 61) - 1;

    private static readonly ulong s_key = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 4 | 1;

    private readonly HashSet<ulong> _said = [];

    /// <summary>The number of a text that goes on.</summary>
    /// <param name="number">Of what it was up to here.</param>
    public static ulong Add(ulong number, ReadOnlySpan<byte> more)
    {
        foreach (byte sign in more)
        {
            ulong high = Math.BigMul(number, s_key, out ulong low);
            number = (low & Prime) + (low >> 61 | high << 3) + sign;
            number = (number & Prime) + (number >> 61);
        }

        return number;
    }

    /// <summary>A text came to its end.</summary>
    public void Note(ulong number)
    {
        if (_said.Count < CountMax)
        {
            _said.Add(number);
        }
    }

    /// <summary>A text that is told whole: true if it was said before; from here on it was.</summary>
    public bool HasSaid(ReadOnlySpan<byte> whole)
    {
        ulong number = Add(Empty, whole);
        bool hasSaid = _said.Contains(number);
        Note(number);
        return hasSaid;
    }

    public void Clear() => _said.Clear();
}
