using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Tests.Primitives.Http;

namespace EdgeProxy.Tests.Http2;

/// <summary>A case of tests/corpus/http2; its README says what the lines mean.</summary>
internal sealed record Http2Case(string Name, string Expect, string Clause, byte[] Bytes)
{
    private static readonly Lazy<Http2Case[]> s_all = new(Load);

    public static IReadOnlyList<Http2Case> All => s_all.Value;

    public static Http2Case Of(string name) => All.Single(item => item.Name == name);

    private static Http2Case[] Load()
    {
        string file = Path.Combine(Corpus.RepositoryRoot(), "tests", "corpus", "http2", "cases.txt");
        var cases = new List<Http2Case>();
        foreach (string text in File.ReadAllText(file).Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] lines = text.Trim('\n').Split('\n');
            string[] head = lines[0].TrimStart('#').Split('|', StringSplitOptions.TrimEntries);
            cases.Add(new Http2Case(head[0], head[1], head[2], Write(lines[1..])));
        }

        return [.. cases];
    }

    private static byte[] Write(string[] lines)
    {
        var writer = new FrameWriter();
        int repeat = 1;
        for (int i = 0; i < lines.Length; i++)
        {
            int next = i + 1;
            while (next < lines.Length && lines[next].StartsWith("  ", StringComparison.Ordinal))
            {
                next++;
            }

            string[] fields = [.. lines[(i + 1)..next].Select(static line => Unescape(line[2..]))];
            string[] words = lines[i].Split(' ', 4);
            if (words[0] == "repeat")
            {
                repeat = int.Parse(words[1], CultureInfo.InvariantCulture);
                continue;
            }

            for (; repeat > 0; repeat--)
            {
                Add(writer, words, lines[i], fields);
            }

            repeat = 1;
            i = next - 1;
        }

        return writer.Take();
    }

    private static void Add(FrameWriter writer, string[] words, string line, string[] fields)
    {
        int Number(int word) => int.Parse(words[word], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
        switch (words[0])
        {
            case "headers":
            case "continuation":
                bool isHead = words[0] == "headers";
                FrameFlags flags = words.Length > 2
                    ? FlagsOf(words[2..])
                    : isHead ? FrameFlags.EndStream | FrameFlags.EndHeaders : FrameFlags.None;
                writer.Frame(
                    isHead ? FrameType.Headers : FrameType.Continuation, flags, Number(1), FrameWriter.Section(fields));
                break;
            case "data":
                byte[] payload = Encoding.Latin1.GetBytes(Unescape(words.Length > 3 ? words[3] : ""));
                writer.Frame(FrameType.Data, FlagsOf([words[2]]), Number(1), payload);
                break;
            case "frame":
                writer.Frame((FrameType)Number(1), (FrameFlags)Number(2), Number3(words[3]),
                    Convert.FromHexString(words[3].Split(' ') is [_, var hex] ? hex : ""));
                break;
            case "raw":
                writer.Raw(Convert.FromHexString(words[1]));
                break;
            case "get":
                writer.Request(Number(1));
                break;
            case "post":
                writer.Request(Number(1), isEnd: false, method: "POST").Data(Number(1), "hello");
                break;
            default:
                throw new FormatException(line);
        }
    }

    private static int Number3(string text) =>
        int.Parse(text.Split(' ')[0], NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private static FrameFlags FlagsOf(string[] words) => words.SelectMany(static word => word.Split(' ')).Aggregate(
        FrameFlags.None, static (flags, word) => flags | word switch
        {
            "es" => FrameFlags.EndStream,
            "eh" => FrameFlags.EndHeaders,
            "pad" => FrameFlags.Padded,
            "pri" => FrameFlags.Priority,
            "-" => FrameFlags.None,
            _ => throw new FormatException(word),
        });

    // \e is nothing, @N so many letters.
    private static string Unescape(string text)
    {
        var result = new StringBuilder();
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\')
            {
                result.Append(text[i]);
                continue;
            }

            i++;
            switch (text[i])
            {
                case 'r':
                    result.Append('\r');
                    break;
                case 'n':
                    result.Append('\n');
                    break;
                case '0':
                    result.Append('\0');
                    break;
                case 'x':
                    result.Append((char)int.Parse(text.AsSpan(i + 1, 2), NumberStyles.HexNumber, null));
                    i += 2;
                    break;
            }
        }

        string plain = result.ToString();
        int at = plain.IndexOf(": @", StringComparison.Ordinal);
        return at < 0
            ? plain
            : plain[..(at + 2)] + new string('x', int.Parse(plain.AsSpan(at + 3), CultureInfo.InvariantCulture));
    }
}
