using System;
using System.Buffers.Binary;
using System.Numerics;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// The PROXY protocol's header, version 1 (a line) or 2 (binary), as HAProxy's proxy-protocol.txt has it: what a proxy
/// in front says of the connection that it accepted. Malformed is a value.
/// </summary>
internal readonly record struct ProxyHeader
{
    /// <summary>Longest line of version 1, its end included (section 2.1).</summary>
    public const int LineBytesMax = 107;

    /// <summary>Longest header of version 2 that is read, additions included; the format could have 64 KiB.</summary>
    public const int BytesMax = FixedBytes + 2048;

    private const int FixedBytes = 16;
    private const int AdditionHeadBytes = 3;
    private const byte ChecksumAddition = 0x03;
    private const int VersionAt = 12;
    private const int FamilyAt = 13;
    private const int LengthAt = 14;

    /// <summary>Bytes of the header.</summary>
    public required int Length { get; init; }

    /// <summary>It tells of a client; otherwise the connection is the sender's own, as for a health check.</summary>
    public bool HasAddresses { get; init; }

    public IpAddress Source { get; init; }

    public int SourcePort { get; init; }

    public IpAddress Destination { get; init; }

    public int DestinationPort { get; init; }

    /// <summary>What version 1 begins with.</summary>
    public static ReadOnlySpan<byte> LineStart => "PROXY "u8;

    /// <summary>What version 2 begins with.</summary>
    public static ReadOnlySpan<byte> Signature => "\r\n\r\n\0\r\nQUIT\n"u8;

    /// <summary>Whether these first bytes of a connection are those of a header, as far as they go.</summary>
    public static bool MayBegin(ReadOnlySpan<byte> bytes) =>
        IsPrefix(bytes, LineStart) || IsPrefix(bytes, Signature);

    /// <summary>Reads one at the start of <paramref name="bytes"/>; what is no header is malformed, too.</summary>
    public static ParseStatus Read(ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        if (!MayBegin(bytes))
        {
            return ParseStatus.Malformed;
        }

        bool isLine = !bytes.IsEmpty && bytes[0] == LineStart[0];
        return bytes.Length < (isLine ? LineStart.Length : FixedBytes) ? ParseStatus.NeedMore
            : isLine ? ReadLine(bytes, out header)
            : ReadBinary(bytes, out header);
    }

    private static bool IsPrefix(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> whole)
    {
        int length = Math.Min(bytes.Length, whole.Length);
        return bytes[..length].SequenceEqual(whole[..length]);
    }

    private static ParseStatus ReadLine(ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        ReadOnlySpan<byte> room = bytes[..Math.Min(bytes.Length, LineBytesMax)];
        int end = room.IndexOf((byte)'\n');
        if (end < 0)
        {
            return bytes.Length < LineBytesMax ? ParseStatus.NeedMore : ParseStatus.Malformed;
        }

        if (room[end - 1] != (byte)'\r')
        {
            return ParseStatus.Malformed;
        }

        ReadOnlySpan<byte> rest = room[LineStart.Length..(end - 1)];
        ReadOnlySpan<byte> family = NextWord(ref rest);
        if (family.SequenceEqual("UNKNOWN"u8))
        {
            // Whatever else it says is to be ignored.
            header = new ProxyHeader { Length = end + 1 };
            return ParseStatus.Complete;
        }

        bool isV4 = family.SequenceEqual("TCP4"u8);
        bool isGood = (isV4 || family.SequenceEqual("TCP6"u8))
            & TryAddress(NextWord(ref rest), isV4, out IpAddress source)
            & TryAddress(NextWord(ref rest), isV4, out IpAddress destination)
            & TryPort(NextWord(ref rest), out int sourcePort)
            & TryPort(rest, out int destinationPort);
        header = new ProxyHeader
        {
            Length = end + 1,
            HasAddresses = true,
            Source = source,
            SourcePort = sourcePort,
            Destination = destination,
            DestinationPort = destinationPort,
        };
        return isGood ? ParseStatus.Complete : ParseStatus.Malformed;
    }

    // Up to the next space, which is taken, too; of the last word nothing is left.
    private static ReadOnlySpan<byte> NextWord(ref ReadOnlySpan<byte> rest)
    {
        int space = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> word = space < 0 ? rest : rest[..space];
        rest = space < 0 ? default : rest[(space + 1)..];
        return word;
    }

    private static bool TryAddress(ReadOnlySpan<byte> text, bool isV4, out IpAddress address) =>
        IpAddress.TryParse(text, out address) && isV4 == (text.IndexOf((byte)':') < 0);

    private static bool TryPort(ReadOnlySpan<byte> text, out int port)
    {
        port = 0;
        foreach (byte digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'9' || port > ushort.MaxValue)
            {
                return false;
            }

            port = (port * 10) + (digit - '0');
        }

        return text.Length > 0 && port <= ushort.MaxValue && (text.Length == 1 || text[0] != (byte)'0');
    }

    private static ParseStatus ReadBinary(ReadOnlySpan<byte> bytes, out ProxyHeader header)
    {
        header = default;
        int length = FixedBytes + BinaryPrimitives.ReadUInt16BigEndian(bytes[LengthAt..]);
        int command = bytes[VersionAt] - 0x20; // the version is in the upper half
        if (command is not (0 or 1) || length > BytesMax)
        {
            return ParseStatus.Malformed;
        }

        // Of TCP or of a Unix socket; datagrams do not come over a connection, and what is not said is unspecified.
        int addressBytes = bytes[FamilyAt] switch
        {
            0x11 => 12,
            0x21 => 36,
            0x31 => 216,
            0x00 => 0,
            _ => -1,
        };
        if (addressBytes < 0 || (command == 1 && length < FixedBytes + addressBytes))
        {
            return ParseStatus.Malformed;
        }

        if (bytes.Length < length)
        {
            return ParseStatus.NeedMore;
        }

        bytes = bytes[..length];
        header = new ProxyHeader { Length = length };
        if (command == 0)
        {
            return ParseStatus.Complete; // LOCAL: the rest is to be skipped, whatever it is
        }

        if (!AreAdditionsGood(bytes, FixedBytes + addressBytes))
        {
            return ParseStatus.Malformed;
        }

        if (addressBytes is 12 or 36)
        {
            int each = (addressBytes - 4) / 2;
            ReadOnlySpan<byte> addresses = bytes.Slice(FixedBytes, addressBytes);
            header = header with
            {
                HasAddresses = true,
                Source = IpAddress.FromBytes(addresses[..each]),
                Destination = IpAddress.FromBytes(addresses[each..(2 * each)]),
                SourcePort = BinaryPrimitives.ReadUInt16BigEndian(addresses[(2 * each)..]),
                DestinationPort = BinaryPrimitives.ReadUInt16BigEndian(addresses[((2 * each) + 2)..]),
            };
        }

        return ParseStatus.Complete;
    }

    // Type, length, value, to the end and not beyond (section 2.2.7); a checksum has to be right.
    private static bool AreAdditionsGood(ReadOnlySpan<byte> whole, int at)
    {
        while (at < whole.Length)
        {
            if (whole.Length - at < AdditionHeadBytes)
            {
                return false;
            }

            int bytes = BinaryPrimitives.ReadUInt16BigEndian(whole[(at + 1)..]);
            int value = at + AdditionHeadBytes;
            if (bytes > whole.Length - value)
            {
                return false;
            }

            if (whole[at] == ChecksumAddition
                && (bytes != sizeof(uint)
                    || BinaryPrimitives.ReadUInt32BigEndian(whole[value..]) != Checksum(whole, value)))
            {
                return false;
            }

            at = value + bytes;
        }

        return true;
    }

    // CRC-32C over the header with its own four bytes as zeros.
    private static uint Checksum(ReadOnlySpan<byte> whole, int at)
    {
        uint sum = uint.MaxValue;
        for (int i = 0; i < whole.Length; i++)
        {
            bool isOwn = i >= at && i < at + sizeof(uint);
            sum = BitOperations.Crc32C(sum, isOwn ? (byte)0 : whole[i]);
        }

        return ~sum;
    }
}
