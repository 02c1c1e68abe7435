using System;
using System.Buffers.Binary;
using System.Linq;
using EdgeProxy.Primitives.Hashing;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Hashing;

public sealed class SipHashTests
{
    [Fact]
    public void Append_AnyPieces_IsTheHashOfAll()
    {
        byte[] text = [.. Enumerable.Range(0, 50).Select(i => (byte)i)];
        for (int length = 0; length < text.Length; length++)
        {
            var whole = new SipHash(1, 2);
            whole.Append(text.AsSpan(0, length));
            ulong expected = whole.End();
            for (int cut = 0; cut <= length; cut++)
            {
                var pieces = new SipHash(1, 2);
                pieces.Append(text.AsSpan(0, cut / 2));
                pieces.Append(text.AsSpan(cut / 2, cut - (cut / 2)));
                pieces.Append(text.AsSpan(cut, length - cut));
                Assert.Equal(expected, pieces.End());
            }
        }
    }

    // Of the reference implementation's vectors: the key is the bytes 0 to 15, the text 0, 1, 2...
    [Theory]
    [InlineData(0, "dcc40f055801acab")]
    [InlineData(7, "4011b19b987d92d3")]
    [InlineData(8, "8e9a298d11959036")]
    [InlineData(15, "5699512a6dd820d3")]
    [InlineData(63, "a8b3bbb76290199d")]
    public void End_TextsOfTheReference_HasItsHashes(int length, string expected)
    {
        byte[] bytes = [.. Enumerable.Range(0, 64).Select(i => (byte)i)];
        var hash = new SipHash(
            BinaryPrimitives.ReadUInt64LittleEndian(bytes), BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(8)));

        hash.Append(bytes.AsSpan(0, length));

        byte[] shown = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(shown, hash.End());
        Assert.Equal(expected, Convert.ToHexStringLower(shown));
    }
}
