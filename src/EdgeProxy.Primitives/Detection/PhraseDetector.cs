using System;
using System.Buffers;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Words and phrases of a list, whole: no letter, digit or _ goes on before or behind them, but in scripts that have no
/// spaces between words. Letters are compared as LetterForms has them.
/// </summary>
internal sealed class PhraseDetector(PhraseTrie phrases) : PlaceDetector(phrases.Beginnings())
{
    /// <summary>Bytes of white space that may stand for one space.</summary>
    public const int SpacesMax = 8;

    // Signs of no width between two letters, up to 3 bytes each.
    private const int UnseenMax = 2;
    private const int RuneBytesMax = 4;

    public override int HeldBytesMax => (phrases.BytesMax * (SpacesMax + (UnseenMax * 3))) + RuneBytesMax;

    protected override bool MayBegin(ReadOnlySpan<byte> text, int at)
    {
        if (at == 0)
        {
            return true;
        }

        if (text[at] < 0x80 && text[at - 1] < 0x80)
        {
            return !Letters.IsWord(text[at - 1]) || base.MayBegin(text, at);
        }

        Rune.DecodeLastFromUtf8(text[Math.Max(0, at - RuneBytesMax)..at], out Rune before, out _);
        return !LetterForms.IsOfWord(before) || !IsOfWord(text, at);
    }

    protected override bool MayFollow(byte before) => !Letters.IsWord(before);

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        mode = 0;
        int node = 0;
        int best = 0;
        int place = at;
        int unseen = 0;
        while (true)
        {
            if (place == text.Length)
            {
                return isEnd ? best : NeedMore;
            }

            OperationStatus status = Rune.DecodeFromUtf8(text[place..], out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData && !isEnd)
            {
                return NeedMore;
            }

            if (!rune.IsAscii && LetterForms.IsUnseen(rune) && place > at && unseen < UnseenMax)
            {
                unseen++;
                place += length;
                continue;
            }

            unseen = 0;
            if (IsSpace(rune))
            {
                int spaces = Spaces(text[place..], isEnd);
                length = spaces == NeedMore ? 1 : spaces;
                if (spaces > SpacesMax || phrases.Step(node, (byte)' ') < 0)
                {
                    return best;
                }

                if (spaces == NeedMore)
                {
                    return NeedMore;
                }

                node = phrases.Step(node, (byte)' ');
            }
            else
            {
                node = Step(node, rune);
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

                bool goesOn = place < text.Length && LetterForms.IsOfWord(rune) && IsOfWord(text, place);
                best = goesOn ? best : place - at;
            }
        }
    }

    private int Step(int node, Rune rune)
    {
        if (rune.IsAscii)
        {
            byte value = (byte)rune.Value;
            return phrases.Step(node, (byte)(Letters.IsLetter(value) ? value | 0x20 : value));
        }

        Span<byte> folded = stackalloc byte[RuneBytesMax];
        int bytes = LetterForms.Fold(rune).EncodeToUtf8(folded);
        for (int i = 0; i < bytes && node >= 0; i++)
        {
            node = phrases.Step(node, folded[i]);
        }

        return node;
    }

    private static bool IsOfWord(ReadOnlySpan<byte> text, int at)
    {
        Rune.DecodeFromUtf8(text[at..], out Rune rune, out _);
        return LetterForms.IsOfWord(rune);
    }

    private static bool IsSpace(Rune rune) =>
        rune.IsAscii ? PhraseTrie.IsSpace((byte)rune.Value) : LetterForms.IsWideSpace(rune);

    // Bytes of white space; more than SpacesMax if it is longer; NeedMore if it may be.
    private static int Spaces(ReadOnlySpan<byte> text, bool isEnd)
    {
        int count = 0;
        while (count < text.Length && count <= SpacesMax)
        {
            OperationStatus status = Rune.DecodeFromUtf8(text[count..], out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData && !isEnd)
            {
                return NeedMore;
            }

            if (!IsSpace(rune))
            {
                return count;
            }

            count += length;
        }

        return count > SpacesMax || isEnd ? count : NeedMore;
    }
}
