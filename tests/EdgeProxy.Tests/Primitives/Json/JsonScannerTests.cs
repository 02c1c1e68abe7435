using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Primitives.Json;

public sealed class JsonScannerTests
{
    private const string Sample =
        """
         { "a" : [1, -0.5e+3, 0, 12345678901234567890], "b\u0065\n" : {"":null}, "c":[true,false,[]], "d\ud83d\ude00":"x\\\"\/" }
        """;

    [Fact]
    public void Next_OneText_FindsItsTokensInOrder()
    {
        Assert.Equal(
            "{ a [ 1 # 0 # ] be\n {  null } c [ true false [ ] ] d\U0001F600 'x\\\"/' }",
            string.Join(' ', Tokens([Encoding.UTF8.GetBytes(Sample)], out bool isComplete)));
        Assert.True(isComplete);
    }

    [Fact]
    public void Next_CutAnywhere_FindsTheSame()
    {
        byte[] text = Encoding.UTF8.GetBytes(Sample);
        List<string> whole = Tokens([text], out _);

        for (int cut = 0; cut <= text.Length; cut++)
        {
            Assert.Equal(whole, Tokens([text[..cut], text[cut..]], out bool isComplete));
            Assert.True(isComplete);
        }

        Assert.Equal(whole, Tokens(text.Select(value => new[] { value }), out _));
    }

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{\"a\":1")]
    [InlineData("[1")]
    [InlineData("{\"a")]
    [InlineData("[tru")]
    public void Next_NotWhole_IsNotComplete(string text)
    {
        List<string> tokens = Tokens([Encoding.UTF8.GetBytes(text)], out bool isComplete);

        Assert.False(isComplete);
        Assert.DoesNotContain("!", tokens);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("\"a\"")]
    [InlineData("{a:1}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\" 1}")]
    [InlineData("{\"a\":}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("[1,]")]
    [InlineData("[,1]")]
    [InlineData("[1}")]
    [InlineData("{\"a\":1]")]
    [InlineData("[01]")]
    [InlineData("[-]")]
    [InlineData("[+1]")]
    [InlineData("[1.]")]
    [InlineData("[.5]")]
    [InlineData("[1e]")]
    [InlineData("[1e+]")]
    [InlineData("[0x1]")]
    [InlineData("[truE]")]
    [InlineData("[nul]")]
    [InlineData("[\"\\x\"]")]
    [InlineData("[\"\\u00g0\"]")]
    [InlineData("[\"\t\"]")]
    [InlineData("[1] 2")]
    [InlineData("{}{}")]
    [InlineData("[1]\u00a0")]
    [InlineData("\ufeff[]")]
    public void Next_NoJson_IsMalformed(string text)
    {
        Assert.Equal("!", Tokens([Encoding.UTF8.GetBytes(text)], out bool isComplete)[^1]);
        Assert.False(isComplete);
        Assert.Equal("!", Tokens(Encoding.UTF8.GetBytes(text).Select(value => new[] { value }), out _)[^1]);
    }

    [Theory]
    [InlineData(JsonScanner.DepthMax, true)]
    [InlineData(JsonScanner.DepthMax + 1, false)]
    public void Next_Depth_IsBounded(int depth, bool isGood)
    {
        byte[] text = Encoding.UTF8.GetBytes(new string('[', depth) + new string(']', depth));

        Tokens([text], out bool isComplete);

        Assert.Equal(isGood, isComplete);
    }

    [Fact]
    public void Next_InSteadyState_AllocatesNothing()
    {
        byte[] text = Encoding.UTF8.GetBytes(Sample);

        Allocations.AssertNone(() =>
        {
            var scanner = default(JsonScanner);
            int at = 0;
            while (scanner.Next(text, ref at) != JsonToken.NeedMore)
            {
            }
        });
    }

    private static List<string> Tokens(IEnumerable<byte[]> pieces, out bool isComplete)
    {
        var tokens = new List<string>();
        var scanner = default(JsonScanner);
        byte[] all = [.. pieces.SelectMany(piece => piece)];
        foreach (byte[] piece in pieces)
        {
            int at = 0;
            JsonToken token;
            while ((token = scanner.Next(piece, ref at)) != JsonToken.NeedMore)
            {
                tokens.Add(TextOf(token, in scanner));
                if (token == JsonToken.Malformed)
                {
                    break;
                }

                // Places are those of the whole text, however it was cut.
                string place = Encoding.UTF8.GetString(all[(int)scanner.TokenStart..(int)scanner.TokenEnd]);
                Assert.False(string.IsNullOrWhiteSpace(place));
                if (token is JsonToken.Name or JsonToken.String)
                {
                    Assert.Equal(('"', '"'), (place[0], place[^1]));
                }
            }
        }

        isComplete = scanner.IsComplete;
        return tokens;
    }

    [Fact]
    public void Text_Hash_IsThereForThoseWhoWantIt()
    {
        ReadOnlySpan<byte> text = "{\"na\\u006de\":1}"u8;
        Assert.Equal(0ul, HashOfName(default, text));
        Assert.Equal(JsonText.HashOf("name"u8), HashOfName(new JsonScanner { HashesTexts = true }, text));
    }

    private static ulong HashOfName(JsonScanner scanner, ReadOnlySpan<byte> text)
    {
        int at = 0;
        Assert.Equal(JsonToken.ObjectStart, scanner.Next(text, ref at));
        Assert.Equal(JsonToken.Name, scanner.Next(text, ref at));
        Assert.True(scanner.Text.Is("name"u8));
        return scanner.Text.Hash;
    }

    private static string TextOf(JsonToken token, in JsonScanner scanner) => token switch
    {
        JsonToken.ObjectStart => "{",
        JsonToken.ObjectEnd => "}",
        JsonToken.ArrayStart => "[",
        JsonToken.ArrayEnd => "]",
        JsonToken.Name => Encoding.UTF8.GetString(scanner.Text.Span),
        JsonToken.String => $"'{Encoding.UTF8.GetString(scanner.Text.Span)}'",
        JsonToken.Number => scanner.Number.IsInteger ? $"{scanner.Number.Value}" : "#",
        JsonToken.True => "true",
        JsonToken.False => "false",
        JsonToken.Null => "null",
        _ => "!",
    };
}
