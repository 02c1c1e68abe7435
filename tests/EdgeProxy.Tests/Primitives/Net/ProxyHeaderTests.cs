using System;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Net;

/// <summary>The PROXY protocol's header: both versions, cut at each byte, and what is none.</summary>
public sealed class ProxyHeaderTests
{
    private const string Signature = "0D0A0D0A000D0A515549540A";

    // 192.0.2.1:51234 asked 198.51.100.7:443.
    private const string V4 = "C0000201" + "C6336407" + "C822" + "01BB";
    private const string V6 =
        "20010DB8000000000000000000000001" + "20010DB8000000000000000000000002" + "C822" + "01BB";

    [Theory]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 51234 443\r\n", "192.0.2.1", 51234, "198.51.100.7", 443)]
    [InlineData("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255", 65535,
        "255.255.255.255", 65535)]
    [InlineData("PROXY TCP6 2001:db8::1 2001:db8::2 0 443\r\n", "2001:db8::1", 0, "2001:db8::2", 443)]
    [InlineData("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 2\r\n", "192.0.2.1", 1, "::1", 2)]
    public void Line_TellsAddresses(string line, string source, int sourcePort, string destination, int port)
    {
        ProxyHeader header = Whole(Encoding.ASCII.GetBytes(line));

        Assert.Equal((true, source, sourcePort, destination, port), Told(header));
    }

    [Theory]
    [InlineData("PROXY UNKNOWN\r\n")]
    [InlineData("PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n")]
    public void Line_Unknown_TellsNothing(string line) =>
        Assert.False(Whole(Encoding.ASCII.GetBytes(line)).HasAddresses);

