using System;
using System.Security.Cryptography;
using EdgeProxy.Primitives.Hashing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Hashing;

public class Digest256Tests
{
    [Fact]
    public void Of_IsWhatTheFrameworkSays()
    {
        byte[] bytes = "a key of thirty-odd characters, at random"u8.ToArray();
        string hex = Convert.ToHexStringLower(SHA256.HashData(bytes));

        Assert.Equal(hex, Digest256.Of(bytes).ToString());
        Assert.True(Digest256.TryParse(hex.ToUpperInvariant(), out Digest256 parsed));
        Assert.Equal(Digest256.Of(bytes), parsed);
    }

    [Theory]
    [InlineData("")]
    [InlineData("00")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeef")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0")]
    [InlineData("00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg")]
    [InlineData(" 0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    [InlineData("+0112233445566778899aabbccddeeff00112233445566778899aabbccddeeff")]
    public void TryParse_NoDigest_IsRefused(string hex) => Assert.False(Digest256.TryParse(hex, out _));

    [Fact]
    public void Of_AllocatesNothing()
    {
        byte[] key = new byte[200];
        Allocations.AssertNone(() => Digest256.Of(key));
    }
}
