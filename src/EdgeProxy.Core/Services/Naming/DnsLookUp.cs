using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net;
using EdgeProxy.Primitives.Dns;
using EdgeProxy.Transport;

namespace EdgeProxy.Services.Naming;

/// <summary>
/// Asks name servers for the addresses of one name, IPv4 and IPv6 at once, over UDP and, what does not fit, TCP. Blocks
/// its thread, for as long as servers times rounds times names take at most.
/// </summary>
internal sealed class DnsLookUp(NameServers servers)
{
    /// <summary>Longest wait for one server, once: for a datagram, or for a whole reply over TCP twice that.</summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromSeconds(1.5);

    // What hosts(5) says holds until somebody edits it; it is read often enough to notice.
    private static readonly TimeSpan HostsTtl = TimeSpan.FromSeconds(10);

    private const int Rounds = 2;
    private const int TcpBytesMax = 64 * 1024;

    // Datagrams that are no reply to one of two questions, before a server is given up.
    private const int StraysMax = 8;

    public NameAnswer Find(string host)
    {
        List<IPAddress> known = HostsFile.Find(host);
        if (known.Count > 0)
        {
            return new NameAnswer(known, HostsTtl, "");
        }

        string problem = "no name server answers";
        foreach (string name in servers.Candidates(host))
        {
            for (int round = 0; round < Rounds; round++)
            {
                NameAnswer? answer = AskAll(name, ref problem);
                if (answer is { Addresses.Count: > 0 })
                {
                    return answer;
                }

                if (answer is not null)
                {
                    problem = answer.Problem;
                    break; // there is no such name: the next one may be
                }
            }
        }

        return NameAnswer.Failed(problem);
    }

    // Null if no server said anything to go by.
    private NameAnswer? AskAll(string name, ref string problem)
    {
        foreach (IPEndPoint server in servers.Servers)
        {
            var question = new Question(name);
            Ask(server, question);
            if (question.IsAnswered)
            {
                return question.Answer();
            }

            problem = question.HasFailed ? $"name server {server} fails" : "no name server answers";
        }

        return null;
    }

    private static void Ask(IPEndPoint server, Question question)
    {
        using DnsSocket? socket = DnsSocket.Connect(server, isStream: false, Timeout);
        if (socket is null || !question.TrySend(socket))
        {
            return;
        }

        Span<byte> datagram = stackalloc byte[DnsMessage.UdpBytesMax];
        for (int strays = 0; strays < StraysMax && question.IsOpen;)
        {
            int length = socket.Receive(datagram);
            if (length == 0)
            {
                return;
            }

            strays += question.Take(datagram[..length]) ? 0 : 1;
        }

        foreach (Part part in question.Parts)
        {
            if (part.Status == DnsStatus.Truncated)
            {
                AskOverTcp(server, question, part);
            }
        }
    }

    private static void AskOverTcp(IPEndPoint server, Question question, Part part)
    {
        using DnsSocket? socket = DnsSocket.Connect(server, isStream: true, Timeout);
        byte[] message = new byte[2 + DnsMessage.QueryBytesMax];
        int length = DnsMessage.WriteQuery(message.AsSpan(2), part.Id, question.Name, part.Type);
        BinaryPrimitives.WriteUInt16BigEndian(message, (ushort)length);
        part.Status = DnsStatus.Failed;
        if (socket is null || !socket.TrySend(message.AsSpan(0, 2 + length)))
        {
            return;
        }

        byte[] reply = new byte[2 + TcpBytesMax];
        int received = 0;
        int wanted = 2;
        long begin = Stopwatch.GetTimestamp();
        while (received < wanted)
        {
            // A server that sends byte by byte is never silent for long, and never done.
            int count = Stopwatch.GetElapsedTime(begin) < Timeout ? socket.Receive(reply.AsSpan(received)) : 0;
            if (count == 0)
            {
                return;
            }

            received += count;
            wanted = received < 2 ? 2 : 2 + BinaryPrimitives.ReadUInt16BigEndian(reply);
        }

        part.Status = null;
        if (!part.Take(question.Name, reply.AsSpan(2, wanted - 2)))
        {
            part.Status = DnsStatus.Failed;
        }
    }

    /// <summary>One name, asked for twice.</summary>
    private sealed class Question(string name)
    {
        public string Name => name;

        public Part[] Parts { get; } = [new Part(DnsType.A), new Part(DnsType.Aaaa)];

        public bool IsOpen => Array.Exists(Parts, static part => part.Status is null);

        public bool HasFailed => Array.Exists(Parts, static part => part.Status == DnsStatus.Failed);

        // Half an answer with addresses is one: a server that chokes on AAAA is not worth waiting for.
        public bool IsAnswered => Array.Exists(Parts, static part => part.Addresses.Count > 0)
            || Array.TrueForAll(Parts, static part => part.Status is DnsStatus.Answered or DnsStatus.NoSuchName);

        public bool TrySend(DnsSocket socket)
        {
            Span<byte> message = stackalloc byte[DnsMessage.QueryBytesMax];
            foreach (Part part in Parts)
            {
                int length = DnsMessage.WriteQuery(message, part.Id, name, part.Type);
                if (length == 0 || !socket.TrySend(message[..length]))
                {
                    return false;
                }
            }

            return true;
        }

        public bool Take(ReadOnlySpan<byte> datagram) => Parts[0].Take(name, datagram) || Parts[1].Take(name, datagram);

        public NameAnswer Answer()
        {
            var addresses = new List<IPAddress>();
            uint ttl = uint.MaxValue;
            foreach (Part part in Parts)
            {
                addresses.AddRange(part.Addresses);
                ttl = part.Addresses.Count > 0 ? Math.Min(ttl, part.TtlSeconds) : ttl;
            }

            return addresses.Count > 0
                ? new NameAnswer(addresses, TimeSpan.FromSeconds(ttl), "")
                : NameAnswer.Failed($"{name} has no address");
        }
    }

    /// <summary>One of its types.</summary>
    private sealed class Part(DnsType type)
    {
        public DnsType Type => type;

        // Random, so that a reply cannot be guessed; half of a GUID's random bytes, without loading OpenSSL.
        public ushort Id { get; } = BitConverter.ToUInt16(Guid.NewGuid().ToByteArray(), sizeof(ulong) + 2);

        /// <summary>Null until a reply to it came.</summary>
        public DnsStatus? Status { get; set; }

        public List<IPAddress> Addresses { get; } = [];

        public uint TtlSeconds { get; private set; }

        // A second reply is a stray as any other: whoever repeats himself is not listened to for ever.
        public bool Take(string name, ReadOnlySpan<byte> message)
        {
            if (Status is not null)
            {
                return false;
            }

            DnsStatus status = DnsMessage.Read(message, Id, name, type, Addresses, out uint ttl);
            if (status == DnsStatus.Malformed)
            {
                return false;
            }

            Status = status;
            TtlSeconds = ttl;
            return true;
        }
    }
}
