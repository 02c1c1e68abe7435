using System;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>What of a request's body becomes other bytes on its way to a provider; the rest stays as it came.</summary>
internal static class RequestEditor
{
    /// <summary>The model's name as the provider knows it.</summary>
    public static void SetModel(
        JsonIndex index, JsonEdits edits, ModelTarget target, ModelEntry entry, ReadOnlySpan<byte> asked)
    {
        if (target.IsAsAsked)
        {
            return;
        }

        ReadOnlySpan<byte> rest = entry.Name.IsPrefix ? asked[entry.Name.Bytes.Length..] : default;
        JsonNode model = index[index.Find(0, RequestNames.Model)];
        edits.Replace(model.Start, model.End, target.NameFor(rest));
    }

    /// <summary>Asks for usage at the end of the stream, wherever the client's own wish about it stands.</summary>
    public static void AskUsage(JsonIndex index, JsonEdits edits)
    {
        int options = index.Find(0, RequestNames.StreamOptions);
        if (options < 0)
        {
            Insert(index, edits, 0, "\"stream_options\":{\"include_usage\":true},"u8);
            return;
        }

        JsonNode node = index[options];
        int asked = index.Find(options, RequestNames.IncludeUsage);
        if (asked >= 0)
        {
            edits.Replace(index[asked].Start, index[asked].End, "true"u8);
        }
        else if (node.Kind == JsonToken.ObjectStart)
        {
            Insert(index, edits, options, "\"include_usage\":true,"u8);
        }
        else if (node.Kind == JsonToken.Null)
        {
            edits.Replace(node.Start, node.End, "{\"include_usage\":true}"u8);
        }
    }

    /// <summary>Adds a member, written with a comma behind it, at the front of an object.</summary>
    public static void Insert(JsonIndex index, JsonEdits edits, int node, ReadOnlySpan<byte> member)
    {
        int at = index[node].Start + 1;
        bool isEmpty = index[node].Next == node + 1;
        edits.Replace(at, at, isEmpty ? member[..^1] : member);
    }
}
