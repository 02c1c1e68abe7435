using System;
using System.Net;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Net;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Net;

public class IpAddressTests
{
    private const string Letters = "0123456789abf:.:%/[] ";

    [Theory]
    [InlineData("0.0.0.0", "0.0.0.0")]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("255.255.255.255", "255.255.255.255")]
    [InlineData("::", "::")]
    [InlineData("::1", "::1")]
    [InlineData("1::", "1::")]
    [InlineData("2001:db8::1", "2001:db8::1")]
    [InlineData("2001:0DB8:0:0:0:0:0:1", "2001:db8::1")]
    [InlineData("2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1")]
    [InlineData("2001:0:0:1:0:0:0:1", "2001:0:0:1::1")]
    [InlineData("2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1")]
    [InlineData("1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0")]
    [InlineData("::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8")]
    [InlineData("64:ff9b::192.0.2.1", "64:ff9b::c000:201")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("::FFFF:c000:201", "192.0.2.1")]
    public void TryParse_Address_PrintsItsCanonicalForm(string text, string canonical)
    {
        Assert.True(IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address));
        Assert.Equal(canonical, address.ToString());
        Assert.Equal(canonical.Contains('.', StringComparison.Ordinal), address.IsV4);
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("127.1")]
    [InlineData("1.2.3")]
    [InlineData("1.2.3.4.5")]
    [InlineData("1.2.3.256")]
    [InlineData("1.2.3.1000")]
    [InlineData("01.2.3.4")]
    [InlineData("0x7f.0.0.1")]
    [InlineData("1.2.3.4 ")]
    [InlineData(" 1.2.3.4")]
    [InlineData("1.2.3.")]
    [InlineData(".1.2.3")]
    [InlineData("1..2.3")]
    [InlineData("1.2.3.-4")]
    [InlineData(":")]
    [InlineData(":::")]
    [InlineData(":1")]
    [InlineData("1:")]
    [InlineData("1::2::3")]
    [InlineData("1:2:3:4:5:6:7")]
    [InlineData("1:2:3:4:5:6:7:8:9")]
    [InlineData("1:2:3:4:5:6:7:8::")]
    [InlineData("::1:2:3:4:5:6:7:8")]
    [InlineData("1:2:3:4:5:6:7:1.2.3.4")]
    [InlineData("12345::")]
    [InlineData("g::")]
    [InlineData("fe80::1%eth0")]
    [InlineData("[::1]")]
    [InlineData("1.2.3.4::")]
    [InlineData("::1.2.3.4:5")]
    [InlineData("::1.2.3")]
    public void TryParse_NotAnAddress_IsRefused(string text) =>
        Assert.False(IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out _));

    [Fact]
    public void Text_AnyAddress_ReadsBackEqualAndAgreesWithTheFramework()
    {
        // Small group values make zero runs frequent.
        Gen.OneOf(Gen.Byte.Array[4], Gen.OneOf(Gen.Const((byte)0), Gen.Byte).Array[16]).SampleSame(bytes =>
        {
            IpAddress address = IpAddress.FromBytes(bytes);
            byte[] text = Encoding.ASCII.GetBytes(address.ToString());
            Assert.True(IpAddress.TryParse(text, out IpAddress again));
            Assert.Equal(address, again);
            var theirs = IPAddress.Parse(Encoding.ASCII.GetString(text));
            var original = new IPAddress(bytes);
            Assert.Equal(original.IsIPv4MappedToIPv6 ? original.MapToIPv4() : original, theirs);
        }, iter: 20_000);
    }

    [Fact]
    public void TryParse_AnyBytes_AcceptsNothingTheFrameworkRefuses()
    {
        Gen<byte> letters = Gen.Int[0, Letters.Length - 1].Select(i => (byte)Letters[i]);
        letters.Array[0, 20].SampleSame(text =>
        {
            if (IpAddress.TryParse(text, out IpAddress address))
            {
                Assert.True(IPAddress.TryParse(Encoding.ASCII.GetString(text), out IPAddress? theirs));
                Assert.Equal(IpAddress.FromBytes(theirs!.GetAddressBytes()), address);
            }
        }, iter: 50_000);
    }

    [Fact]
    public void TryFormat_TooLittleRoom_FailsAtEveryLength()
    {
        foreach (string text in (string[])["192.0.2.100", "2001:db8::1", "1::", "::1", "1:2:3:4:5:6:7:8"])
        {
            Assert.True(IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address));
            for (int length = 0; length < text.Length; length++)
            {
                Assert.False(address.TryFormat(new byte[length], out int count));
                Assert.Equal(0, count);
            }

            Assert.True(address.TryFormat(new byte[text.Length], out int all));
            Assert.Equal(text.Length, all);
        }
    }

    [Fact]
    public void FromBytes_OtherLength_Throws() =>
        Assert.Throws<ArgumentException>(() => IpAddress.FromBytes(new byte[5]));

    [Fact]
    public void ParseAndFormat_Warm_AllocatesNothing()
    {
        byte[] text = "2001:db8::42"u8.ToArray();
        byte[] room = new byte[IpAddress.TextBytesMax];
        bool isSame = true;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                isSame &= IpAddress.TryParse(text, out IpAddress address)
                    && address.TryFormat(room, out int count) && count == text.Length;
            }
        });

        Assert.True(isSame);
    }
}
