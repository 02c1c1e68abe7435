using System;
using System.Collections.Generic;
using System.Linq;
using System.Net;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Dns;
using EdgeProxy.Services.Choosing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Dns;

/// <summary>Questions and replies of DNS, and what a reply may not be.</summary>
public class DnsMessageTests
{
    private const ushort Id = 0x1234;
    private const string Host = "app.example.test";

    [Theory]
    [InlineData("")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a-label-of-more-than-63-characters-is-not-one-that-a-message-can-hold.test")]
    public void WriteQuery_NameThatIsNone_IsNotAsked(string name) =>
        Assert.Equal(0, DnsMessage.WriteQuery(new byte[DnsMessage.QueryBytesMax], Id, name, DnsType.A));

    [Theory]
    [InlineData(nameof(DnsType.A), "10.0.0.1,10.0.0.2", "10.0.0.1,10.0.0.2")]
    [InlineData(nameof(DnsType.A), "10.0.0.1,::1", "10.0.0.1")]
    [InlineData(nameof(DnsType.Aaaa), "10.0.0.1,2001:db8::1", "2001:db8::1")]
    [InlineData(nameof(DnsType.A), "", "")]
    public void Read_Addresses_OfTheTypeAskedFor(string type, string there, string found)
    {
        foreach (string? alias in (string?[])[null, "real.example.net"])
        {
            byte[] query = Query(type);
            byte[] reply = DnsReplies.Addresses(query, Split(there), ttl: 60, alias);

            (DnsStatus status, List<IPAddress> addresses, uint ttl) = Read(reply, type);

            Assert.Equal(DnsStatus.Answered, status);
            Assert.Equal(Split(found), addresses.Select(address => address.ToString()));
            Assert.Equal(found.Length > 0 ? 60u : 0u, ttl);
        }
    }

    [Fact]
    public void Read_AskedInOtherCase_IsTheSameName()
    {
        byte[] reply = DnsReplies.Addresses(Query("A"), ["10.0.0.1"], 60);
        reply[13] ^= 0x20;

        Assert.Equal(DnsStatus.Answered, Read(reply, "A").Status);
    }

    [Theory]
    [InlineData(3, nameof(DnsStatus.NoSuchName))]
    [InlineData(2, nameof(DnsStatus.Failed))]
    [InlineData(5, nameof(DnsStatus.Failed))]
    public void Read_Codes(byte code, string status) => Assert.Equal(
        status, Read(DnsReplies.Addresses(Query("A"), [], 60, code: code), "A").Status.ToString());

    [Fact]
    public void Read_Truncated_IsToBeAskedAgain() => Assert.Equal(
        DnsStatus.Truncated, Read(DnsReplies.Addresses(Query("A"), ["10.0.0.1"], 60, isTruncated: true), "A").Status);

    [Fact]
    public void Read_ReplyToSomethingElse_IsMalformed()
    {
        byte[] reply = DnsReplies.Addresses(Query("A"), ["10.0.0.1"], 60);

        Assert.Equal(DnsStatus.Malformed, Read(reply, "Aaaa").Status);
        Assert.Equal(DnsStatus.Malformed, DnsMessage.Read(reply, Id + 1, Host, DnsType.A, [], out _));
        Assert.Equal(DnsStatus.Malformed, DnsMessage.Read(reply, Id, "other.test", DnsType.A, [], out _));
        Assert.Equal(DnsStatus.Malformed, Read(Query("A"), "A").Status);
    }

    [Fact]
    public void Read_RecordsOfAnotherName_AreNotTaken()
    {
        byte[] query = Query("A");
        byte[] good = DnsReplies.Addresses(query, ["10.0.0.1"], 60);
        byte[] reply = [.. query, .. DnsReplies.Name("evil.test"), .. good[(query.Length + 2)..]];
        (reply[2], reply[3], reply[7]) = (0x81, 0x80, 1);

        (DnsStatus status, List<IPAddress> addresses, _) = Read(reply, "A");

        Assert.Equal(DnsStatus.Answered, status);
        Assert.Empty(addresses);
    }

    [Fact]
    public void Read_AliasesInACircle_End()
    {
        byte[] reply = DnsReplies.Addresses(Query("A"), [], 60, alias: Host);

        Assert.Equal((DnsStatus.Answered, 0u), (Read(reply, "A").Status, Read(reply, "A").Ttl));
    }

    [Fact]
    public void Read_AnyBytes_AnyCut_IsAValue()
    {
        var random = new RandomSequence(5);
        byte[] good = DnsReplies.Addresses(Query("Aaaa"), ["2001:db8::1", "2001:db8::2"], 60, "real.example.net");
        for (int i = 0; i < 200_000; i++)
        {
            byte[] reply = [.. good];
            int changes = random.Next(4);
            for (int change = 0; change < changes; change++)
            {
                reply[12 + random.Next(reply.Length - 12)] = (byte)(random.Next(2) == 0 ? 0xC0 : random.Next(256));
            }

            (DnsStatus status, List<IPAddress> addresses, _) = Read(reply.AsSpan(0, random.Next(reply.Length + 1)), "Aaaa");
            Assert.True(status == DnsStatus.Answered || addresses.Count == 0 || status == DnsStatus.Malformed);
        }
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.RemoveEmptyEntries);

    private static byte[] Query(string type)
    {
        byte[] query = new byte[DnsMessage.QueryBytesMax];
        return query[..DnsMessage.WriteQuery(query, Id, Host, Enum.Parse<DnsType>(type))];
    }

    private static (DnsStatus Status, List<IPAddress> Addresses, uint Ttl) Read(ReadOnlySpan<byte> reply, string type)
    {
        var addresses = new List<IPAddress>();
        DnsStatus status = DnsMessage.Read(reply, Id, Host, Enum.Parse<DnsType>(type), addresses, out uint ttl);
        return (status, addresses, ttl);
    }
}
