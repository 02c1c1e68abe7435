using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using EdgeProxy.Audit;
using Xunit;

namespace EdgeProxy.Tests.Audit;

public sealed class MerkleTreeTests
{
    // From the tests of certificate transparency logs: these eight leaves, and the roots of the first n of them.
    private static readonly string[] s_leaves =
    [
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    ];

    [Theory]
    [InlineData(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")]
    [InlineData(1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d")]
    [InlineData(2, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125")]
    [InlineData(3, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77")]
    [InlineData(8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328")]
    public void Root_OfKnownLeaves_IsTheKnownOne(int count, string root)
    {
        var tree = new MerkleTree();
        foreach (string leaf in s_leaves.Take(count))
        {
            tree.Add(Convert.FromHexString(leaf));
        }

        Assert.Equal(root, Convert.ToHexStringLower(tree.Root()));
    }

    [Fact]
    public void Path_OfEveryLeafOfEverySize_GivesTheRootAndNoOtherDoes()
    {
        for (int count = 1; count <= 70; count++)
        {
            byte[][] leaves = [.. Enumerable.Range(0, count).Select(static i => SHA256.HashData([(byte)i]))];
            var tree = new MerkleTree();
            foreach (byte[] leaf in leaves)
            {
                tree.AddLeaf([.. leaf]);
            }

            Assert.Equal(Naive(leaves), tree.Root());
            for (int index = 0; index < count; index++)
            {
                List<byte[]> path = MerkleTree.Path(leaves, index);
                Assert.Equal(tree.Root(), MerkleTree.RootBy(leaves[index], index, count, path));
                byte[] other = SHA256.HashData("another leaf"u8);
                Assert.NotEqual(tree.Root(), MerkleTree.RootBy(other, index, count, path));
                Assert.Null(MerkleTree.RootBy(leaves[index], index, count, [.. path, other]));
            }
        }
    }

    [Fact]
    public void Proof_OfEachRecordOfAClosedSegment_HoldsAlone()
    {
        MemoryFiles files = ChainRig.Sample();
        for (ulong seq = 1; seq <= 4; seq++)
        {
            InclusionProof proof = InclusionProof.Make(files.OpenRead(files.List()[0]), seq)!;
            InclusionProof read = InclusionProof.Read(Json(proof))!;

            Assert.Null(read.Check([ChainRig.PublicKey]));
            Assert.Equal(((char)('a' + (int)seq - 1)).ToString(),
                ChainRig.Text(read.Body.AsSpan(ChainFrame.RecordHeadBytes)));
            Assert.NotNull((read with { Index = (read.Index + 1) % 4 }).Check([ChainRig.PublicKey]));
            using SegmentKey other = SegmentKey.Generate();
            Assert.NotNull(read.Check([other]));
            for (int i = 0; i < read.Body.Length; i++)
            {
                byte[] body = [.. read.Body];
                body[i] ^= 1;
                Assert.NotNull((read with { Body = body }).Check([ChainRig.PublicKey]));
            }
        }

        Assert.Null(InclusionProof.Make(files.OpenRead(files.List()[2]), 8)); // no footer yet
        Assert.Null(InclusionProof.Make(files.OpenRead(files.List()[0]), 99));
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"path\":[],\"footer\":\"AAAA\",\"body\":\"\",\"index\":0,\"before\":\"\"}")]
    [InlineData("{\"path\":[1],\"footer\":\"AAAA\",\"body\":\"\",\"index\":\"x\",\"before\":\"\"}")]
    public void Read_TextThatIsNoProof_IsNone(string text) =>
        Assert.Null(InclusionProof.Read(Encoding.UTF8.GetBytes(text)));

    private static byte[] Json(InclusionProof proof)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            proof.WriteTo(json);
        }

        return bytes.ToArray();
    }

    // RFC 6962 section 2.1, as it says it.
    private static byte[] Naive(ReadOnlySpan<byte[]> leaves)
    {
        if (leaves.Length == 1)
        {
            return leaves[0];
        }

        int split = 1;
        while (split * 2 < leaves.Length)
        {
            split *= 2;
        }

        return SHA256.HashData([1, .. Naive(leaves[..split]), .. Naive(leaves[split..])]);
    }
}
