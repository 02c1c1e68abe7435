using System;
using System.Buffers;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>Words and phrases of a list, whole: no letter, digit or _ goes on before or behind them.</summary>
internal sealed class PhraseDetector(PhraseTrie phrases) : PlaceDetector(phrases.Beginnings())
{
    /// <summary>White space that may stand for one space.</summary>
    public const int SpacesMax = 8;

    // A small letter may be written by a capital of more bytes.
    private const int CaseFactor = 3;

    public override int HeldBytesMax => (phrases.BytesMax * Math.Max(SpacesMax, CaseFactor)) + 4;

    protected override bool MayFollow(byte before) => !Letters.IsWord(before);

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        Span<byte> folded = stackalloc byte[4];
        int node = 0;
        int best = 0;
        int place = at;
        while (true)
        {
            if (place == text.Length)
            {
                return isEnd ? best : NeedMore;
            }

            byte value = text[place];
            int length;
            if (PhraseTrie.IsSpace(value))
            {
                int space = phrases.Step(node, (byte)' ');
                if (space < 0)
                {
                    return best;
                }

                length = Spaces(text[place..]);
                if (length > SpacesMax)
                {
                    return best;
                }

                node = space;
            }
            else if (value < 0x80)
            {
                length = 1;
                node = phrases.Step(node, (byte)(Letters.IsLetter(value) ? value | 0x20 : value));
            }
            else
            {
                OperationStatus status = Rune.DecodeFromUtf8(text[place..], out Rune rune, out length);
                if (status == OperationStatus.NeedMoreData && !isEnd)
                {
                    return NeedMore;
                }

                int bytes = Rune.ToLowerInvariant(rune).EncodeToUtf8(folded);
                for (int i = 0; i < bytes && node >= 0; i++)
                {
                    node = phrases.Step(node, folded[i]);
                }
            }

            if (node < 0)
            {
                return best;
            }

            place += length;
            if (phrases.IsEnd(node))
            {
                if (place == text.Length && !isEnd)
                {
                    return NeedMore;
                }

                bool goesOn = place < text.Length && Letters.IsWord(text[place]) && Letters.IsWord(text[place - 1]);
                best = goesOn ? best : place - at;
            }
        }
    }

    private static int Spaces(ReadOnlySpan<byte> text)
    {
        int count = 0;
        while (count < text.Length && count <= SpacesMax && PhraseTrie.IsSpace(text[count]))
        {
            count++;
        }

        return count;
    }
}
