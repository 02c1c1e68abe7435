using System;
using System.Security.Cryptography;
using EdgeProxy.Primitives.Hashing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Hashing;

public sealed class Sha256Tests
{
    [Theory]
    [InlineData("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")]
    [InlineData("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1")]
    public void Of_VectorsOfTheStandard_Match(string text, string hash) =>
        Assert.Equal(hash, Convert.ToHexStringLower(Sha256.Of(System.Text.Encoding.ASCII.GetBytes(text))));

    [Fact]
    public void Of_EveryLengthAroundThreeBlocks_AgreesWithTheFramework()
    {
        byte[] bytes = new byte[200];
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)((i * 37) + 11);
        }

        for (int length = 0; length <= bytes.Length; length++)
        {
            Assert.Equal(SHA256.HashData(bytes.AsSpan(0, length)), Sha256.Of(bytes.AsSpan(0, length)));
        }
    }

    [Fact]
    public void Append_SplitAtEveryByte_IsTheSameHash()
    {
        byte[] bytes = new byte[150];
        Array.Fill(bytes, (byte)'x');
        byte[] whole = Sha256.Of(bytes);

        for (int split = 0; split <= bytes.Length; split++)
        {
            var hash = new Sha256();
            hash.Append(bytes.AsSpan(0, split));
            hash.Append(bytes.AsSpan(split));
            Assert.Equal(whole, hash.End());
        }
    }
}
