using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>Event streams: the same data as a slow reader of lines finds, whole and byte by byte.</summary>
internal sealed class SseTarget : FuzzTarget
{
    public override string Name => "sse";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "", "data: a\n\n", "event: x\r\ndata: {}\r\ndata:b\r\n\r\n", ": c\rdata\r\r",
            "\u00ef\u00bb\u00bfdata: a\n\n",
        }.Select(Encoding.Latin1.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { "data", "data:", "data: ", "\n", "\r", "\r\n", ":", " ", "id: 1", "\u00ef\u00bb\u00bf" }
            .Select(Encoding.Latin1.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        byte[] bytes = input.ToArray();
        string wanted = Slow(Encoding.Latin1.GetString(bytes));
        string found = Read([bytes]);
        Require(found == wanted, $"{found} and not {wanted}");
        Require(Read(bytes.Select(value => new[] { value })) == wanted, "other data when it comes byte by byte");
        return HashCode.Combine(Math.Min(wanted.Count(c => c == '\0'), 4), Math.Min(wanted.Length, 12));
    }

    // An event ends with NUL; what is not ended stands behind the last.
    private static string Slow(string text)
    {
        text = text.StartsWith("\u00ef\u00bb\u00bf", StringComparison.Ordinal) ? text[3..] : text;
        string[] lines = text.Replace("\r\n", "\n").Replace('\r', '\n').Split('\n');
        var all = new StringBuilder();
        bool hasData = false;
        for (int i = 0; i < lines.Length; i++)
        {
            bool isWhole = i < lines.Length - 1;
            string line = lines[i];
            if (line.Length == 0 && isWhole)
            {
                all.Append('\0');
                hasData = false;
            }
            else if (line.StartsWith("data:", StringComparison.Ordinal) || (line == "data" && isWhole))
            {
                // A line that has not come past its colon may still begin with a space.
                if (line.Length == 5 && !isWhole)
                {
                    continue;
                }

                all.Append(hasData ? "\n" : "");
                hasData = true;
                string value = line.Length > 4 ? line[5..] : "";
                all.Append(value.StartsWith(' ') ? value[1..] : value);
            }
        }

        return all.ToString();
    }

    private static string Read(IEnumerable<byte[]> pieces)
    {
        var all = new StringBuilder();
        var reader = default(SseReader);
        foreach (byte[] piece in pieces)
        {
            int at = 0;
            SseStep step;
            while ((step = reader.Next(piece, ref at, out ReadOnlySpan<byte> data)) != SseStep.NeedMore)
            {
                all.Append(step switch
                {
                    SseStep.Data => Encoding.Latin1.GetString(data),
                    SseStep.DataLine => "\n",
                    _ => "\0",
                });
            }
        }

        return all.ToString();
    }
}
