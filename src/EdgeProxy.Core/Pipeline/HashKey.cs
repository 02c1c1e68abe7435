using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Routing;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Pipeline;

/// <summary>Finds what the strategy "hash" spreads a request by, and hashes it. Copies and allocates nothing.</summary>
internal static class HashKey
{
    /// <summary>Null if the request does not have it.</summary>
    public static ulong? Of(Exchange exchange, HashSettings settings)
    {
        RequestHead request = exchange.Request;
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        switch (settings.On)
        {
            case HashSource.Client:
                return OfAddress(exchange.ClientLink.RemoteAddress);
            case HashSource.Path:
                return OfBytes(exchange.Path);
            case HashSource.Header:
                return TryFindHeader(request, head, settings.Name, out ReadOnlySpan<byte> value)
                    ? OfBytes(value)
                    : null;
            case HashSource.Cookie:
                return TryFindCookie(request, head, settings.Name, out value) ? OfBytes(value) : null;
            default:
                return TryFindParameter(exchange.Query, settings.Name, out value) ? OfBytes(value) : null;
        }
    }

    private static ulong OfBytes(ReadOnlySpan<byte> bytes) => RandomSequence.Mix(ByteHash.Of(bytes));

    private static ulong OfAddress(IpAddress address)
    {
        Span<byte> text = stackalloc byte[IpAddress.TextBytesMax];
        return address.TryFormat(text, out int length) ? OfBytes(text[..length]) : 0;
    }

    // The first of several; none of its other spellings.
    private static bool TryFindHeader(
        RequestHead request, ReadOnlySpan<byte> head, string name, out ReadOnlySpan<byte> value)
    {
        foreach (ref readonly HeaderField field in request.Fields)
        {
            if (field.Name.Length == name.Length && Ascii.EqualsIgnoreCase(field.Name.Of(head), name))
            {
                value = field.Value.Of(head);
                return !value.IsEmpty;
            }
        }

        value = default;
        return false;
    }

    // Names are told apart by case.
    private static bool TryFindCookie(
        RequestHead request, ReadOnlySpan<byte> head, string name, out ReadOnlySpan<byte> value)
    {
        var pairs = new CookiePairs(request, head);
        while (pairs.Next())
        {
            if (Ascii.Equals(pairs.Name, name))
            {
                value = pairs.Value;
                return !value.IsEmpty;
            }
        }

        value = default;
        return false;
    }

    // Compared as sent: a%20b and a+b are different keys, which costs affinity and nothing else.
    private static bool TryFindParameter(ReadOnlySpan<byte> query, string name, out ReadOnlySpan<byte> value)
    {
        var pairs = new QueryPairs(query);
        while (pairs.Next())
        {
            if (Ascii.Equals(pairs.Key, name))
            {
                value = pairs.Value;
                return !value.IsEmpty;
            }
        }

        value = default;
        return false;
    }
}
