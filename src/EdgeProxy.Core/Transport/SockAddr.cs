using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>
/// Writes and reads struct sockaddr_in (family, port, 4 address bytes) and sockaddr_in6 (family, port, flow, 16 address
/// bytes, scope): the family in the machine's order, the port in network order.
/// </summary>
internal static unsafe class SockAddr
{
    public const int BytesMax = 28;

    private const int V4Bytes = 16;
    private const int PortAt = 2;
    private const int V4AddressAt = 4;
    private const int V6AddressAt = 8;
    private const int V6ScopeAt = 24;

    /// <summary>Returns the length; <paramref name="destination"/> MUST have <see cref="BytesMax"/> bytes.</summary>
    public static uint Write(IPEndPoint address, byte* destination)
    {
        var bytes = new Span<byte>(destination, BytesMax);
        bytes.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortAt..], (ushort)address.Port);
        if (address.AddressFamily == AddressFamily.InterNetwork)
        {
            *(ushort*)destination = LibC.AddressFamilyInet;
            address.Address.TryWriteBytes(bytes[V4AddressAt..], out _);
            return V4Bytes;
        }

        *(ushort*)destination = LibC.AddressFamilyInet6;
        address.Address.TryWriteBytes(bytes[V6AddressAt..], out _);
        *(uint*)(destination + V6ScopeAt) = (uint)address.Address.ScopeId;
        return BytesMax;
    }

    /// <summary>As <see cref="Read"/>, for what lasts; the family MUST be IPv4 or IPv6.</summary>
    public static IPEndPoint ReadEndPoint(byte* source)
    {
        var bytes = new ReadOnlySpan<byte>(source, BytesMax);
        int port = BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]);
        IPAddress address = *(ushort*)source == LibC.AddressFamilyInet
            ? new IPAddress(bytes.Slice(V4AddressAt, 4))
            : new IPAddress(bytes.Slice(V6AddressAt, 16), *(uint*)(source + V6ScopeAt));
        return new IPEndPoint(address, port);
    }

    /// <summary>The address and port the kernel wrote; neither for a family that is not ours.</summary>
    public static (IpAddress Address, int Port) Read(byte* source)
    {
        var bytes = new ReadOnlySpan<byte>(source, BytesMax);
        int port = BinaryPrimitives.ReadUInt16BigEndian(bytes[PortAt..]);
        return *(ushort*)source switch
        {
            LibC.AddressFamilyInet => (IpAddress.FromBytes(bytes.Slice(V4AddressAt, 4)), port),
            LibC.AddressFamilyInet6 => (IpAddress.FromBytes(bytes.Slice(V6AddressAt, 16)), port),
            _ => default,
        };
    }
}
