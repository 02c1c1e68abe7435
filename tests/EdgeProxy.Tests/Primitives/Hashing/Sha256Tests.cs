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

    // Whatever other tests loaded before: the library is there where the framework's own hashes come from.
    [Fact]
    public void UseLibrary_AnyPieces_AgreeWithManagedCode()
    {
        Sha256.UseLibrary();
        Assert.True(LibrarySha256.IsLoaded, "libcrypto has no SHA256_Update of the known kind");
        byte[] bytes = new byte[300];
        new Random(7).NextBytes(bytes);
        Span<byte> managed = stackalloc byte[Sha256.HashBytes];
        for (int split = 0; split <= bytes.Length; split++)
        {
            var hash = new Sha256();
            hash.AppendManaged(bytes.AsSpan(0, split));
            Sha256 mixed = hash;
            hash.AppendManaged(bytes.AsSpan(split));
            hash.EndManaged(managed);
            mixed.Append(bytes.AsSpan(split));

            Assert.Equal(managed.ToArray(), mixed.End());
            Assert.Equal(managed.ToArray(), Sha256.Of(bytes));
        }
    }

    [Fact]
    public void Begin_AfterUse_ForgetsWhatWasAppended()
    {
        var hash = new Sha256();
        hash.Append("before"u8);
        hash.Begin();
        hash.Append("abc"u8);

        Assert.Equal(Sha256.Of("abc"u8), hash.End());
    }
}
