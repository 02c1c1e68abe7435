using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Texts of a chunk that stand in objects and lists of its delta, as those of reasoning models (reasoning_details,
/// thinking_blocks, parts of content) and the transcript of sound: each goes on in the next chunk, in the same place,
/// whatever its name is. Reused; one guard's.
/// </summary>
internal sealed class NestedTexts
{
    private static readonly ulong Index = JsonText.HashOf("index"u8);

    private static readonly ulong Encrypted = JsonText.HashOf("reasoning.encrypted"u8);

    // Each of these is told at once: no chunk goes on with it, and what is held of it would come apart from the rest.
    private static readonly HashSet<ulong> ToldAtOnce = GuardNames.Of(
        "annotations", "citations", "citation", "search_results", "web_search_results", "images");

    private readonly ByteBuffer _way = new();

    /// <summary>Tells the guard of each, and notes the way to it: all that opens, up to its name.</summary>
    public void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int node, int choice, bool isEnd)
    {
        _way.Clear();
        Read(guard, index, data, node, new Place(node, 0, 0, -1, choice, isEnd));
    }

    /// <summary>What closes all that opens on the way to a text.</summary>
    public static void Close(ReadOnlySpan<byte> way, ByteBuffer output)
    {
        Span<byte> open = stackalloc byte[StreamLane.NoteBytesMax];
        int depth = 0;
        bool isQuoted = false;
        for (int i = 0; i < way.Length; i++)
        {
            if (way[i] == (byte)'"')
            {
                isQuoted = !isQuoted;
            }
            else if (isQuoted)
            {
                i += way[i] == (byte)'\\' ? 1 : 0; // what it escapes is the name's, too
            }
            else if (way[i] is (byte)'{' or (byte)'[')
            {
                open[depth++] = way[i];
            }
        }

        while (depth > 0)
        {
            output.Append(open[--depth] == (byte)'{' ? "}"u8 : "]"u8);
        }
    }

    // The nesting is bounded by JsonScanner.DepthMax.
    private void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int node, Place place)
    {
        JsonNode at = index[node];
        int length = _way.Length;
        if (at.NameStart >= 0)
        {
            _way.Append(data[at.NameStart..at.NameEnd]);
            ulong way = StreamLane.KeyOf(place.Way, place.Part, -1) * 0x9E37_79B9_7F4A_7C15;
            place = place with { Way = way ^ at.NameHash, Name = at.NameHash };
        }

        if (at.Kind == JsonToken.String && !IsSealed(index, place)
            && guard.IsText(index, data, node, place.Parent, place.Name))
        {
            bool isJson = place.Name == GuardNames.Arguments || place.Name == GuardNames.PartialJson;
            guard.Part(node, place.Way, place.Choice, place.Part, _way.Bytes, isJson, place.IsEnd,
                place.Name == GuardNames.Thinking && index.Find(place.Parent, GuardNames.Signature) >= 0);
        }
        else if (at.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart && !ToldAtOnce.Contains(at.NameHash)
            && !GuardWalk.IsTextAgain(index, data, node))
        {
            _way.Append(at.NameStart >= 0 ? ":"u8 : default);
            _way.Append(at.Kind == JsonToken.ObjectStart ? "{"u8 : "["u8);
            place = Note(index, data, node, place) with { Parent = node };
            for (int child = node + 1; child < at.Next; child = index[child].Next)
            {
                Read(guard, index, data, child, place);
            }
        }

        _way.Cut(length);
    }

    // OpenRouter's, for the provider alone: one piece.
    private static bool IsSealed(JsonIndex index, in Place place) => place.Name == GuardNames.Data
        && index.Find(place.Parent, GuardNames.Type) is >= 0 and var type && (ulong)index[type].Number == Encrypted;

    // A part says what it is, and which.
    private Place Note(JsonIndex index, ReadOnlySpan<byte> data, int node, Place place)
    {
        int type = index.Find(node, GuardNames.Type);
        if (type >= 0 && index[type].Kind == JsonToken.String
            && GuardNames.IsWord(data[(index[type].Start + 1)..(index[type].End - 1)]))
        {
            _way.Append(data[index[type].NameStart..index[type].End]);
            _way.Append(","u8);
        }

        int number = index.Find(node, Index);
        if (number >= 0
            && index[number] is { Kind: JsonToken.Number, IsInteger: true, Number: >= 0 and < int.MaxValue })
        {
            _way.Append(data[index[number].NameStart..index[number].End]);
            _way.Append(","u8);
            return place with { Part = (int)index[number].Number };
        }

        return place;
    }

    /// <param name="Way">What tells it from all others but those of its number, which are one text.</param>
    /// <param name="Name">Its own, or that of the list it stands in.</param>
    private readonly record struct Place(int Parent, ulong Way, ulong Name, int Part, int Choice, bool IsEnd);
}
