using System;
using System.Text;

namespace EdgeProxy.Config;

/// <summary>Writes file content into faults: on one line, short, and without a password of a URL.</summary>
internal static class ConfigText
{
    /// <summary>In quotes, control characters escaped, cut at <see cref="ConfigLimits.ShownCharsMax"/>.</summary>
    public static string Quote(string text) => $"\"{Shorten(WithoutUserinfo(text))}\"";

    public static string Shorten(string text) => Shorten(text, ConfigLimits.ShownCharsMax);

    /// <summary>On one line, at most <paramref name="charsMax"/> characters and "...".</summary>
    public static string Shorten(string text, int charsMax)
    {
        if (text.Length <= charsMax && !HasControl(text))
        {
            return text;
        }

        var shown = new StringBuilder();
        foreach (Rune rune in text.EnumerateRunes())
        {
            if (shown.Length >= charsMax)
            {
                return shown.Append("...").ToString();
            }

            _ = Rune.IsControl(rune) ? shown.Append('?') : shown.Append(rune.ToString());
        }

        return shown.ToString();
    }

    /// <summary>A key as it would be written in a path: bare if it may be, else in quotes.</summary>
    public static string Key(string key) => IsBare(key) ? Shorten(key) : $"\"{Shorten(key)}\"";

    private static bool IsBare(string key)
    {
        foreach (char c in key)
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
            {
                return false;
            }
        }

        return key.Length > 0;
    }

    /// <summary>
    /// What stands before '@' in a URL may be a user and a password, even in a URL that is wrong otherwise.
    /// </summary>
    public static string WithoutUserinfo(string text)
    {
        int at = text.LastIndexOf('@');
        int scheme = text.IndexOf("//", StringComparison.Ordinal);
        return at < 0 || scheme < 0 || at < scheme
            ? text
            : string.Concat(text.AsSpan(0, scheme + 2), "***", text.AsSpan(at));
    }

    private static bool HasControl(string text)
    {
        foreach (char c in text)
        {
            if (char.IsControl(c) || char.IsSurrogate(c))
            {
                return true;
            }
        }

        return false;
    }
}
