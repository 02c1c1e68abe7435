using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using System.Text;
using EdgeProxy.Primitives.Dns;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Replies of name servers against a slow reader of RFC 1035: whatever it cannot follow, ours must not believe; what
/// both read says the same addresses and the same time. The question is always ours, so that mutations reach the
/// answers behind it.
/// </summary>
internal sealed class DnsTarget : FuzzTarget
{
    private const ushort Id = 0x1234;
    private const string Asked = "app.test";
    private const int RecordsMax = 128;
    private const int AliasesMax = 8;

    private static readonly byte[] s_question = Question();

    public override string Name => "dns";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        Reply(0x8180, Record("\u00C0\u000C", 1, 60, [192, 0, 2, 1])),
        Reply(0x8180, Record("\u00C0\u000C", 1, 60, [192, 0, 2, 1]), Record("\u00C0\u000C", 1, 5, [192, 0, 2, 2])),
        Reply(0x8180, Record("\u00C0\u000C", 5, 30, [1, (byte)'b', 0xC0, 0x10]),
            Record("\u0001b\u0004test\0", 1, 60, [192, 0, 2, 3])),
        Reply(0x8183),
        Reply(0x8380),
        Reply(0x8182),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        [0xC0, 0x0C], [0xC0, 0x00], [0xC0, 0xFF], [0, 1, 0, 1], [0, 5, 0, 1], [0, 28, 0, 1], [0, 4], [0, 16],
        [0xFF, 0xFF, 0xFF, 0xFF], [0], [3, 97, 112, 112], [4, 116, 101, 115, 116, 0], [0x40], [0x80],
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        // The first bytes are flags and counts, what follows stands behind our own question.
        byte[] message = new byte[Math.Max(input.Length, 10) + 2 + s_question.Length];
        message[0] = Id >> 8;
        message[1] = Id & 0xFF;
        input[..Math.Min(10, input.Length)].CopyTo(message.AsSpan(2));
        s_question.CopyTo(message.AsSpan(12));
        if (input.Length > 10)
        {
            input[10..].CopyTo(message.AsSpan(12 + s_question.Length));
        }

        var addresses = new List<IPAddress>();
        DnsStatus status = DnsMessage.Read(message, Id, Asked, DnsType.A, addresses, out uint ttl);
        (DnsStatus expected, List<string> texts, uint expectedTtl) = Slow(message);
        Require(status == expected, $"{status}, and {expected} was expected");
        Require(addresses.Select(a => a.ToString()).SequenceEqual(texts), "other addresses");
        Require(addresses.Count == 0 || ttl == expectedTtl, $"{ttl} s, not {expectedTtl}");
        Require(addresses.Count > 0 || ttl == 0, "a time, and nothing that it is of");
        return HashCode.Combine(status, Math.Min(addresses.Count, 4), Math.Min(message.Length / 16, 8), ttl == 0);
    }

    private static (DnsStatus Status, List<string> Addresses, uint Ttl) Slow(byte[] message)
    {
        int flags = (message[2] << 8) | message[3];
        int questions = (message[4] << 8) | message[5];
        if ((flags & 0xF800) != 0x8000 || questions != 1)
        {
            return (DnsStatus.Malformed, [], 0);
        }

        if ((flags & 0x0200) != 0)
        {
            return (DnsStatus.Truncated, [], 0);
        }

        if ((flags & 15) != 0)
        {
            return ((flags & 15) == 3 ? DnsStatus.NoSuchName : DnsStatus.Failed, [], 0);
        }

        int count = Math.Min((message[6] << 8) | message[7], RecordsMax);
        var records = new List<(string Owner, int Type, int Class, uint Ttl, int At, int Length)>();
        int at = 12 + s_question.Length;
        for (int i = 0; i < count; i++)
        {
            (string? owner, int next) = NameAt(message, at);
            if (owner is null || next + 10 > message.Length)
            {
                return (DnsStatus.Malformed, [], 0);
            }

            int type = (message[next] << 8) | message[next + 1];
            int kind = (message[next + 2] << 8) | message[next + 3];
            uint ttl = ((uint)message[next + 4] << 24) | ((uint)message[next + 5] << 16)
                | ((uint)message[next + 6] << 8) | message[next + 7];
            int length = (message[next + 8] << 8) | message[next + 9];
            if (next + 10 + length > message.Length)
            {
                return (DnsStatus.Malformed, [], 0);
            }

            records.Add((owner, type, kind, ttl > int.MaxValue ? 0 : ttl, next + 10, length));
            at = next + 10 + length;
        }

        return Follow(message, records);
    }

    private static (DnsStatus Status, List<string> Addresses, uint Ttl) Follow(
        byte[] message, List<(string Owner, int Type, int Class, uint Ttl, int At, int Length)> records)
    {
        string name = Asked;
        uint least = uint.MaxValue;
        for (int aliases = 0; aliases <= AliasesMax; aliases++)
        {
            var own = records.Where(r => r.Class == 1 && Same(r.Owner, name)).ToList();
            var found = own.Where(r => r.Type == 1 && r.Length == 4).ToList();
            if (found.Count > 0)
            {
                return (DnsStatus.Answered,
                    [.. found.Select(r => new IPAddress(message[r.At..(r.At + 4)]).ToString())],
                    Math.Min(least, found.Min(r => r.Ttl)));
            }

            if (!own.Exists(r => r.Type == 5))
            {
                break;
            }

            var alias = own.First(r => r.Type == 5);
            (string? target, _) = NameAt(message, alias.At);
            if (target is null)
            {
                break;
            }

            least = Math.Min(least, alias.Ttl);
            name = target;
        }

        return (DnsStatus.Answered, [], 0);
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    // The labels at a place, by recursion; null if they are not a name. Pointers lead backwards.
    private static (string? Name, int Next) NameAt(byte[] message, int at)
    {
        var labels = new List<string>();
        int next = -1;
        int jumps = 0;
        while (true)
        {
            if (at >= message.Length)
            {
                return (null, 0);
            }

            int length = message[at];
            if (length == 0)
            {
                return (string.Join('.', labels), next < 0 ? at + 1 : next);
            }

            if (length >= 0xC0)
            {
                if (at + 1 >= message.Length || ++jumps > 16)
                {
                    return (null, 0);
                }

                int target = ((length - 0xC0) << 8) + message[at + 1];
                if (target >= at)
                {
                    return (null, 0);
                }

                next = next < 0 ? at + 2 : next;
                at = target;
                continue;
            }

            int total = labels.Sum(label => label.Length + 1) + length + 1;
            if (length > 63 || at + 1 + length > message.Length || total > DnsMessage.NameCharsMax + 1)
            {
                return (null, 0);
            }

            labels.Add(Encoding.Latin1.GetString(message, at + 1, length));
            at += 1 + length;
        }
    }

    private static byte[] Question()
    {
        byte[] room = new byte[DnsMessage.QueryBytesMax];
        int length = DnsMessage.WriteQuery(room, Id, Asked, DnsType.A);
        return room[12..length];
    }

    private static byte[] Reply(int flags, params byte[][] records) =>
    [
        (byte)(flags >> 8), (byte)flags, 0, 1, 0, (byte)records.Length, 0, 0, 0, 0, .. records.SelectMany(r => r),
    ];

    private static byte[] Record(string owner, byte type, byte ttl, byte[] data) =>
    [
        .. Encoding.Latin1.GetBytes(owner), 0, type, 0, 1, 0, 0, 0, ttl, 0, (byte)data.Length, .. data,
    ];
}
