using System;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Primitives.Hashing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Hashing;

public class HmacSha256Tests
{
    // RFC 4231 sections 4.3 and 4.7: a key shorter than a block, one longer.
    [Fact]
    public void Of_ShortKey_IsAsTheRfcSays() => Assert.Equal(
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        Convert.ToHexStringLower(HmacSha256.Of("Jefe"u8, "what do ya want for nothing?"u8)));

    [Fact]
    public void Of_LongKey_IsAsTheRfcSays() => Assert.Equal(
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
        Convert.ToHexStringLower(HmacSha256.Of(
            Enumerable.Repeat((byte)0xAA, 131).ToArray(), "Test Using Larger Than Block-Size Key - Hash Key First"u8)));

    [Fact]
    public void Of_AnyLength_IsAsTheFrameworkSays()
    {
        for (int length = 0; length < 140; length++)
        {
            byte[] key = Encoding.ASCII.GetBytes(new string('k', length));
            byte[] message = Encoding.ASCII.GetBytes(new string('m', length * 3));

            Assert.Equal(HMACSHA256.HashData(key, message), HmacSha256.Of(key, message));
        }
    }
}