    [Theory]
    [InlineData("PROXY  TCP4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1 2 \r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1 2 3\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1 2\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 01 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1 65536\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 1 99999999999999999999\r\n")]
    [InlineData("PROXY TCP4 192.0.2.1 198.51.100.7 +1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2.01 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY TCP4 192.0.2 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY TCP4 ::1 ::2 1 2\r\n")]
    [InlineData("PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY TCP6 [::1] ::2 1 2\r\n")]
    [InlineData("PROXY TCP6 fe80::1%eth0 ::2 1 2\r\n")]
    [InlineData("PROXY tcp4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY UNKNOWNS\r\n")]
    [InlineData("PROXY \r\n")]
    [InlineData("PROXY \n")]
    [InlineData("proxy TCP4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("PROXY\tTCP4 192.0.2.1 198.51.100.7 1 2\r\n")]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("PROPFIND / HTTP/1.1\r\n")]
    public void Line_Otherwise_IsMalformed(string line) =>
        Assert.Equal(ParseStatus.Malformed, ProxyHeader.Read(Encoding.ASCII.GetBytes(line), out _));

    [Fact]
    public void Line_LongerThanAllowed_IsMalformed()
    {
        byte[] line = Encoding.ASCII.GetBytes("PROXY UNKNOWN " + new string('x', ProxyHeader.LineBytesMax - 16) + "\r\n");

        Assert.Equal(ProxyHeader.LineBytesMax, line.Length);
        Assert.Equal(ParseStatus.Complete, ProxyHeader.Read(line, out _));
        Assert.Equal(ParseStatus.NeedMore, ProxyHeader.Read(line.AsSpan()[..^1], out _));
        line[^2] = (byte)'x';
        line[^1] = (byte)'x';
        Assert.Equal(ParseStatus.Malformed, ProxyHeader.Read(line, out _));
    }

    [Theory]
    [InlineData("21" + "11" + "000C" + V4, "192.0.2.1", 51234, "198.51.100.7", 443)]
    [InlineData("21" + "21" + "0024" + V6, "2001:db8::1", 51234, "2001:db8::2", 443)]
    [InlineData("21" + "11" + "0013" + V4 + "01" + "0001" + "AA" + "04" + "0000", "192.0.2.1", 51234, "198.51.100.7", 443)]
    public void Binary_TellsAddresses(string rest, string source, int sourcePort, string destination, int port)
    {
        ProxyHeader header = Whole(Convert.FromHexString(Signature + rest));

        Assert.Equal((true, source, sourcePort, destination, port), Told(header));
    }

    [Theory]
    [InlineData("20" + "00" + "0000")] // LOCAL
    [InlineData("20" + "11" + "000C" + V4)]
    [InlineData("20" + "11" + "0003" + "FFFFFF")] // what LOCAL carries is nobody's matter
    [InlineData("21" + "00" + "0000")] // PROXY, unspecified
    [InlineData("21" + "00" + "0003" + "040000")]
    public void Binary_Local_TellsNothing(string rest) =>
        Assert.False(Whole(Convert.FromHexString(Signature + rest)).HasAddresses);

    [Fact]
    public void Binary_OfAUnixSocket_TellsNothing() =>
        Assert.False(Whole(Convert.FromHexString(Signature + "2131" + "00D8" + new string('0', 432))).HasAddresses);

    [Theory]
    [InlineData("11" + "11" + "000C" + V4)] // version 1 here
    [InlineData("31" + "11" + "000C" + V4)]
    [InlineData("22" + "11" + "000C" + V4)] // an unknown command
    [InlineData("21" + "12" + "000C" + V4)] // datagrams
    [InlineData("21" + "41" + "000C" + V4)]
    [InlineData("21" + "11" + "000B" + V4)] // shorter than its addresses
    [InlineData("21" + "21" + "000C" + V4)]
    [InlineData("21" + "11" + "000E" + V4 + "0400")] // an addition without its length
    [InlineData("21" + "11" + "0010" + V4 + "04000200")] // an addition beyond the end
    [InlineData("21" + "11" + "0013" + V4 + "03" + "0004" + "00000000")] // a wrong checksum
    [InlineData("21" + "11" + "0011" + V4 + "03" + "0002" + "0000")] // a checksum of another length
    [InlineData("21" + "11" + "0801" + V4)] // longer than allowed, said at once
    [InlineData("21" + "11" + "FFFF" + V4)]
    public void Binary_Otherwise_IsMalformed(string rest) =>
        Assert.Equal(ParseStatus.Malformed, ProxyHeader.Read(Convert.FromHexString(Signature + rest), out _));

    [Fact]
    public void Binary_RightChecksum_IsTaken()
    {
        byte[] bytes = Convert.FromHexString(Signature + "21" + "11" + "0013" + V4 + "03" + "0004" + "00000000");
        uint sum = ReferenceCrc32C(bytes);
        bytes[^4] = (byte)(sum >> 24);
        bytes[^3] = (byte)(sum >> 16);
        bytes[^2] = (byte)(sum >> 8);
        bytes[^1] = (byte)sum;

        Assert.True(Whole(bytes).HasAddresses);
        bytes[20] ^= 1;
        Assert.Equal(ParseStatus.Malformed, ProxyHeader.Read(bytes, out _));
    }

    [Fact]
    public void Reference_IsTheOneOfTheStandard() =>
        Assert.Equal(0xE3069283, ReferenceCrc32C("123456789"u8)); // RFC 3720 appendix B.4's polynomial

    // Cut anywhere it wants more; with anything behind it it is the same.
    private static ProxyHeader Whole(byte[] bytes)
    {
        for (int length = 0; length < bytes.Length; length++)
        {
            Assert.Equal(ParseStatus.NeedMore, ProxyHeader.Read(bytes.AsSpan(0, length), out _));
        }

        Assert.Equal(ParseStatus.Complete, ProxyHeader.Read(bytes, out ProxyHeader header));
        Assert.Equal(bytes.Length, header.Length);
        Assert.Equal(ParseStatus.Complete, ProxyHeader.Read([.. bytes, .. "GET "u8], out ProxyHeader again));
        Assert.Equal(header, again);
        return header;
    }

    private static (bool, string, int, string, int) Told(ProxyHeader header) => (
        header.HasAddresses, header.Source.ToString(), header.SourcePort, header.Destination.ToString(),
        header.DestinationPort);

    private static uint ReferenceCrc32C(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        foreach (byte value in bytes)
        {
            sum ^= value;
            foreach (int _ in Enumerable.Range(0, 8))
            {
                sum = (sum & 1) != 0 ? (sum >> 1) ^ 0x82F63B78 : sum >> 1;
            }
        }

        return ~sum;
    }
}
