using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using CsCheck;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Http2;

/// <summary>HPACK by the examples of RFC 7541 appendix C, by what is no HPACK, and against its own writer.</summary>
public sealed class HpackTests
{
    private const string Request = ":method: GET|:scheme: http|:path: /|:authority: www.example.com";

    [Theory]
    [InlineData( // C.3: without Huffman
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565")]
    [InlineData( // C.4: with Huffman
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf")]
    public void Requests_OfTheRfc_AreRead(params string[] blocks)
    {
        var table = new HpackTable();
        Assert.Equal(Request, Read(blocks[0], table));
        Assert.Equal((1, 57), (table.Count, table.Size));
        Assert.Equal(Request + "|cache-control: no-cache", Read(blocks[1], table));
        Assert.Equal((2, 110), (table.Count, table.Size));
        Assert.Equal(
            ":method: GET|:scheme: https|:path: /index.html|:authority: www.example.com|custom-key: custom-value",
            Read(blocks[2], table));
        Assert.Equal((3, 164), (table.Count, table.Size));
    }

    [Fact]
    public void Responses_OfTheRfc_AreRead_AndOldEntriesGo()
    {
        var table = new HpackTable();
        table.Resize(256);
        const string Rest = "|date: Mon, 21 Oct 2013 20:13:21 GMT|location: https://www.example.com";

        Assert.Equal(
            ":status: 302|cache-control: private" + Rest,
            Read(
                "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
                table));
        Assert.Equal((4, 222), (table.Count, table.Size));
        Assert.Equal(":status: 307|cache-control: private" + Rest, Read("4883640effc1c0bf", table));
        Assert.Equal((4, 222), (table.Count, table.Size));
        Assert.Equal(
            ":status: 200|cache-control: private|date: Mon, 21 Oct 2013 20:13:22 GMT|location: https://www.example.com"
            + "|content-encoding: gzip|set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
            Read(
                "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960"
                + "d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
                table));
        Assert.Equal((3, 215), (table.Count, table.Size));
    }

    [Theory]
    [InlineData("80")] // index 0
    [InlineData("be")] // the dynamic table is empty
    [InlineData("ff808080808000")] // a number without end in sight
    [InlineData("ff")] // a number cut short
    [InlineData("7f")]
    [InlineData("4001")] // a text cut short
    [InlineData("400161")]
    [InlineData("40016105")]
    [InlineData("4001618161")] // Huffman: padding that is not all ones
    [InlineData("40016181ff")] // Huffman: a whole byte of padding
    [InlineData("40016184ffffffff")] // Huffman: end of string within
    [InlineData("3fe21f")] // a table of 4,097
    [InlineData("8220")] // a table's size behind a field
    public void Block_ThatIsNone_IsMalformed(string hex) => Assert.Null(Read(hex, new HpackTable()));

    [Fact]
    public void TableSize_AtTheBegin_IsTaken_MoreThanOnce()
    {
        var table = new HpackTable();
        Read("400161016240016301643f20", table); // and its size within a block is none
        Assert.Equal(":method: GET", Read("203fe11f82", table));
        Assert.Equal((0, 4096), (table.Count, table.Limit));
    }

    [Fact]
    public void Name_OutOfTheTable_OutlivesTheEntryItMakesRoomFrom()
    {
        var table = new HpackTable();
        table.Resize(64);
        Read("40036162630131", table);

        // 0x7e: kept, with the name of entry 62, which goes for it.
        Assert.Equal("abc: " + new string('x', 20), Read("7e14" + string.Concat(Enumerable.Repeat("78", 20)), table));
        Assert.Equal((1, 55), (table.Count, table.Size));
        Assert.Equal("abc: " + new string('x', 20), Read("be", table));
    }

    [Fact]
    public void Huffman_OfEachByte_IsReadAgain()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(static i => (byte)i)];
        Span<byte> coded = new byte[1024];
        Span<byte> text = new byte[2048];
        int length = Huffman.Encode(all, coded);
        Assert.Equal(Huffman.CodedBytes(all), length);
        Assert.True(Huffman.TryDecode(coded[..length], text, out int count));
        Assert.True(text[..count].SequenceEqual(all));
        foreach (byte value in all)
        {
            length = Huffman.Encode([value], coded);
            Assert.True(Huffman.TryDecode(coded[..length], text, out count) && count == 1 && text[0] == value);
        }
    }

    [Fact]
    public void Writer_WhateverItKeeps_IsReadAsItWas()
    {
        string[] names = ["a", "cookie", "date", "etag", "x-one", "content-type", "server", ":path"];
        uint[] limits = [0, 64, 100, 4096, 70_000];
        Gen<string> name = Gen.Int[0, names.Length - 1].Select(i => names[i]);
        Gen<string> value = Gen.Char['a', 'd'].Array[0, 40].Select(static letters => new string(letters));
        Gen<(uint, (string, string)[][])> blocks = Gen.Select(
            Gen.Int[0, limits.Length - 1].Select(i => limits[i]), Gen.Select(name, value).Array[0, 6].Array[1, 8]);
        blocks.SampleSame(static input =>
        {
            var writer = new HpackWriter();
            var table = new HpackTable();
            byte[] room = new byte[8192];
            for (int i = 0; i < input.Item2.Length; i++)
            {
                if (i == 2)
                {
                    writer.Limit(input.Item1);
                    writer.Limit(2048);
                }

                int length = writer.Begin(room);
                foreach ((string name, string value) in input.Item2[i])
                {
                    byte[] nameBytes = Encoding.ASCII.GetBytes(name);
                    byte[] valueBytes = Encoding.ASCII.GetBytes(value);
                    int written = writer.Write(room.AsSpan(length), nameBytes, valueBytes);
                    Assert.InRange(written, 1, HpackWriter.BytesMax(nameBytes.Length, valueBytes.Length));
                    length += written;
                }

                string expected = string.Join('|', input.Item2[i].Select(static f => $"{f.Item1}: {f.Item2}"));
                Assert.Equal(expected, Read(Convert.ToHexString(room.AsSpan(0, length)), table));
            }
        });
    }

    [Fact]
    public void Secrets_AreNeverKept_AndMarkedSo()
    {
        var writer = new HpackWriter();
        byte[] room = new byte[256];
        int first = writer.Write(room, "authorization"u8, "Bearer abc"u8);
        Assert.Equal(0x10, room[0] & 0xF0);
        Assert.Equal(first, writer.Write(room, "authorization"u8, "Bearer abc"u8));
        Assert.Equal(1, writer.Write(room, "content-type"u8, "x"u8) > 1 ? writer.Write(room, "content-type"u8, "x"u8) : 0);
    }

    [Fact]
    public void ReadingAndWriting_AllocateNothing()
    {
        var writer = new HpackWriter();
        var table = new HpackTable();
        byte[] block = new byte[512];
        byte[] scratch = new byte[HpackReader.ScratchBytes(block.Length)];
        Allocations.AssertNone(() =>
        {
            int length = writer.Begin(block);
            length += writer.Write(block.AsSpan(length), ":status"u8, "200"u8);
            length += writer.Write(block.AsSpan(length), "server"u8, "something"u8);
            length += writer.Write(block.AsSpan(length), "etag"u8, "\"abcdef\""u8);
            var reader = new HpackReader(block.AsSpan(0, length), table, HpackTable.BytesMax, scratch);
            while (reader.Next() == HpackStep.Field)
            {
            }
        });
    }

    /// <summary>Fields as text; null if the block is malformed.</summary>
    private static string? Read(string hex, HpackTable table)
    {
        byte[] block = Convert.FromHexString(hex);
        var reader = new HpackReader(
            block, table, HpackTable.BytesMax, new byte[HpackReader.ScratchBytes(block.Length)]);
        var fields = new List<string>();
        HpackStep step;
        while ((step = reader.Next()) == HpackStep.Field)
        {
            fields.Add(Encoding.Latin1.GetString(reader.Name) + ": " + Encoding.Latin1.GetString(reader.Value));
        }

        return step == HpackStep.End ? string.Join('|', fields) : null;
    }
}
