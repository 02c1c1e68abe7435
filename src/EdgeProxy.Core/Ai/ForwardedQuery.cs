using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Ai;

/// <summary>
/// Which parameters of a client's query a provider sees: Azure's api-version and Anthropic's beta. All others stay
/// here, keys among them, as fields do that are not named (<see cref="ForwardedFields"/>).
/// </summary>
internal static class ForwardedQuery
{
    private const int BytesMax = 256;

    public static void Keep(Exchange exchange)
    {
        if (!exchange.HasQuery)
        {
            return;
        }

        Span<byte> kept = stackalloc byte[BytesMax];
        int length = 0;
        ReadOnlySpan<byte> rest = exchange.Query;
        while (!rest.IsEmpty)
        {
            int end = rest.IndexOfAny((byte)'&', (byte)';'); // some servers part them by either
            ReadOnlySpan<byte> parameter = end < 0 ? rest : rest[..end];
            rest = end < 0 ? default : rest[(end + 1)..];
            if (Has(parameter) && length + parameter.Length < BytesMax)
            {
                kept[length] = (byte)'&';
                length += length > 0 ? 1 : 0;
                parameter.CopyTo(kept[length..]);
                length += parameter.Length;
            }
        }

        if (!exchange.TryRewriteQuery(kept[..length]))
        {
            exchange.TryRewriteQuery(default); // a byte in it that no target may have
        }
    }

    private static bool Has(ReadOnlySpan<byte> parameter)
    {
        int equals = parameter.IndexOf((byte)'=');
        ReadOnlySpan<byte> name = equals < 0 ? parameter : parameter[..equals];
        return PercentText.Is(name, "api-version"u8) || PercentText.Is(name, "beta"u8);
    }
}
