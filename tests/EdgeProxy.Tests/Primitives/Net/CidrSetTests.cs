using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Net;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Net;

public class CidrSetTests
{
    [Theory]
    [InlineData("10.0.0.0/8", "10.255.255.255", true)]
    [InlineData("10.0.0.0/8", "11.0.0.0", false)]
    [InlineData("10.0.0.0/8", "::ffff:10.1.2.3", true)]
    [InlineData("::ffff:10.0.0.0/104", "10.1.2.3", true)]
    [InlineData("192.0.2.7", "192.0.2.7", true)]
    [InlineData("192.0.2.7", "192.0.2.8", false)]
    [InlineData("0.0.0.0/0", "203.0.113.9", true)]
    [InlineData("0.0.0.0/0", "::1", false)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::/0", "10.0.0.1", false)]
    [InlineData("2001:db8::/32", "2001:db8:ffff::1", true)]
    [InlineData("2001:db8::/32", "2001:db9::", false)]
    [InlineData("::a00:1", "10.0.0.1", false)]
    public void Contains_OneNetwork_AnswersByFamilyAndPrefix(string network, string address, bool expected)
    {
        Assert.True(CidrSet.TryParse([network], out CidrSet set, out _));
        Assert.Equal(expected, set.Contains(Parse(address)));
    }

    [Theory]
    [InlineData("10.0.0.1/8", "10.0.0.0/8")]
    [InlineData("2001:db8::1/32", "2001:db8::/32")]
    [InlineData("10.0.0.0/33", "0 to 32")]
    [InlineData("::/129", "0 to 128")]
    [InlineData("10.0.0.0/", "prefix")]
    [InlineData("10.0.0.0/08", "prefix")]
    [InlineData("10.0.0.0/+8", "prefix")]
    [InlineData("10.0.0.0/8/8", "prefix")]
    [InlineData("::ffff:0:0/90", "IPv4-mapped")]
    [InlineData("localhost", "not an IP address")]
    [InlineData("", "not an IP address")]
    [InlineData("1\u0661.0.0.0/8", "not an IP address")]
    public void TryParse_BadNetwork_SaysWhy(string text, string hint)
    {
        Assert.False(CidrSet.TryParse(["10.0.0.0/8", text], out CidrSet set, out string problem));
        Assert.Contains(hint, problem, StringComparison.Ordinal);
        Assert.True(set.IsEmpty);
    }

    [Fact]
    public void Contains_EmptySet_HoldsNothing()
    {
        Assert.True(CidrSet.Empty.IsEmpty);
        Assert.False(CidrSet.Empty.Contains(default));
        Assert.False(CidrSet.Empty.Contains(Parse("127.0.0.1")));
    }

    [Fact]
    public void Contains_AnyNetworks_AgreesWithAskingEachInTurn()
    {
        // Few distinct high bytes and long prefixes, so that networks nest, touch and repeat.
        Gen<byte> few = Gen.OneOf(Gen.Byte[0, 3], Gen.Byte);
        Gen<(byte[] Bytes, int Prefix)> v4 = Gen.Select(few.Array[4], Gen.Int[0, 32]);
        Gen<(byte[] Bytes, int Prefix)> v6 = Gen.Select(few.Array[16], Gen.Int[0, 128]);
        Gen.Select(Gen.OneOf(v4, v6).Array[0, 12], Gen.OneOf(few.Array[4], few.Array[16]).Array[1, 12])
            .SampleSame((networks, probes) =>
            {
                var list = new List<IPNetwork>();
                foreach ((byte[] bytes, int prefix) in networks)
                {
                    list.Add(new IPNetwork(Masked(bytes, prefix), prefix));
                }

                CidrSet set = CidrSet.Of(list);
                foreach (byte[] probe in probes)
                {
                    bool expected = list.Exists(network => network.Contains(new IPAddress(probe)));
                    Assert.Equal(expected, set.Contains(IpAddress.FromBytes(probe)));
                }
            }, iter: 10_000);
    }

    [Fact]
    public void Overlaps_TwoRanges_IsSymmetricAndByFamily()
    {
        CidrRange ten = Range("10.0.0.0/8");
        CidrRange inner = Range("10.1.0.0/16");
        Assert.True(ten.Overlaps(inner));
        Assert.True(inner.Overlaps(ten));
        Assert.False(ten.Overlaps(Range("11.0.0.0/8")));
        Assert.False(Range("0.0.0.0/0").Overlaps(Range("::/0")));
    }

    [Fact]
    public void Contains_Warm_AllocatesNothing()
    {
        Assert.True(CidrSet.TryParse(["10.0.0.0/8", "172.16.0.0/12", "2001:db8::/32"], out CidrSet set, out _));
        IpAddress v4 = Parse("172.20.0.1");
        IpAddress v6 = Parse("2001:db8::9");
        bool isFound = true;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                isFound &= set.Contains(v4) && set.Contains(v6);
            }
        });

        Assert.True(isFound);
    }

    private static IPAddress Masked(byte[] bytes, int prefix)
    {
        byte[] copy = [.. bytes];
        for (int i = 0; i < copy.Length; i++)
        {
            int keep = Math.Clamp(prefix - (8 * i), 0, 8);
            copy[i] &= (byte)(0xff << (8 - keep));
        }

        return new IPAddress(copy);
    }

    private static IpAddress Parse(string text)
    {
        Assert.True(IpAddress.TryParse(Encoding.ASCII.GetBytes(text), out IpAddress address));
        return address;
    }

    private static CidrRange Range(string text)
    {
        Assert.True(CidrRange.TryParse(text, out CidrRange range, out _));
        return range;
    }
}
