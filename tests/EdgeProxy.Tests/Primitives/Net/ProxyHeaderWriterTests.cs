using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Net;

/// <summary>What is written is what the reader reads, byte for byte as the specification has it.</summary>
public sealed class ProxyHeaderWriterTests
{
    [Theory]
    [InlineData("192.0.2.1", 51234, "198.51.100.7", 443, "TCP4 192.0.2.1 198.51.100.7 51234 443")]
    [InlineData("255.255.255.255", 65535, "255.255.255.255", 65535,
        "TCP4 255.255.255.255 255.255.255.255 65535 65535")]
    [InlineData("2001:db8::1", 1, "::1", 2, "TCP6 2001:db8::1 ::1 1 2")]
    [InlineData("192.0.2.1", 1, "2001:db8::2", 2, "TCP6 ::ffff:192.0.2.1 2001:db8::2 1 2")]
    [InlineData("1111:2222:3333:4444:5555:6666:7777:8888", 65535, "1111:2222:3333:4444:5555:6666:7777:8888", 65535,
        "TCP6 1111:2222:3333:4444:5555:6666:7777:8888 1111:2222:3333:4444:5555:6666:7777:8888 65535 65535")]
    public void Addresses_AreRead_AsTheyWereWritten(
        string source, int sourcePort, string destination, int destinationPort, string line)
    {
        ConnectionEnds ends = new(Address(source), sourcePort, Address(destination), destinationPort)
        {
            IsClients = true,
        };

        Assert.Equal($"PROXY {line}\r\n", Encoding.ASCII.GetString(ProxyHeaderWriter.Write(ProxyVersion.V1, ends)));
        foreach (ProxyVersion version in new[] { ProxyVersion.V1, ProxyVersion.V2 })
        {
            byte[] bytes = ProxyHeaderWriter.Write(version, ends);
            Assert.Equal(ParseStatus.Complete, ProxyHeader.Read(bytes, out ProxyHeader header));
            Assert.Equal(bytes.Length, header.Length);
            Assert.True(header.HasAddresses);
            Assert.Equal(
                (ends.Source, ends.SourcePort, ends.Destination, ends.DestinationPort),
                (header.Source, header.SourcePort, header.Destination, header.DestinationPort));
        }
    }

    [Theory]
    [InlineData(false, "0D0A0D0A000D0A515549540A20000000")]
    [InlineData(true, "0D0A0D0A000D0A515549540A21000000")] // by a Unix socket: somebody's, without an address
    public void NoAddresses_AreSaidToBeNone(bool isClients, string binary)
    {
        ConnectionEnds ends = default(ConnectionEnds) with { IsClients = isClients };

        Assert.Equal("PROXY UNKNOWN\r\n", Encoding.ASCII.GetString(ProxyHeaderWriter.Write(ProxyVersion.V1, ends)));
        byte[] bytes = ProxyHeaderWriter.Write(ProxyVersion.V2, ends);
        Assert.Equal(binary, Convert.ToHexString(bytes));
        Assert.Equal(ParseStatus.Complete, ProxyHeader.Read(bytes, out ProxyHeader header));
        Assert.False(header.HasAddresses);
    }

    private static IpAddress Address(string text)
    {
        Assert.True(IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address));
        return address;
    }
}
