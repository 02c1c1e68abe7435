using System;
using System.Buffers.Text;
using System.Text;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Translation;

/// <summary>JSON that is written anew, from pieces of JSON that was read. Tells if there was no room.</summary>
internal sealed class TranslatedText
{
    private HeldBody _target = new();

    /// <summary>Not all of it could be written.</summary>
    public bool IsFull { get; private set; }

    public int Length => _target.Length;

    public void Begin(HeldBody target)
    {
        _target = target;
        IsFull = false;
    }

    /// <summary>Bytes as they are.</summary>
    public void Add(ReadOnlySpan<byte> bytes) => IsFull |= !_target.TryAppend(bytes);

    public void Add(ReadOnlySpan<byte> source, Place place) => Add(source[place.Start..place.End]);

    /// <summary>A string's inside, without its quotes.</summary>
    public void AddInside(ReadOnlySpan<byte> source, Place place) => Add(source[(place.Start + 1)..(place.End - 1)]);

    public void Add(long number)
    {
        Span<byte> digits = stackalloc byte[20];
        _ = Utf8Formatter.TryFormat(number, digits, out int length);
        Add(digits[..length]);
    }

    /// <summary>Bytes of JSON as the inside of a string.</summary>
    public void AddAsString(ReadOnlySpan<byte> json)
    {
        while (!json.IsEmpty)
        {
            int stop = json.IndexOfAny("\"\\\n\r\t"u8);
            Add(stop < 0 ? json : json[..stop]);
            if (stop < 0)
            {
                return;
            }

            Add(json[stop] switch
            {
                (byte)'"' => "\\\""u8,
                (byte)'\\' => "\\\\"u8,
                (byte)'\n' => "\\n"u8,
                (byte)'\r' => "\\r"u8,
                _ => "\\t"u8,
            });
            json = json[(stop + 1)..];
        }
    }

    /// <summary>
    /// The object that stands as text in a string; an empty text is an empty object. False if it is none: then what was
    /// written is of no use.
    /// </summary>
    public bool TryAddObject(ReadOnlySpan<byte> inside)
    {
        int from = _target.Length;
        AddDecoded(inside);
        if (IsFull)
        {
            return true;
        }

        ReadOnlySpan<byte> written = _target.Bytes[from..];
        if (written.Trim(" \t\r\n"u8).IsEmpty)
        {
            Add("{}"u8);
            return true;
        }

        return IsObject(written);
    }

    /// <summary>One whole object of JSON.</summary>
    public static bool IsObject(ReadOnlySpan<byte> text)
    {
        var scanner = default(JsonScanner);
        int at = 0;
        bool isFirst = true;
        while (true)
        {
            JsonToken token = scanner.Next(text, ref at);
            if (isFirst && token != JsonToken.ObjectStart)
            {
                return false;
            }

            isFirst = false;
            if (token is JsonToken.NeedMore or JsonToken.Malformed)
            {
                return token == JsonToken.NeedMore && scanner.IsComplete;
            }
        }
    }

    /// <summary>A string's inside with its escapes undone; half a surrogate pair becomes U+FFFD.</summary>
    private void AddDecoded(ReadOnlySpan<byte> inside)
    {
        while (!inside.IsEmpty)
        {
            int stop = inside.IndexOf((byte)'\\');
            Add(stop < 0 ? inside : inside[..stop]);
            if (stop < 0)
            {
                return;
            }

            inside = inside[(stop + 1)..];
            byte escape = inside[0];
            if (escape == (byte)'u')
            {
                inside = inside[AddUnit(inside)..];
                continue;
            }

            Add([
                escape switch
                {
                    (byte)'b' => 8,
                    (byte)'f' => 12,
                    (byte)'n' => 10,
                    (byte)'r' => 13,
                    (byte)'t' => 9,
                    _ => escape,
                },
            ]);
            inside = inside[1..];
        }
    }

    // From the u on; how many bytes of it were taken.
    private int AddUnit(ReadOnlySpan<byte> escape)
    {
        const int One = 5;
        const int Two = 11;
        char unit = UnitOf(escape[1..]);
        Rune rune;
        int taken = One;
        if (char.IsHighSurrogate(unit) && escape.Length >= Two
            && escape[One] == (byte)'\\' && escape[One + 1] == (byte)'u'
            && char.IsLowSurrogate(UnitOf(escape[(One + 2)..])))
        {
            rune = new Rune(unit, UnitOf(escape[(One + 2)..]));
            taken = Two;
        }
        else
        {
            rune = char.IsSurrogate(unit) ? Rune.ReplacementChar : new Rune(unit);
        }

        Span<byte> utf8 = stackalloc byte[4];
        Add(utf8[..rune.EncodeToUtf8(utf8)]);
        return taken;
    }

    private static char UnitOf(ReadOnlySpan<byte> hex)
    {
        _ = Utf8Parser.TryParse(hex[..4], out ushort unit, out _, 'x');
        return (char)unit;
    }
}
