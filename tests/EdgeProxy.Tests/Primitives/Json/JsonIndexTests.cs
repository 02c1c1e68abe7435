using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Json;

public sealed class JsonIndexTests
{
    [Theory]
    [InlineData("{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":1},{\"a\":1}]}", nameof(JsonFault.None))]
    [InlineData("{\"a\":1,\"a\":2}", nameof(JsonFault.DuplicateName))]
    [InlineData("{\"model\":1,\"mod\\u0065l\":2}", nameof(JsonFault.DuplicateName))]
    [InlineData("{\"x\":[{\"\\ud83d\\ude00\":1,\"\U0001F600\":2}]}", nameof(JsonFault.DuplicateName))]
    [InlineData("{\"a\":{\"b\":1},\"c\":1,\"a\":{}}", nameof(JsonFault.DuplicateName))]
    [InlineData("[]", nameof(JsonFault.NoObject))]
    [InlineData("{} {}", nameof(JsonFault.Malformed))]
    [InlineData("{} ", nameof(JsonFault.None))]
    [InlineData("", nameof(JsonFault.Malformed))]
    public void Read_Text_SaysWhatIsWrongWithIt(string text, string expected)
    {
        Assert.Equal(expected, new JsonIndex().Read(Encoding.UTF8.GetBytes(text)).ToString());
    }

    [Fact]
    public void Read_BytesThatAreNotUtf8_AreRefused()
    {
        byte[] text = [.. "{\"a"u8, 0xC3, .. "\":1}"u8];

        Assert.Equal(JsonFault.NotUtf8, new JsonIndex().Read(text));
    }

    [Fact]
    public void Read_ManyNamesAndValues_AreFoundAndGivenBack()
    {
        string members = string.Join(',', Enumerable.Range(0, 9000).Select(i => $"\"name{i}\":[{i}]"));
        byte[] text = Encoding.UTF8.GetBytes($"{{{members}}}");
        var index = new JsonIndex();

        for (int round = 0; round < 3; round++)
        {
            Assert.Equal(JsonFault.None, index.Read(text));
            int found = index.Find(0, JsonText.HashOf("name8765"u8));
            Assert.Equal("[8765]", Encoding.UTF8.GetString(text[index[found].Start..index[found].End]));
            Assert.Equal(8765, index[found + 1].Number);
            Assert.Equal(JsonFault.DuplicateName, index.Read(Encoding.UTF8.GetBytes($"{{{members},\"name1\":0}}")));
            Assert.Equal(0, index.Count);
        }
    }

    [Fact]
    public void Read_AnyNumberOfShortNames_AreToldApart()
    {
        var index = new JsonIndex();
        string members = "";
        for (int count = 1; count < 400; count++)
        {
            members += $"{(count > 1 ? "," : "")}\"{count:x}\":0";
            Assert.Equal(JsonFault.None, index.Read(Encoding.ASCII.GetBytes($"{{{members}}}")));
            string twice = $"{{{members},\"{count:x}\":0}}";
            Assert.Equal(JsonFault.DuplicateName, index.Read(Encoding.ASCII.GetBytes(twice)));
        }
    }

    [Fact]
    public void Read_LongNamesThatDifferAtTheirEnds_AreTwo()
    {
        string name = new('n', JsonText.ValueHashedMax + 100);
        Assert.Equal(JsonFault.None, new JsonIndex().Read(Encoding.ASCII.GetBytes($"{{\"{name}1\":0,\"{name}2\":0}}")));
    }

    [Fact]
    public void Read_NamesMadeForAHashWithoutAKey_MeetNoMoreThanOthers()
    {
        const int Names = 2000;
        string members = string.Join(',', NamesOfOneRun(Names).Select(name => $"\"{name}\":0"));
        byte[] text = Encoding.ASCII.GetBytes($"{{{members}}}");
        var index = new JsonIndex();

        Assert.Equal(JsonFault.None, index.Read(text));

        Assert.InRange(index.Steps, 0, 8 * Names);
    }

    // Both have the same FNV-1a hash of 64 bits.
    [Fact]
    public void Find_NameWithTheFnvHashOfAnother_IsNotThatOne()
    {
        var index = new JsonIndex();
        byte[] text = "{\"8yn0iYCKYHlIj4-BwPqk\":1,\"GReLUrM4wMqfg9yzV3KQ\":2}"u8.ToArray();

        Assert.Equal(JsonFault.None, index.Read(text));

        Assert.Equal(1, index[index.Find(0, JsonText.HashOf("8yn0iYCKYHlIj4-BwPqk"u8))].Number);
        Assert.Equal(2, index[index.Find(0, JsonText.HashOf("GReLUrM4wMqfg9yzV3KQ"u8))].Number);
    }

    [Fact]
    public void Reset_AfterALargeText_HoldsNothingOfThePools()
    {
        byte[] text = Encoding.UTF8.GetBytes($"{{\"a\":[{string.Join(',', Enumerable.Repeat("0", 50_000))}]}}");
        var index = new JsonIndex();

        index.Read(text);
        Assert.True(index.IsLarge);
        index.Reset();

        Assert.False(index.IsLarge);
        Assert.Equal(0, index.Count);
    }

    [Fact]
    public void Read_TooManyValues_IsRefused()
    {
        byte[] text = Encoding.UTF8.GetBytes($"{{\"a\":[{string.Join(',', Enumerable.Repeat("0", JsonIndex.NodesMax))}]}}");

        Assert.Equal(JsonFault.TooManyValues, new JsonIndex().Read(text));
    }

    [Fact]
    public void Read_OneTextAfterTheOther_AllocatesNothing()
    {
        byte[] text = "{\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":true}"u8.ToArray();
        var index = new JsonIndex();

        Allocations.AssertNone(() => index.Read(text));
    }

    [Fact]
    public void Apply_Edits_ChangesNothingElse()
    {
        byte[] text = "{ \"a\" : 1.0e1 ,\"b\":[ ],\"c\":null}"u8.ToArray();
        var index = new JsonIndex();
        index.Read(text);
        var edits = new JsonEdits();
        JsonNode c = index[index.Find(0, JsonText.HashOf("c"u8))];
        JsonNode a = index[index.Find(0, JsonText.HashOf("a"u8))];
        edits.Replace(c.Start, c.End, "\"long text\""u8);
        edits.Replace(a.Start, a.End, "7"u8);
        edits.Replace(1, 1, "\"z\":0,"u8);

        byte[] target = new byte[text.Length + edits.Growth];
        int length = edits.Apply(text, target);

        Assert.Equal(target.Length, length);
        Assert.Equal("{\"z\":0, \"a\" : 7 ,\"b\":[ ],\"c\":\"long text\"}", Encoding.UTF8.GetString(target));
    }

    // What an attacker would compute if names were hashed by FNV-1a and multiplied: names for 64 of 8192 slots.
    private static IEnumerable<string> NamesOfOneRun(int count)
    {
        int found = 0;
        for (int i = 0; found < count; i++)
        {
            string name = i.ToString("x8", CultureInfo.InvariantCulture);
            ulong hash = 0xCBF2_9CE4_8422_2325;
            foreach (char c in name)
            {
                hash = (hash ^ c) * 0x0000_0100_0000_01B3;
            }

            hash = (hash ^ (uint)name.Length) * 0x0000_0100_0000_01B3;
            if ((((hash * 0x9E37_79B9_7F4A_7C15) >> 32) & 8191) < 64)
            {
                found++;
                yield return name;
            }
        }
    }
}
