using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Limits;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Middlewares;

/// <summary>What requests are told apart by.</summary>
internal enum SourceKind : byte
{
    /// <summary>All requests count together.</summary>
    All,

    ClientIp,

    Host,

    /// <summary>The first value of a request header; requests without it count together.</summary>
    Header,

    /// <summary>
    /// Who calls, as an identity middleware before this one found; callers it does not name count together.
    /// </summary>
    Consumer,
}

/// <summary>What requests a limit counts together.</summary>
internal sealed record SourceSettings
{
    /// <summary>
    /// Addresses of one IPv6 network of this size are one client: it has them all to itself (RFC 6177).
    /// </summary>
    public const int Ipv6PrefixDefault = 64;

    public SourceKind Kind { get; init; } = SourceKind.ClientIp;

    /// <summary>For <see cref="SourceKind.Header"/>.</summary>
    public FieldName? Header { get; init; }

    /// <summary>Bits, 16 to 128.</summary>
    public int Ipv6Prefix { get; init; } = Ipv6PrefixDefault;

    /// <summary>See <see cref="SourceAddress"/>.</summary>
    public int Depth { get; init; }
}

/// <summary>Computes the key of a request.</summary>
internal sealed class SourceKey(SourceSettings settings)
{
    private const int Ipv4Bits = 32;

    private readonly KeyHash _hash = KeyHash.Random();

    public ulong Of(Exchange exchange)
    {
        switch (settings.Kind)
        {
            case SourceKind.ClientIp:
                IpAddress client = SourceAddress.Of(exchange, settings.Depth);
                return _hash.Of(client.Network(client.IsV4 ? Ipv4Bits : settings.Ipv6Prefix).Bits);
            case SourceKind.Host:
                return _hash.Of(exchange.Host);
            case SourceKind.Header:
                return _hash.Of(FirstValue(exchange, settings.Header!));
            case SourceKind.Consumer:
                return _hash.Of(exchange.Consumer is { } consumer ? consumer.NameBytes : default);
            default:
                return 1;
        }
    }

    private static ReadOnlySpan<byte> FirstValue(Exchange exchange, FieldName name)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        foreach (ref readonly HeaderField field in exchange.Request.Fields)
        {
            if (name.Is(field.Name.Of(head)))
            {
                return field.Value.Of(head);
            }
        }

        return default;
    }
}
