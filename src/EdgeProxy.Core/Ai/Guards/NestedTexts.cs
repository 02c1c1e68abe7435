using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// Texts of a chunk that stand in objects and lists of its delta, as those of reasoning models (reasoning_details,
/// parts of content) and the transcript of sound: each goes on in the next chunk, in the same place. Reused; one
/// guard's.
/// </summary>
internal sealed class NestedTexts
{
    private static readonly ulong Index = JsonText.HashOf("index"u8);

    private static readonly HashSet<ulong> Parents = GuardNames.Of(
        "content", "reasoning_details", "reasoning", "audio");

    private static readonly HashSet<ulong> Texts = GuardNames.Of(
        "text", "content", "summary", "thinking", "reasoning", "transcript");

    private readonly ByteBuffer _way = new();

    /// <summary>Such texts may stand in the member.</summary>
    public static bool Has(in JsonNode member) =>
        member.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart && Parents.Contains(member.NameHash);

    /// <summary>Tells the guard of each, and notes the way to it: all that opens, up to its name.</summary>
    public void Read(StreamGuard guard, JsonIndex index, ReadOnlySpan<byte> data, int node, int choice, bool isEnd)
    {
        _way.Clear();
        Read(guard, index, data, node, new Place(0, -1, choice, isEnd));
    }

    /// <summary>What closes all that opens on the way to a text.</summary>
    public static void Close(ReadOnlySpan<byte> way, ByteBuffer output)
    {
        for (int i = way.Length - 1; i >= 0; i--)
        {
            output.Append(way[i] == (byte)'{' ? "}"u8 : way[i] == (byte)'[' ? "]"u8 : default);
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
            place = place with { Way = StreamLane.KeyOf(place.Way, place.Part, -1) ^ at.NameHash };
        }

        if (at.Kind == JsonToken.String && at.NameStart >= 0 && Texts.Contains(at.NameHash))
        {
            guard.Part(node, place.Way, place.Choice, place.Part, _way.Bytes, isJson: false, place.IsEnd);
        }
        else if (at.Kind is JsonToken.ObjectStart or JsonToken.ArrayStart)
        {
            _way.Append(at.NameStart >= 0 ? ":"u8 : default);
            _way.Append(at.Kind == JsonToken.ObjectStart ? "{"u8 : "["u8);
            place = Note(index, data, node, place);
            for (int child = node + 1; child < at.Next; child = index[child].Next)
            {
                Read(guard, index, data, child, place);
            }
        }

        _way.Cut(length);
    }

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

    private readonly record struct Place(ulong Way, int Part, int Choice, bool IsEnd);
}
