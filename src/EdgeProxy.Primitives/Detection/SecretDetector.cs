using System;
using System.Buffers;

namespace EdgeProxy.Primitives.Detection;

/// <summary>
/// Secrets that can be told by what they begin with: keys and tokens of well-known issuers, JSON web tokens, private
/// keys in PEM, and the name and password in a link. Of what has no bound only the beginning is waited for; the rest is
/// found as it comes, to its end.
/// </summary>
internal sealed class SecretDetector() : PlaceDetector(SecretPrefixes.Beginnings())
{
    private const int TokenMode = 1;
    private const int WebTokenMode = 2;
    private const int KeyMode = 3;
    private const int Base64Mode = 4;
    private const int UserBytesMax = 64;
    private const int PasswordBytesMin = 3;
    private const int PasswordBytesMax = 128;
    private const int WebTokenHeadMin = 10;
    private const int WebTokenHeadMax = 256;
    private const int KeyLabelMax = 48;

    private static readonly SearchValues<byte> Url = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"u8);

    private static readonly SearchValues<byte> WebToken = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-."u8);

    // What stands within a private key; a quote does not, so that the rest of a JSON text is no part of it.
    private static readonly SearchValues<byte> WithinKey = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=:,. \t\r\n\\"u8);

    private static readonly SearchValues<byte> Encoded = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/="u8);

