using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Json;

namespace EdgeProxy.Ai;

/// <summary>
/// Names in a request that a provider may take for others: servers written in Go, Ollama among them, read "Model", and
/// even one with a long s in it, as the name it is in lower case, and of two the last. A rule about a name would not
/// see those.
/// </summary>
internal static class RequestSpelling
{
    private static readonly HashSet<ulong> Ruled = Of(
        "model", "stream", "stream_options", "max_tokens", "max_completion_tokens", "max_output_tokens", "n", "options",
        "num_predict", "tools", "functions", "function", "custom", "name", "type", "web_search_options", "mcp_servers",
        "messages", "content", "role", "images", "system", "input", "prompt", "tool_calls");

    private static readonly ulong Options = JsonText.HashOf("options"u8);
    private static readonly ulong Function = JsonText.HashOf("function"u8);

    private static readonly ulong[] Lists =
    [
        JsonText.HashOf("messages"u8), JsonText.HashOf("tools"u8), JsonText.HashOf("functions"u8),
    ];

    /// <summary>
    /// A name that the proxy goes by, or the service's rules, stands there in another spelling than its own: in the
    /// request itself, its options, messages and tools.
    /// </summary>
    public static bool IsOdd(JsonIndex index, ReadOnlySpan<byte> body, ParameterRules rules)
    {
        bool isOdd = HasOdd(index, body, 0, rules) || HasOdd(index, body, index.Find(0, Options), rules);
        foreach (ulong name in Lists)
        {
            int list = index.Find(0, name);
            int end = list >= 0 && index[list].Kind == JsonToken.ArrayStart ? index[list].Next : 0;
            for (int item = list + 1; item < end && !isOdd; item = index[item].Next)
            {
                isOdd = HasOdd(index, body, item, rules) || HasOdd(index, body, index.Find(item, Function), rules);
            }
        }

        return isOdd;
    }

    private static bool HasOdd(JsonIndex index, ReadOnlySpan<byte> body, int node, ParameterRules rules)
    {
        if (node < 0 || index[node].Kind != JsonToken.ObjectStart)
        {
            return false;
        }

        Span<byte> folded = stackalloc byte[JsonText.BytesMax];
        for (int member = node + 1; member < index[node].Next; member = index[member].Next)
        {
            ReadOnlySpan<byte> name = body[index[member].NameStart..index[member].NameEnd];
            if (!FoldedName.IsPlain(name) && FoldedName.TryFold(name, folded, out int length))
            {
                ulong hash = JsonText.HashOf(folded[..length]);
                if (hash != index[member].NameHash && (Ruled.Contains(hash) || rules.HasName(hash)))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static HashSet<ulong> Of(params string[] names)
    {
        var set = new HashSet<ulong>();
        foreach (string name in names)
        {
            set.Add(JsonText.HashOf(Encoding.ASCII.GetBytes(name)));
        }

        return set;
    }
}
