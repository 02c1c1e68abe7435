using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http;

public sealed class SmallPartsTests
{
    private static readonly string[] AddressPieces =
    [
        "0", "1", "ff", "2001", "db8", "12345", "g", ":", ":", ":", "::", "1.2.3.4", "255.255.255.255", "1.2.3",
        "256.1.1.1",
    ];

    [Fact]
    public void FindLineEnd_StopAtEveryPlaceOfEveryLength_IsFound()
    {
        for (int length = 1; length <= 70; length++)
        {
            for (int at = 0; at < length; at++)
            {
                byte[] bytes = Enumerable.Repeat((byte)'\t', length).ToArray();
                bytes[at] = 0x1F;
                Assert.Equal(ParseStatus.Malformed, LineEnd.Find(bytes, 0, out int stop));
                Assert.Equal(at, stop);
                Assert.Equal(ParseStatus.NeedMore, LineEnd.Find(bytes, at + 1, out stop));
                Assert.Equal(length, stop);
            }
        }
    }

    [Fact]
    public void FindLineEnd_EveryByteValue_StopsAtControlsOnly()
    {
        for (int value = 0; value <= 255; value++)
        {
            byte[] bytes = Enumerable.Repeat((byte)'a', 40).ToArray();
            bytes[20] = (byte)value;
            bool stops = (value < 0x20 && value != '\t') || value == 0x7F;
            Assert.Equal(stops ? ParseStatus.Malformed : ParseStatus.NeedMore, LineEnd.Find(bytes, 0, out int stop));
            Assert.Equal(stops ? 20 : 40, stop);
        }
    }

    [Theory]
    [InlineData("Token", "!#$%&'*+-.^_`|~", true)]
    [InlineData("Unreserved", "-._~", true)]
    [InlineData("PlainPath", "-._~!$&'()*+,;=:@/", true)]
    [InlineData("Target", "#", false)]
    [InlineData("TargetPath", "#?", false)]
    public void AsciiSet_EveryByteValue_IsInItAsTheGrammarSays(string name, string marks, bool marksAreIn)
    {
        for (int value = 0; value <= 255; value++)
        {
            bool letterOrDigit = value < 128 && char.IsAsciiLetterOrDigit((char)value);
            bool marked = marks.Contains((char)value, StringComparison.Ordinal);
            bool expected = marksAreIn ? letterOrDigit || marked : value is > 0x20 and < 0x7F && !marked;

            Assert.Equal(expected, Set(name).Contains((byte)value));
            foreach (int length in new[] { 1, 15, 16, 17, 31, 32, 33, 50 })
            {
                for (int at = 0; at < length; at++)
                {
                    byte[] bytes = Enumerable.Repeat((byte)'a', length).ToArray();
                    bytes[at] = (byte)value;
                    Assert.Equal(expected ? length : at, Set(name).LengthAt(bytes));
                }
            }
        }
    }

    private static AsciiSet Set(string name) => name switch
    {
        "Token" => AsciiSet.Token,
        "Unreserved" => AsciiSet.Unreserved,
        "PlainPath" => AsciiSet.PlainPath,
        "Target" => AsciiSet.Target,
        _ => AsciiSet.TargetPath,
    };

    [Fact]
    public void FindKnownHeader_EveryName_IsFoundInAnyCaseAndAsAlias()
    {
        foreach (KnownHeader header in Enum.GetValues<KnownHeader>().Where(h => h != KnownHeader.Unknown))
        {
            string name = Encoding.Latin1.GetString(KnownHeaders.Name(header));
            Assert.NotEmpty(name);
            foreach (string spelling in new[] { name, name.ToUpperInvariant() })
            {
                Assert.Equal(header, KnownHeaders.Find(Encoding.Latin1.GetBytes(spelling), out FieldTraits traits));
                Assert.False(traits.HasFlag(FieldTraits.Alias));
                foreach (char stand in "_.")
                {
                    string alias = spelling.Replace('-', stand);
                    Assert.Equal(header, KnownHeaders.Find(Encoding.Latin1.GetBytes(alias), out traits));
                    Assert.Equal(alias != spelling, traits.HasFlag(FieldTraits.Alias));
                }
            }
        }
    }

