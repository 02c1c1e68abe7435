using System;
using System.Buffers.Binary;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// Writes what <see cref="ProxyHeader"/> reads: for whom a connection to a server is (HAProxy's proxy-protocol.txt,
/// sections 2.1 and 2.2).
/// </summary>
internal static class ProxyHeaderWriter
{
    private const byte LocalCommand = 0x20;
    private const byte ProxyCommand = 0x21;
    private const byte Unspecified = 0x00;
    private const byte Tcp4 = 0x11;
    private const byte Tcp6 = 0x21;
    private const int V6Bytes = 16;

    /// <summary>
    /// The header; of a connection of our own LOCAL, or UNKNOWN in version 1, which has no other word for it. An IPv4
    /// address beside an IPv6 one is written as that of IPv6 which stands for it (RFC 4291 section 2.5.5.2).
    /// </summary>
    public static byte[] Write(ProxyVersion version, in ConnectionEnds ends)
    {
        Span<byte> room = stackalloc byte[ProxyHeader.LineBytesMax];
        int length = version == ProxyVersion.V1 ? WriteLine(room, ends) : WriteBinary(room, ends);
        return room[..length].ToArray();
    }

    private static int WriteLine(Span<byte> room, in ConnectionEnds ends)
    {
        int length = Append(room, 0, ProxyHeader.LineStart);
        if (!ends.HasAddresses)
        {
            return Append(room, length, "UNKNOWN\r\n"u8);
        }

        bool isV4 = IsV4(ends);
        length = Append(room, length, isV4 ? "TCP4 "u8 : "TCP6 "u8);
        length = AppendAddress(room, length, ends.Source, isV4);
        length = AppendAddress(room, length, ends.Destination, isV4);
        length = AppendNumber(room, length, ends.SourcePort, " "u8);
        return AppendNumber(room, length, ends.DestinationPort, "\r\n"u8);
    }

    private static int WriteBinary(Span<byte> room, in ConnectionEnds ends)
    {
        int length = Append(room, 0, ProxyHeader.Signature);
        bool isV4 = IsV4(ends);
        room[length++] = ends.IsClients ? ProxyCommand : LocalCommand;
        room[length++] = !ends.HasAddresses ? Unspecified : isV4 ? Tcp4 : Tcp6;
        int addressBytes = !ends.HasAddresses ? 0 : isV4 ? sizeof(uint) : V6Bytes;
        int rest = ends.HasAddresses ? 2 * (addressBytes + sizeof(ushort)) : 0;
        BinaryPrimitives.WriteUInt16BigEndian(room[length..], (ushort)rest);
        length += sizeof(ushort);
        if (rest > 0)
        {
            Span<byte> addresses = room[length..];
            WriteBits(addresses[..addressBytes], ends.Source);
            WriteBits(addresses.Slice(addressBytes, addressBytes), ends.Destination);
            BinaryPrimitives.WriteUInt16BigEndian(addresses[(2 * addressBytes)..], (ushort)ends.SourcePort);
            BinaryPrimitives.WriteUInt16BigEndian(
                addresses[((2 * addressBytes) + sizeof(ushort))..], (ushort)ends.DestinationPort);
        }

        return length + rest;
    }

    private static bool IsV4(in ConnectionEnds ends) => ends.Source.IsV4 && ends.Destination.IsV4;

    private static int Append(Span<byte> room, int at, ReadOnlySpan<byte> text)
    {
        text.CopyTo(room[at..]);
        return at + text.Length;
    }

    private static int AppendAddress(Span<byte> room, int at, IpAddress address, bool isV4)
    {
        if (address.IsV4 && !isV4)
        {
            at = Append(room, at, "::ffff:"u8);
        }

        _ = address.TryFormat(room[at..], out int count);
        return Append(room, at + count, " "u8);
    }

    private static int AppendNumber(Span<byte> room, int at, int number, ReadOnlySpan<byte> end)
    {
        _ = number.TryFormat(room[at..], out int count, default, null);
        return Append(room, at + count, end);
    }

    private static void WriteBits(Span<byte> into, IpAddress address)
    {
        if (into.Length == sizeof(uint))
        {
            BinaryPrimitives.WriteUInt32BigEndian(into, (uint)address.Bits);
        }
        else
        {
            BinaryPrimitives.WriteUInt128BigEndian(
                into, address.IsV4 ? address.Bits | IpAddress.MappedPrefix : address.Bits);
        }
    }
}
