using System;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// An IPv4 or IPv6 address as a value: no allocation to make, compare, hash or print. An IPv4-mapped IPv6 address
/// (::ffff:a.b.c.d) is the IPv4 address.
/// </summary>
internal readonly record struct IpAddress
{
    private readonly UInt128 _bits;

    private IpAddress(UInt128 bits, bool isV4)
    {
        _bits = bits;
        IsV4 = isV4;
    }

    public bool IsV4 { get; }

    /// <summary>The address as a number, IPv4 in the low 32 bits.</summary>
    public UInt128 Bits => _bits;

    /// <summary>Longest text form in bytes: IPv6 with 8 groups and 7 colons.</summary>
    public const int TextBytesMax = 45;

    /// <summary>From 4 or 16 bytes in network order.</summary>
    public static IpAddress FromBytes(ReadOnlySpan<byte> bytes) => throw new NotSupportedException();

    /// <summary>Parses "192.0.2.1" or "2001:db8::1", no brackets, no zone, nothing around it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address) => throw new NotSupportedException();

    /// <summary>Writes the canonical text form (RFC 5952), without brackets.</summary>
    public bool TryFormat(Span<byte> destination, out int count) => throw new NotSupportedException();
}
