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
            if (!IsPlain(name) && TryFold(name, folded, out int length))
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

    // Nothing to fold in it, as in most.
    private static bool IsPlain(ReadOnlySpan<byte> quoted) =>
        quoted.IndexOfAnyInRange((byte)'A', (byte)'Z') < 0 && quoted.IndexOf((byte)'\\') < 0
        && quoted.IndexOfAnyInRange((byte)0x80, (byte)0xFF) < 0;

    // As Go folds what is ASCII in lower case: capitals, the long s and the sign of the kelvin.
    private static bool TryFold(ReadOnlySpan<byte> quoted, Span<byte> folded, out int length)
    {
        length = 0;
        JsonText text = JsonText.Of(quoted);
        if (!text.IsShort)
        {
            return false;
        }

        ReadOnlySpan<byte> rest = text.Span;
        while (!rest.IsEmpty)
        {
            int taken = rest.StartsWith("\u017f"u8) ? 2 : rest.StartsWith("\u212a"u8) ? 3 : 1;
            folded[length++] = taken == 2 ? (byte)'s'
                : taken == 3 ? (byte)'k'
                : rest[0] is >= (byte)'A' and <= (byte)'Z' ? (byte)(rest[0] | 0x20)
                : rest[0];
            rest = rest[taken..];
        }

        return true;
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
