using System;
using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Text;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// An IPv4 or IPv6 address as a value: no allocation to make, compare, hash or print. An IPv4-mapped IPv6 address
/// (::ffff:a.b.c.d) is the IPv4 address.
/// </summary>
internal readonly record struct IpAddress
{
    /// <summary>Longest text form in bytes any writer may use: six IPv6 groups and a dotted IPv4 tail.</summary>
    public const int TextBytesMax = 45;

    /// <summary>::ffff:0:0/96 as a number (RFC 4291 section 2.5.5.2).</summary>
    internal static readonly UInt128 MappedPrefix = new(0, 0xffff_0000_0000);

    private const int V4Bytes = 4;
    private const int V6Bytes = 16;

    private readonly UInt128 _bits;

    private IpAddress(UInt128 bits, bool isV4)
    {
        _bits = bits;
        IsV4 = isV4;
    }

    public bool IsV4 { get; }

    /// <summary>The address as a number, IPv4 in the low 32 bits.</summary>
    public UInt128 Bits => _bits;

    /// <summary>From 4 or 16 bytes in network order.</summary>
    public static IpAddress FromBytes(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length == V4Bytes)
        {
            return FromV4(BinaryPrimitives.ReadUInt32BigEndian(bytes));
        }

        if (bytes.Length != V6Bytes)
        {
            ThrowLength(bytes.Length);
        }

        return FromV6(BinaryPrimitives.ReadUInt128BigEndian(bytes));

        [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
        static void ThrowLength(int length) =>
            throw new ArgumentException($"an address has 4 or 16 bytes, not {length}", nameof(bytes));
    }

    public static IpAddress FromV4(uint bits) => new(bits, isV4: true);

    /// <summary>
    /// An IPv4-mapped number becomes the IPv4 address (GO-2024-2917: mapped clients slipped past CIDR lists).
    /// </summary>
    public static IpAddress FromV6(UInt128 bits) =>
        (bits >> 32) == (MappedPrefix >> 32) ? FromV4((uint)bits) : new IpAddress(bits, isV4: false);

    /// <summary>Parses "192.0.2.1" or "2001:db8::1", no brackets, no zone, nothing around it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out IpAddress address) => IpText.TryParse(text, out address);

    /// <summary>
    /// The address with all but its first <paramref name="prefixBits"/> bits cleared; 0 to 32 for IPv4, to 128 for
    /// IPv6.
    /// </summary>
    public IpAddress Network(int prefixBits)
    {
        int hostBits = (IsV4 ? 32 : 128) - prefixBits;
        return new IpAddress(hostBits >= 128 ? UInt128.Zero : (_bits >> hostBits) << hostBits, IsV4);
    }

    /// <summary>Writes the canonical text form (RFC 5952), without brackets.</summary>
    public bool TryFormat(Span<byte> destination, out int count) => IpText.TryFormat(this, destination, out count);

    /// <summary>The canonical text form; for messages, it allocates.</summary>
    public override string ToString()
    {
        Span<byte> text = stackalloc byte[TextBytesMax];
        TryFormat(text, out int count);
        return Encoding.ASCII.GetString(text[..count]);
    }
}
