using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net;

namespace EdgeProxy.Primitives.Dns;

/// <summary>Types of records that are asked for, or followed (RFC 1035 section 3.2.2, RFC 3596).</summary>
internal enum DnsType : ushort
{
    A = 1,
    Cname = 5,
    Aaaa = 28,
}

/// <summary>What a reply is.</summary>
internal enum DnsStatus : byte
{
    /// <summary>It says what there is, which may be nothing.</summary>
    Answered,

    /// <summary>There is no such name.</summary>
    NoSuchName,

    /// <summary>There is more than a datagram holds: to be asked again over TCP.</summary>
    Truncated,

    /// <summary>The server cannot, or will not, say.</summary>
    Failed,

    /// <summary>It is no reply to this question.</summary>
    Malformed,
}

/// <summary>
/// Questions for the addresses of a name, and the replies to them (RFC 1035 section 4). Replies come from a network:
/// whatever does not fit is <see cref="DnsStatus.Malformed"/>.
/// </summary>
internal static class DnsMessage
{
    public const int NameCharsMax = 253;
    public const int QueryBytesMax = HeadBytes + NameCharsMax + 2 + 4;

    /// <summary>Without EDNS a datagram holds no more (RFC 1035 section 4.2.1).</summary>
    public const int UdpBytesMax = 512;

    private const int HeadBytes = 12;
    private const int LabelCharsMax = 63;
    private const int JumpsMax = 16;
    private const int RecordsMax = 128;
    private const int AliasesMax = 8;
    private const ushort ClassIn = 1;

    /// <summary>The question for records of a type; its length. 0 if the name is none that can be asked for.</summary>
    public static int WriteQuery(Span<byte> to, ushort id, string name, DnsType type)
    {
        to[..HeadBytes].Clear();
        BinaryPrimitives.WriteUInt16BigEndian(to, id);
        to[2] = 1; // recursion desired
        to[5] = 1; // one question
        int at = HeadBytes;
        if (name.Length is 0 or > NameCharsMax)
        {
            return 0;
        }

        foreach (Range label in name.AsSpan().Split('.'))
        {
            ReadOnlySpan<char> text = name.AsSpan(label);
            if (text.Length is 0 or > LabelCharsMax)
            {
                return 0;
            }

            to[at++] = (byte)text.Length;
            foreach (char character in text)
            {
                to[at++] = (byte)character;
            }
        }

        to[at++] = 0;
        BinaryPrimitives.WriteUInt16BigEndian(to[at..], (ushort)type);
        BinaryPrimitives.WriteUInt16BigEndian(to[(at + 2)..], ClassIn);
        return at + 4;
    }

    /// <summary>Reads the reply to a question; its addresses are added, aliases followed.</summary>
    /// <param name="ttlSeconds">How long the answer holds: the least of its records; 0 if there is none.</param>
    public static DnsStatus Read(
        ReadOnlySpan<byte> message, ushort id, string name, DnsType type, List<IPAddress> addresses,
        out uint ttlSeconds)
    {
        ttlSeconds = 0;
        if (message.Length < HeadBytes || BinaryPrimitives.ReadUInt16BigEndian(message) != id
            || (message[2] & 0xF8) != 0x80 || BinaryPrimitives.ReadUInt16BigEndian(message[4..]) != 1)
        {
            return DnsStatus.Malformed;
        }

        // Our own question comes back, or the reply is another's.
        int at = HeadBytes;
        if (!TryReadName(message, ref at, out string asked) || message.Length - at < 4
            || !string.Equals(asked, name, StringComparison.OrdinalIgnoreCase)
            || BinaryPrimitives.ReadUInt16BigEndian(message[at..]) != (ushort)type)
        {
            return DnsStatus.Malformed;
        }

        at += 4;
        if ((message[2] & 2) != 0)
        {
            return DnsStatus.Truncated;
        }

        return (message[3] & 0x0F) switch
        {
            0 => ReadAnswers(message, at, name, type, addresses, out ttlSeconds),
            3 => DnsStatus.NoSuchName,
            _ => DnsStatus.Failed,
        };
    }

