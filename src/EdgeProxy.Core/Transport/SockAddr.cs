using System;
using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>
/// Writes and reads struct sockaddr_in (family, port, 4 address bytes) and sockaddr_in6 (family, port, flow, 16 address
/// bytes, scope): the family in the machine's order, the port in network order; and struct sockaddr_un (family, path).
/// </summary>
internal static unsafe class SockAddr
{
    public const int BytesMax = 110; // of sockaddr_un

    private const int V4Bytes = 16;
    private const int V6Bytes = 28;
    private const int PathAt = 2;
    private const int PortAt = 2;
    private const int V4AddressAt = 4;
    private const int V6AddressAt = 8;
    private const int V6ScopeAt = 24;

    // Who comes by a Unix socket is on this machine.
    private static readonly IpAddress Here = IpAddress.FromV4(0x7f00_0001);

    /// <summary>Returns the length; <paramref name="destination"/> MUST have <see cref="BytesMax"/> bytes.</summary>
    public static uint Write(IPEndPoint address, byte* destination)
    {
        var bytes = new Span<byte>(destination, BytesMax);
        bytes.Clear();
        if (address is UnixEndPoint unix)
        {
            *(ushort*)destination = LibC.AddressFamilyUnix;
            return PathAt + (uint)Encoding.UTF8.GetBytes(unix.Path, bytes[PathAt..]) + 1; // the zero behind it
        }

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
        return V6Bytes;
    }

    /// <summary>As <see cref="Read"/>, for what lasts; the family MUST be one of ours.</summary>
    public static IPEndPoint ReadEndPoint(byte* source)
    {
        var bytes = new ReadOnlySpan<byte>(source, BytesMax);
        if (*(ushort*)source == LibC.AddressFamilyUnix)
        {
            ReadOnlySpan<byte> path = bytes[PathAt..];
            int end = path.IndexOf((byte)0);
            return new UnixEndPoint(Encoding.UTF8.GetString(end < 0 ? path : path[..end]));
        }

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
            LibC.AddressFamilyUnix => (Here, 0),
            _ => default,
        };
    }
}