    [Fact]
    public void FindKnownHeader_OneByteOff_IsUnknown()
    {
        foreach (KnownHeader header in Enum.GetValues<KnownHeader>().Where(h => h != KnownHeader.Unknown))
        {
            byte[] name = KnownHeaders.Name(header).ToArray();
            for (int i = 0; i < name.Length; i++)
            {
                foreach (byte b in "!#$%&'*+^`|~0zZ"u8.ToArray().Where(b => (b | 0x20) != name[i]))
                {
                    byte[] other = [.. name];
                    other[i] = b;
                    KnownHeader found = KnownHeaders.Find(other, out _);
                    Assert.True(found == KnownHeader.Unknown,
                        $"{Encoding.Latin1.GetString(other)} is taken for {found}");
                }
            }
        }
    }

    [Fact]
    public void Ipv6Literal_AnyText_IsWhatTheFrameworkParses() =>
        Gen.Int[0, AddressPieces.Length - 1].Array[0, 16]
            .Select(picks => string.Concat(picks.Select(i => AddressPieces[i])))
            .SampleSame(
                text =>
                {
                    // The framework also takes a prefix length, a zone or brackets, none of which can be built here.
                    bool expected = IPAddress.TryParse(text, out IPAddress? address)
                        && address?.AddressFamily == AddressFamily.InterNetworkV6;
                    return Ipv6Literal.Is(Encoding.Latin1.GetBytes(text)) == expected;
                },
                iter: 200_000);

    [Theory]
    [InlineData("a", 1, -1)]
    [InlineData("a:80", 1, 80)]
    [InlineData("a:", 1, -1)]
    [InlineData("a:00080", 1, 80)]
    [InlineData("[::1]:65535", 5, 65535)]
    [InlineData("1.2.3.4", 7, -1)]
    [InlineData("a.b.", 4, -1)]
    public void ReadAuthority_Valid_GivesHostAndPort(string text, int hostLength, int port)
    {
        Assert.True(Authority.TryRead(Encoding.Latin1.GetBytes(text), out int length, out int number));
        Assert.Equal((hostLength, port), (length, number));
    }

    [Theory]
    [InlineData("")]
    [InlineData(":80")]
    [InlineData("a:0")]
    [InlineData("a:65536")]
    [InlineData("a:000080")]
    [InlineData("a:8 0")]
    [InlineData("a b")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a%41")]
    [InlineData("u@a")]
    [InlineData("[::1")]
    [InlineData("[::1]x")]
    [InlineData("[]")]
    [InlineData("[::1%25lo]")]
    public void ReadAuthority_Invalid_IsRefused(string text) =>
        Assert.False(Authority.TryRead(Encoding.Latin1.GetBytes(text), out _, out _));

    [Theory]
    [InlineData("Example.COM", "example.com")]
    [InlineData("a.", "a")]
    [InlineData("a..", "a.")]
    [InlineData("[FE80::1]", "[fe80::1]")]
    [InlineData("", "")]
    public void WriteLower_Host_LosesCaseAndOneDot(string host, string expected)
    {
        byte[] written = new byte[host.Length];
        int length = HostName.WriteLower(Encoding.Latin1.GetBytes(host), written);
        Assert.Equal(expected, Encoding.Latin1.GetString(written, 0, length));
    }

    [Theory]
    [InlineData(200, "HTTP/1.1 200 OK\r\n")]
    [InlineData(431, "HTTP/1.1 431 Request Header Fields Too Large\r\n")]
    [InlineData(799, "HTTP/1.1 799 \r\n")]
    public void WriteStatusLine_Status_HasPhraseAndLineEnd(int status, string expected)
    {
        byte[] line = new byte[StatusLines.BytesMax];
        int length = StatusLines.Write(line, status);
        Assert.Equal(expected, Encoding.Latin1.GetString(line, 0, length));
    }

    [Fact]
    public void WriteStatusLine_EveryStatus_FitsTheBound()
    {
        byte[] line = new byte[StatusLines.BytesMax];
        int longest = Enumerable.Range(100, 900).Max(status => StatusLines.Write(line, status));
        Assert.Equal(StatusLines.BytesMax, longest);
    }

    [Fact]
    public void TokenList_EmptyElements_ArePassedOver()
    {
        var list = new TokenList(", a ,,\tb\t,"u8);
        string seen = string.Empty;
        while (list.MoveNext())
        {
            seen += Encoding.Latin1.GetString(list.Current) + "|";
        }

        Assert.Equal("a|b|", seen);
    }
}
