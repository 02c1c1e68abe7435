using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Middlewares;

/// <summary>
/// Whose request it is when proxies stand in front of us: the address <c>depth</c> places from the right of
/// X-Forwarded-For, if the connection itself comes from trusted_ips; 0 is the connection's own.
/// </summary>
internal static class SourceAddress
{
    /// <summary>Most proxies in front that can be told.</summary>
    public const int DepthMax = 16;

    /// <summary>What is missing or no address counts as the connection's own.</summary>
    public static IpAddress Of(Exchange exchange, int depth) =>
        TryFind(exchange, depth, out IpAddress address) ? address : exchange.ClientLink.RemoteAddress;

    /// <summary>
    /// False: proxies in front that are to be asked do not say whose it is, or say it in a way that cannot be read.
    /// Who lets in by address lets nobody in then: the front's own is one of those that are let in, often.
    /// </summary>
    public static bool TryFind(Exchange exchange, int depth, out IpAddress address)
    {
        address = exchange.ClientLink.RemoteAddress;
        if (depth == 0 || !exchange.IsTrustedClient)
        {
            return true;
        }

        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        ReadOnlySpan<HeaderField> fields = exchange.Request.Fields;
        for (int i = fields.Length - 1; i >= 0; i--)
        {
            bool isChain = fields[i].Known == KnownHeader.XForwardedFor
                && (fields[i].Traits & (FieldTraits.Alias | FieldTraits.ListedInConnection)) == 0;
            ReadOnlySpan<byte> rest = isChain ? fields[i].Value.Of(head) : default;
            while (!rest.IsEmpty)
            {
                int comma = rest.LastIndexOf((byte)',');
                ReadOnlySpan<byte> element = rest[(comma + 1)..].Trim(" \t"u8);
                if (--depth == 0)
                {
                    return IpAddress.TryParse(element, out address);
                }

                rest = comma < 0 ? default : rest[..comma];
            }
        }

        return false;
    }
}
