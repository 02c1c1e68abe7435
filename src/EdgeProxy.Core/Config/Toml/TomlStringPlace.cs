namespace EdgeProxy.Config.Toml;

/// <summary>Where a character of a string stands in its file.</summary>
internal static class TomlStringPlace
{
    /// <summary>
    /// <paramref name="column"/> counts from 1 within the value. Exact for strings of one line; the start of a
    /// multi-line one.
    /// </summary>
    public static (int Line, int Column) Of(TomlString text, int column)
    {
        if (column < 1 || text.Quote == TomlQuote.MultiLine)
        {
            return (text.Line, text.Column);
        }

        if (text.Quote == TomlQuote.Literal)
        {
            return (text.Line, text.Column + column);
        }

        // Each escape is one character of the value and two or more of the file (one above U+FFFF is two of the value).
        string source = text.Source.Text;
        int at = text.Offset + 1;
        for (int passed = 1; passed < column && at < source.Length; passed++)
        {
            int length = source[at] != '\\' || at + 1 >= source.Length ? 1 : EscapeLength(source[at + 1]);
            passed += length == 10 && IsAbovePlane0(source, at) ? 1 : 0;
            at += length;
        }

        return (text.Line, text.Column + at - text.Offset);
    }

    private static int EscapeLength(char kind) => kind switch
    {
        'u' => 6,
        'U' => 10,
        'x' => 4,
        _ => 2,
    };

    // \U0001F600: anything but four zeros after the U.
    private static bool IsAbovePlane0(string source, int at)
    {
        for (int i = at + 2; i < at + 6 && i < source.Length; i++)
        {
            if (source[i] != '0')
            {
                return true;
            }
        }

        return false;
    }
}