    // What a name or a password in a link has; no $, <, { or *, which stand for one that is not told.
    private static readonly SearchValues<byte> User = SearchValues.Create(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.~%!&'()+,;="u8);

    private static ReadOnlySpan<byte> KeyBegin => "-----BEGIN "u8;

    private static ReadOnlySpan<byte> KeyEnd => "-----END "u8;

    public override int HeldBytesMax => 3 + WebTokenHeadMax + 4 + 1;

    // Dashes and :// stand next to anything.
    protected override bool MayBegin(ReadOnlySpan<byte> text, int at) =>
        text[at] is (byte)'-' or (byte)':' || base.MayBegin(text, at);

    protected override bool MayFollow(byte before) => !Letters.IsAlphanumeric(before) && before != (byte)'_';

    protected override int Match(ReadOnlySpan<byte> text, int at, bool isEnd, out int mode)
    {
        ReadOnlySpan<byte> rest = text[at..];
        mode = KeyMode;
        if (rest[0] == (byte)':')
        {
            mode = 0;
            int link = PasswordAt(rest);
            return link == NeedMore && isEnd ? 0 : link;
        }

        int length = KeyAt(rest);
        if (length == 0)
        {
            mode = WebTokenMode;
            length = WebTokenAt(rest);
        }

        if (length == 0)
        {
            length = TokenAt(rest, out mode);
        }

        length = length == NeedMore && isEnd ? 0 : length;
        mode = length > 0 ? mode : 0;
        return length;
    }

    protected override bool Continue(ReadOnlySpan<byte> text, ref int at, bool isEnd, int mode)
    {
        ReadOnlySpan<byte> rest = text[at..];
        if (mode != KeyMode)
        {
            int end = rest.IndexOfAnyExcept(SignsOf(mode));
            at += end < 0 ? rest.Length : end;
            return end >= 0 || isEnd;
        }

        while (true)
        {
            rest = text[at..];
            int end = rest.IndexOfAnyExcept(WithinKey);
            at += end < 0 ? rest.Length : end;
            if (end < 0)
            {
                return isEnd;
            }

            rest = rest[end..];
            if (rest[0] != (byte)'-')
            {
                return true;
            }

            int label = LabelAt(rest, KeyEnd);
            if (label == NeedMore && !isEnd)
            {
                return false;
            }

            at += Math.Max(1, label);
            if (label > 0)
            {
                return true;
            }
        }
    }

    // -----BEGIN ... PRIVATE KEY-----
    private static int KeyAt(ReadOnlySpan<byte> rest)
    {
        int label = LabelAt(rest, KeyBegin);
        return label <= 0 || rest[..label].IndexOf("PRIVATE KEY"u8) >= 0 ? label : 0;
    }

    // A line of PEM with its dashes on both sides.
    private static int LabelAt(ReadOnlySpan<byte> rest, ReadOnlySpan<byte> begin)
    {
        int common = rest.CommonPrefixLength(begin);
        if (common < begin.Length)
        {
            return common == rest.Length ? NeedMore : 0;
        }

        int place = begin.Length;
        while (place < rest.Length && place < begin.Length + KeyLabelMax
            && (Letters.IsAlphanumeric(rest[place]) || rest[place] == (byte)' '))
        {
            place++;
        }

        ReadOnlySpan<byte> dashes = "-----"u8;
        int after = rest[place..].CommonPrefixLength(dashes);
        return after == dashes.Length ? place + after
            : place + after == rest.Length ? NeedMore
            : 0;
    }

    // eyJ... a dot and eyJ again: head and claims of a JSON web token (RFC 7519).
    private static int WebTokenAt(ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> begin = "eyJ"u8;
        int common = rest.CommonPrefixLength(begin);
        if (common < begin.Length)
        {
            return common == rest.Length ? NeedMore : 0;
        }

        int head = rest[begin.Length..].IndexOfAnyExcept(Url);
        if (head < 0)
        {
            return rest.Length - begin.Length > WebTokenHeadMax ? 0 : NeedMore;
        }

        if (head is < WebTokenHeadMin or > WebTokenHeadMax)
        {
            return 0;
        }

        ReadOnlySpan<byte> next = ".eyJ"u8;
        int after = rest[(begin.Length + head)..].CommonPrefixLength(next);
        int length = begin.Length + head + after;
        return after == next.Length ? length : length == rest.Length ? NeedMore : 0;
    }

    // :// and a name, a colon, a password and an @ (RFC 3986 section 3.2.1).
    private static int PasswordAt(ReadOnlySpan<byte> rest)
    {
        ReadOnlySpan<byte> begin = "://"u8;
        int common = rest.CommonPrefixLength(begin);
        if (common < begin.Length)
        {
            return common == rest.Length ? NeedMore : 0;
        }

        int user = rest[begin.Length..].IndexOfAnyExcept(User);
        if (user is < 0 or > UserBytesMax)
        {
            return user < 0 && rest.Length - begin.Length <= UserBytesMax ? NeedMore : 0;
        }

        int place = begin.Length + user;
        if (rest[place++] != (byte)':')
        {
            return 0;
        }

        int password = rest[place..].IndexOfAnyExcept(User);
        if (password is < 0 or > PasswordBytesMax)
        {
            return password < 0 && rest.Length - place <= PasswordBytesMax ? NeedMore : 0;
        }

        return rest[place + password] == (byte)'@' && password >= PasswordBytesMin ? place + password : 0;
    }

    private static SearchValues<byte> SignsOf(int mode) => mode switch
    {
        WebTokenMode => WebToken,
        Base64Mode => Encoded,
        _ => Url,
    };

    private static int TokenAt(ReadOnlySpan<byte> rest, out int mode)
    {
        mode = TokenMode;
        bool isShort = false;
        foreach (SecretPrefix kind in SecretPrefixes.Of(rest[0]))
        {
            int common = rest.CommonPrefixLength(kind.Bytes);
            if (common < kind.Bytes.Length)
            {
                isShort |= common == rest.Length;
                continue;
            }

            int signs = kind.Signs switch
            {
                SecretSigns.Dots => WebTokenMode,
                SecretSigns.Base64 => Base64Mode,
                _ => TokenMode,
            };
            int wanted = kind.Bytes.Length + kind.More;
            ReadOnlySpan<byte> token = rest[kind.Bytes.Length..Math.Min(rest.Length, wanted)];
            if (token.IndexOfAnyExcept(SignsOf(signs)) >= 0)
            {
                continue;
            }

            if (rest.Length >= wanted)
            {
                mode = signs;
                return wanted;
            }

            isShort = true;
        }

        return isShort ? NeedMore : 0;
    }
}
