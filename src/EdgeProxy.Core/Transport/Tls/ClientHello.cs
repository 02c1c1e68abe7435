using System;
using System.Buffers.Binary;

namespace EdgeProxy.Transport.Tls;

/// <summary>What a ClientHello says, while OpenSSL lets it be looked at: whole, however it came.</summary>
internal static unsafe class ClientHello
{
    private const uint ServerNameExtension = 0;

    /// <summary>
    /// The name asked for (RFC 6066 section 3); empty for none. What is malformed has none either, and OpenSSL refuses
    /// it once it reads it.
    /// </summary>
    public static ReadOnlySpan<byte> NameIn(void* ssl)
    {
        byte* bytes = null;
        nuint length = 0;
        return LibSsl.HelloExtension(ssl, ServerNameExtension, &bytes, &length) == 1
            ? NameOf(new ReadOnlySpan<byte>(bytes, (int)length))
            : default;
    }

    /// <summary>Of the extension's bytes: a list with a length before it, of a type, a length and a name.</summary>
    public static ReadOnlySpan<byte> NameOf(ReadOnlySpan<byte> extension)
    {
        const int ListHead = sizeof(ushort);
        const int NameHead = 1 + sizeof(ushort);
        const byte HostName = 0;
        if (extension.Length < ListHead + NameHead || extension[ListHead] != HostName
            || BinaryPrimitives.ReadUInt16BigEndian(extension) != extension.Length - ListHead)
        {
            return default;
        }

        int length = BinaryPrimitives.ReadUInt16BigEndian(extension[(ListHead + 1)..]);
        ReadOnlySpan<byte> name = extension[(ListHead + NameHead)..];
        return name.Length == length ? name : default;
    }
}
