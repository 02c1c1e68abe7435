using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Json;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// JSON texts: taken and refused as the framework's reader does, with the same tokens, whole and byte by byte; an index
/// of them finds duplicate names as a slow walk does.
/// </summary>
internal sealed class JsonTarget : FuzzTarget
{
    public override string Name => "json";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. new[]
        {
            "{}", "[]", "{\"a\":[1,-2.5e3,true,false,null,\"x\\u00e9\\n\"],\"b\":{\"a\":{}}}", " [ 0 , [ ] ] ",
            "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\ud83d\\ude00\"}],\"stream\":true}",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[] { "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u0061", "\"a\":", "true", "null", "1e5", "-0.1", " ", "\n" }
            .Select(Encoding.UTF8.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        byte[] text = input.ToArray();
        List<JsonToken> tokens = Scan([text], out bool isGood);
        List<JsonToken> split = Scan(text.Select(value => new[] { value }), out bool isGoodSplit);
        Require(isGood == isGoodSplit && tokens.SequenceEqual(split), "other tokens when it comes byte by byte");
        bool isUtf8 = System.Text.Unicode.Utf8.IsValid(text);
        bool isWanted = IsJson(text, out int count, out bool hasTwice, out bool isObject);
        if (isUtf8)
        {
            Require(isGood == isWanted, $"taken {isGood}, by the framework {isWanted}");
            Require(!isGood || tokens.Count == count, "another number of tokens");
        }

        JsonFault expected = !isUtf8 ? JsonFault.NotUtf8
            : !isGood ? JsonFault.Malformed
            : hasTwice ? JsonFault.DuplicateName
            : isObject ? JsonFault.None : JsonFault.NoObject;
        JsonFault fault = new JsonIndex().Read(text);
        Require(fault == expected || (expected == JsonFault.Malformed && fault == JsonFault.DuplicateName),
            $"index says {fault}, expected {expected}");
        return HashCode.Combine(isGood, Math.Min(tokens.Count, 12), tokens.Count > 0 ? tokens[^1] : JsonToken.NeedMore);
    }

    private static List<JsonToken> Scan(IEnumerable<byte[]> pieces, out bool isGood)
    {
        var tokens = new List<JsonToken>();
        var scanner = default(JsonScanner);
        foreach (byte[] piece in pieces)
        {
            int at = 0;
            JsonToken token;
            while ((token = scanner.Next(piece, ref at)) is not (JsonToken.NeedMore or JsonToken.Malformed))
            {
                tokens.Add(token);
            }

            if (token == JsonToken.Malformed)
            {
                tokens.Add(token);
                break;
            }
        }

        isGood = scanner.IsComplete;
        return tokens;
    }

    // An object or array, no deeper than is taken.
    private static bool IsJson(byte[] text, out int count, out bool hasTwice, out bool isObject)
    {
        count = 0;
        hasTwice = false;
        isObject = false;
        var names = new Stack<HashSet<string>>();
        try
        {
            var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = JsonScanner.DepthMax });
            while (reader.Read())
            {
                if (count++ == 0)
                {
                    isObject = reader.TokenType == JsonTokenType.StartObject;
                    if (!isObject && reader.TokenType != JsonTokenType.StartArray)
                    {
                        return false;
                    }
                }

                switch (reader.TokenType)
                {
                    case JsonTokenType.StartObject:
                        names.Push([]);
                        break;
                    case JsonTokenType.EndObject:
                        names.Pop();
                        break;
                    case JsonTokenType.PropertyName:
                        hasTwice |= !names.Peek().Add(NameOf(ref reader));
                        break;
                }
            }

            return count > 0;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    // A lone surrogate has no text: then it is what is written.
    private static string NameOf(ref Utf8JsonReader reader)
    {
        try
        {
            return reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return "\0" + Convert.ToHexString(reader.ValueSpan);
        }
    }
}
