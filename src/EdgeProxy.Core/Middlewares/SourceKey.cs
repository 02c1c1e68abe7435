using System;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
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

    /// <summary>
    /// The first value of a request header, as the server will see it: what an identity middleware asserted of a claim
    /// counts, what the client claimed in its place does not. Requests without it count together.
    /// </summary>
    Header,

    /// <summary>
    /// Who calls, as an identity middleware before this one found; callers it does not name count together.
    /// </summary>
    Consumer,
}

/// <param name="Header">For <see cref="SourceKind.Header"/>.</param>
internal sealed record SourcePart(SourceKind Kind, FieldName? Header = null);

/// <summary>What requests a limit counts together: those alike in each part.</summary>
internal sealed record SourceSettings
{
    public const int PartsMax = 4;

    /// <summary>
    /// Addresses of one IPv6 network of this size are one client: it has them all to itself (RFC 6177).
    /// </summary>
    public const int Ipv6PrefixDefault = 64;

    /// <summary>Never empty.</summary>
    public Sequence<SourcePart> Parts { get; init; } = new([new SourcePart(SourceKind.ClientIp)]);

    /// <summary>Bits, 16 to 128.</summary>
    public int Ipv6Prefix { get; init; } = Ipv6PrefixDefault;

    /// <summary>See <see cref="SourceAddress"/>.</summary>
    public int Depth { get; init; }

    public static SourceSettings All { get; } = new() { Parts = new([new SourcePart(SourceKind.All)]) };

    /// <summary>All requests count together.</summary>
    public bool CountsAll => Parts[0].Kind == SourceKind.All;

    public bool Has(SourceKind kind)
    {
        foreach (SourcePart part in Parts)
        {
            if (part.Kind == kind)
            {
                return true;
            }
        }

        return false;
    }
}

/// <summary>Computes the key of a request.</summary>
internal sealed class SourceKey(SourceSettings settings)
{
    private const int Ipv4Bits = 32;

    private readonly KeyHash _hash = KeyHash.Random();

    private readonly SourcePart[] _parts = [.. settings.Parts];

    public ulong Of(Exchange exchange)
    {
        ulong key = Of(exchange, _parts[0]);
        for (int i = 1; i < _parts.Length; i++)
        {
            key = _hash.Of(((UInt128)key << 64) | Of(exchange, _parts[i]));
        }

        return key;
    }

    private ulong Of(Exchange exchange, SourcePart part)
    {
        switch (part.Kind)
        {
            case SourceKind.ClientIp:
                IpAddress client = SourceAddress.Of(exchange, settings.Depth);
                return _hash.Of(client.Network(client.IsV4 ? Ipv4Bits : settings.Ipv6Prefix).Bits);
            case SourceKind.Host:
                return _hash.Of(exchange.Host);
            case SourceKind.Header:
                return _hash.Of(FirstValue(exchange, part.Header!));
            case SourceKind.Consumer:
                return _hash.Of(exchange.Consumer is { } consumer ? consumer.NameBytes : default);
            default:
                return 1;
        }
    }

    private static ReadOnlySpan<byte> FirstValue(Exchange exchange, FieldName name)
    {
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        if (!exchange.RequestEdits.Drops(name.Written))
        {
            foreach (ref readonly HeaderField field in exchange.Request.Fields)
            {
                if (name.Is(field.Name.Of(head)))
                {
                    return field.Value.Of(head);
                }
            }
        }

        int at = 0;
        return exchange.RequestEdits.TryNextAdded(name, ref at, out ReadOnlySpan<byte> added) ? added : default;
    }
}
