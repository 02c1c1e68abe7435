using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Net;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>Replies of a name server, written by the letter of RFC 1035 without the product's help.</summary>
internal static class DnsReplies
{
    /// <summary>The name and type a question is for; the question is as long as it says.</summary>
    public static (string Name, ushort Type, int Length) Question(ReadOnlySpan<byte> query)
    {
        var name = new StringBuilder();
        int at = 12;
        for (; query[at] != 0; at += 1 + query[at])
        {
            name.Append(name.Length > 0 ? "." : "").Append(Encoding.ASCII.GetString(query.Slice(at + 1, query[at])));
        }

        return (name.ToString(), BinaryPrimitives.ReadUInt16BigEndian(query[(at + 1)..]), at + 5);
    }

    /// <summary>To a query: addresses of the type asked for, after an alias if there is one.</summary>
    public static byte[] Addresses(
        ReadOnlySpan<byte> query, IEnumerable<string> addresses, uint ttl, string? alias = null, byte code = 0,
        bool isTruncated = false)
    {
        (_, ushort type, int length) = Question(query);
        var reply = new List<byte>(query[..length].ToArray());
        reply[2] = (byte)(0x81 | (isTruncated ? 2 : 0));
        reply[3] = (byte)(0x80 | code);
        int count = 0;
        byte[] owner = [0xC0, 12]; // a pointer to the question
        if (alias is not null)
        {
            byte[] target = Name(alias);
            Record(reply, owner, 5, ttl, target);
            owner = target;
            count++;
        }

        foreach (string text in addresses)
        {
            byte[] address = IPAddress.Parse(text).GetAddressBytes();
            if (address.Length == (type == 1 ? 4 : 16))
            {
                Record(reply, owner, type, ttl, address);
                count++;
            }
        }

        reply[7] = (byte)count;
        return [.. reply];
    }

    public static byte[] Name(string name)
    {
        var bytes = new List<byte>();
        foreach (string label in name.Split('.'))
        {
            bytes.Add((byte)label.Length);
            bytes.AddRange(Encoding.ASCII.GetBytes(label));
        }

        return [.. bytes, 0];
    }

    private static void Record(List<byte> to, byte[] owner, ushort type, uint ttl, byte[] data)
    {
        byte[] rest = new byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(rest, type);
        rest[3] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(rest.AsSpan(4), ttl);
        BinaryPrimitives.WriteUInt16BigEndian(rest.AsSpan(8), (ushort)data.Length);
        to.AddRange([.. owner, .. rest, .. data]);
    }
}
