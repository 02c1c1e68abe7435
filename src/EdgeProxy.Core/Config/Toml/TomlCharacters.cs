using System;
using System.Buffers;
using System.Globalization;

namespace EdgeProxy.Config.Toml;

/// <summary>
/// Characters that TOML forbids everywhere, looked for before the lexer, which makes one message of each.
/// </summary>
internal static class TomlCharacters
{
    private const string Controls =
        "\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\u0008\u000B\u000C\u000D\u000E\u000F" +
        "\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F\u007F\uFFFD";

    private static readonly SearchValues<char> Suspects = SearchValues.Create(Controls + Surrogates());

    public static bool FindForbidden(string text, out int line, out int column, out string message)
    {
        int at = Find(text);
        line = 0;
        column = 0;
        message = "";
        if (at < 0)
        {
            return false;
        }

        ReadOnlySpan<char> before = text.AsSpan(0, at);
        line = before.Count('\n') + 1;
        column = at - (before.LastIndexOf('\n') + 1) + 1;
        char found = text[at];
        message = found switch
        {
            '\r' => "found a carriage return without a line feed; end lines with LF or CR LF",
            '\uFFFD' => "is not UTF-8",
            _ when char.IsSurrogate(found) => "is not UTF-8",
            _ => $"found the control character U+{((int)found).ToString("X4", CultureInfo.InvariantCulture)}",
        };
        return true;
    }

    private static int Find(string text)
    {
        int at = 0;
        while (true)
        {
            int next = text.AsSpan(at).IndexOfAny(Suspects);
            if (next < 0)
            {
                return -1;
            }

            at += next;
            char found = text[at];
            char following = at + 1 < text.Length ? text[at + 1] : '\0';
            bool isPair = (found == '\r' && following == '\n') || char.IsSurrogatePair(found, following);
            if (!isPair)
            {
                return at;
            }

            at += 2;
        }
    }

    private static string Surrogates() =>
        string.Create(0xE000 - 0xD800, 0, static (chars, _) =>
        {
            for (int i = 0; i < chars.Length; i++)
            {
                chars[i] = (char)(0xD800 + i);
            }
        });
}