    private static DnsStatus ReadAnswers(
        ReadOnlySpan<byte> message, int at, string name, DnsType type, List<IPAddress> addresses, out uint ttlSeconds)
    {
        ttlSeconds = 0;
        int count = Math.Min(BinaryPrimitives.ReadUInt16BigEndian(message[6..]), (ushort)RecordsMax);
        var records = new List<Record>(count);
        for (int i = 0; i < count; i++)
        {
            if (!TryReadRecord(message, ref at, out Record record))
            {
                return DnsStatus.Malformed;
            }

            records.Add(record);
        }

        uint ttl = uint.MaxValue;
        for (int aliases = 0; aliases <= AliasesMax; aliases++)
        {
            if (Take(message, records, name, type, addresses, ref ttl))
            {
                ttlSeconds = ttl;
                return DnsStatus.Answered;
            }

            Record alias = records.Find(record => record.Is(name, DnsType.Cname));
            int target = alias.DataAt;
            if (alias.Owner is null || !TryReadName(message, ref target, out string next))
            {
                break;
            }

            ttl = Math.Min(ttl, alias.Ttl);
            name = next;
        }

        return DnsStatus.Answered;
    }

    private static bool Take(
        ReadOnlySpan<byte> message, List<Record> records, string name, DnsType type, List<IPAddress> addresses,
        ref uint ttl)
    {
        bool isAny = false;
        foreach (Record record in records)
        {
            if (record.Is(name, type) && record.DataLength == (type == DnsType.A ? 4 : 16))
            {
                addresses.Add(new IPAddress(message.Slice(record.DataAt, record.DataLength)));
                ttl = Math.Min(ttl, record.Ttl);
                isAny = true;
            }
        }

        return isAny;
    }

    private static bool TryReadRecord(ReadOnlySpan<byte> message, ref int at, out Record record)
    {
        record = default;
        const int FixedBytes = 10; // type, class, time to live, length
        if (!TryReadName(message, ref at, out string owner) || message.Length - at < FixedBytes)
        {
            return false;
        }

        ReadOnlySpan<byte> fields = message[at..];
        var type = (DnsType)BinaryPrimitives.ReadUInt16BigEndian(fields);
        bool isInternet = BinaryPrimitives.ReadUInt16BigEndian(fields[2..]) == ClassIn;
        uint ttl = BinaryPrimitives.ReadUInt32BigEndian(fields[4..]);
        int length = BinaryPrimitives.ReadUInt16BigEndian(fields[8..]);
        at += FixedBytes;
        if (message.Length - at < length)
        {
            return false;
        }

        // RFC 2181 section 8: with the top bit set it is 0.
        record = new Record(isInternet ? owner : null, type, ttl > int.MaxValue ? 0 : ttl, at, length);
        at += length;
        return true;
    }

    // RFC 1035 section 4.1.4. A pointer leads backwards only, so that no message leads round in circles.
    private static bool TryReadName(ReadOnlySpan<byte> message, ref int at, out string name)
    {
        name = "";
        Span<char> text = stackalloc char[NameCharsMax + 1];
        int length = 0;
        int position = at;
        for (int jumps = 0; position < message.Length;)
        {
            int label = message[position];
            if (label == 0)
            {
                at = jumps == 0 ? position + 1 : at;
                name = new string(text[..Math.Max(0, length - 1)]);
                return true;
            }

            if ((label & 0xC0) == 0xC0)
            {
                if (position + 1 >= message.Length || ++jumps > JumpsMax)
                {
                    return false;
                }

                int target = ((label & 0x3F) << 8) | message[position + 1];
                at = jumps == 1 ? position + 2 : at;
                if (target >= position)
                {
                    return false;
                }

                position = target;
                continue;
            }

            if (label > LabelCharsMax || position + 1 + label > message.Length || length + label + 1 > text.Length)
            {
                return false;
            }

            foreach (byte character in message.Slice(position + 1, label))
            {
                text[length++] = (char)character;
            }

            text[length++] = '.';
            position += 1 + label;
        }

        return false;
    }

    private readonly record struct Record(string? Owner, DnsType Type, uint Ttl, int DataAt, int DataLength)
    {
        public bool Is(string name, DnsType type) =>
            Type == type && string.Equals(Owner, name, StringComparison.OrdinalIgnoreCase);
    }
}
