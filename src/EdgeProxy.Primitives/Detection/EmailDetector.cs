using System;
using System.Buffers;
using System.Collections.Generic;
using System.Globalization;
using System.Text;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// E-mail addresses as people write them: up to 64 bytes of letters (of alphabets, not of scripts without spaces
/// between words), digits and . _ % + - and the like, an @, a domain of several labels (of an IDN, too). What is no
/// letter, digit or mark ends the domain, and so does a script without spaces behind a domain in ASCII. Quoted local
/// parts are not looked for (RFC 5321 has them, nobody does).
/// </summary>
internal sealed class EmailDetector : Detector
{
    private const int LocalBytesMax = 64;
    private const int DomainBytesMax = 253;

    private static readonly SearchValues<byte> Local = SearchValues.Create(ReadLocal());

    public override int HeldBytesMax => LocalBytesMax + 1 + DomainBytesMax + 1;

    public override void Scan(
        ReadOnlySpan<byte> text, bool isEnd, ref DetectorState state, List<Finding> findings, int rule)
    {
        int at = state.At;
        while (true)
        {
            int sign = text[at..].IndexOf((byte)'@');
            if (sign < 0)
            {
                state.At = isEnd ? text.Length : StartBefore(text, at, text.Length);
                return;
            }

            sign += at;
            int start = StartBefore(text, at, sign);
            int length = start == sign ? 0 : DomainAt(text, sign + 1, isEnd);
            if (length < 0)
            {
                state.At = start;
                return;
            }

            if (length > 0)
            {
                // The n of \n is no letter of it, where a text is JSON or code itself.
                bool isEscape = start > 0 && text[start - 1] == (byte)'\\'
                    && text[start] is (byte)'n' or (byte)'r' or (byte)'t';
                start += isEscape ? 1 : 0;
                while (start < sign && !IsLocalStart(text[start]))
                {
                    start++;
                }
            }

            if (length > 0 && start < sign)
            {
                findings.Add(new Finding(start, sign + 1 + length, rule, Continues: false));
            }

            at = sign + 1 + Math.Max(0, length);
        }
    }

    private static bool IsLocalStart(byte value) =>
        Letters.IsAlphanumeric(value) || value is (byte)'_' or >= 0x80;

    private static int StartBefore(ReadOnlySpan<byte> text, int from, int sign)
    {
        int least = Math.Max(from, sign - LocalBytesMax);
        int other = text[least..sign].LastIndexOfAnyExcept(Local);
        int start = other < 0 ? least : least + other + 1;
        while (start < sign && Letters.IsWithinRune(text[start]))
        {
            start++; // the rest of a rune that is none of it
        }

        return start;
    }

    // -1: more is needed. A domain ends before what is none, and has a last label that is no number.
    private static int DomainAt(ReadOnlySpan<byte> text, int at, bool isEnd)
    {
        int place = at;
        int label = at;
        bool isAscii = true;
        bool isWhole = text.Length - at >= DomainBytesMax; // or all of it that counts is here
        ReadOnlySpan<byte> here = text[..Math.Min(text.Length, at + DomainBytesMax)];
        while (place < here.Length && !(place > at && here[place] == (byte)'.' && here[place - 1] == (byte)'.'))
        {
            OperationStatus status = Rune.DecodeFromUtf8(here[place..], out Rune rune, out int length);
            if (status == OperationStatus.NeedMoreData && !isEnd && !isWhole)
            {
                return -1;
            }

            if (status != OperationStatus.Done || !IsOfDomain(rune, here[..place])
                || (isAscii && LetterForms.IsUnspaced(rune.Value) && LengthOf(here[at..place]) > label - at))
            {
                return LengthOf(here[at..place]);
            }

            place += length;
            label = rune.Value == '.' ? place : label;
            isAscii = label == place || (isAscii && (rune.IsAscii || LetterForms.IsUnseen(rune)));
        }

        return place == text.Length && !isEnd && !isWhole ? -1 : LengthOf(here[at..place]);
    }

    // Catalan has a dot between two l. What nobody sees hides no address.
    private static bool IsOfDomain(Rune rune, ReadOnlySpan<byte> before) => rune.IsAscii
        ? Letters.IsAlphanumeric((byte)rune.Value) || rune.Value is '-' or '.'
        : Rune.IsLetterOrDigit(rune) || LetterForms.IsUnseen(rune) || (rune.Value == 0xB7 && before[^1] == (byte)'l')
            || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark;

    // Of the longest domain there; 0 if there is none.
    private static int LengthOf(ReadOnlySpan<byte> domain)
    {
        if (domain.IsEmpty || domain[0] is (byte)'.' or (byte)'-')
        {
            return 0;
        }

        domain = domain.TrimEnd(".-"u8);
        int dot = domain.LastIndexOf((byte)'.');
        while (dot > 0 && !(domain.Length - dot > 2 && (Letters.IsLetter(domain[dot + 1]) || domain[dot + 1] >= 0x80)))
        {
            domain = domain[..dot].TrimEnd(".-"u8);
            dot = domain.LastIndexOf((byte)'.');
        }

        return dot > 0 ? domain.Length : 0;
    }

    // With letters of two bytes (Latin, Greek, Cyrillic, Armenian, Hebrew, Arabic), and what goes on within a rune.
    private static byte[] ReadLocal()
    {
        var local = new List<byte>(
            [.. "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-&~'#!$*^"u8]);
        for (int value = 0x80; value <= 0xDB; value++)
        {
            if (value is not ((>= 0xC0 and <= 0xC2) or (>= 0xCA and <= 0xCC)))
            {
                local.Add((byte)value);
            }
        }

        return [.. local];
    }
}
