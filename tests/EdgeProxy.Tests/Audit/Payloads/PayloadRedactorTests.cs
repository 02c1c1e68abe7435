using System.Buffers;
using System.Text;
using EdgeProxy.Audit.Payloads;
using Xunit;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>Nothing that detectors find is in what is kept as redacted, however it is spelled or cut.</summary>
public sealed class PayloadRedactorTests
{
    private const string Mail = "jane.doe@example.com";
    private const string Card = "4111 1111 1111 1111";

    [Theory]
    [InlineData("plain jane.doe@example.com here", "plain [EMAIL] here")]
    [InlineData("a=1&mail=jane.doe%40example.com", "a=1&mail=[EMAIL]")]
    [InlineData(
        "{\"m\":\"to jane.doe\\u0040example.com\",\"n\":[1,true,null]}",
        "{\"m\":\"to [EMAIL]\",\"n\":[1,true,null]}")]
    [InlineData("{\"jane.doe@example.com\":4111111111111111}", "{\"[EMAIL]\":\"[CARD_NUMBER]\"}")]
    [InlineData(
        "{\"arguments\":\"{\\\"to\\\":\\\"jane.doe\\\\u0040example.com\\\"}\"}",
        "{\"arguments\":\"{\\\"to\\\":\\\"[EMAIL]\\\"}\"}")]
    [InlineData("\uFEFF{\"m\":\"jane.doe\\u0040example.com\"}", "{\"m\":\"[EMAIL]\"}")]
    [InlineData("--part\r\n\r\n{\"m\":\"jane.doe\\u0040example.com\"}", "--part\r\n\r\n{\"m\":\"[EMAIL]\"}")]
    [InlineData("{\"u\":\"/?m=jane.doe%40example.com%ff\"}", "{\"u\":\"/?m=[EMAIL]%ff\"}")]
    [InlineData(
        "{\"m\":\"see {\\\"to\\\":\\\"jane.doe\\\\u0040example.com\\\"}\"}",
        "{\"m\":\"see {\\\"to\\\":\\\"[EMAIL]\\\"}\"}")]
    [InlineData("{\"q\":\"100%25 of %20s\"}", "{\"q\":\"100%25 of %20s\"}")]
    [InlineData("", "")]
    public void Found_IsMasked(string body, string expected) => Assert.Equal(expected, Redacted(body));

    [Fact]
    public void Stream_SplitAnywhere_IsPutTogetherFirst()
    {
        for (int split = 1; split < Card.Length; split++)
        {
            foreach ((string before, string after) in ((string, string)[])[("data: ", "\n\n"), ("", "\n")])
            {
                string first = "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + Card[..split] + "\"}}]}";
                string other = "{\"choices\":[{\"index\":1,\"delta\":{\"content\":\"other\"}}]}";
                string last = "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"" + Card[split..] + "\"}}]}";
                string kept = Redacted(before + first + after + before + other + after + before + last + after);
                Assert.Contains("\"choices[].delta.content#0\":\"[CARD_NUMBER]\"", kept);
                Assert.Contains("\"choices[].delta.content#1\":\"other\"", kept);
                Assert.DoesNotContain("1111", kept);
            }
        }
    }

    [Fact]
    public void Cut_Anywhere_LeavesNoPart()
    {
        string json = "{\"a\":\"one\",\"m\":\"x " + Mail + " y\",\"b\":[\"" + Card + "\"]}";
        string stream = "data: {\"delta\":{\"text\":\"x " + Mail + "\"}}\n\n"
            + "data: {\"delta\":{\"text\":\" " + Card + " y\"}}\n\n";
        string text = "x " + Mail + " and " + Card + " y";
        foreach (string body in (string[])[json, stream, text])
        {
            for (int length = 0; length <= body.Length; length++)
            {
                var output = new ArrayBufferWriter<byte>();
                if (new PayloadRedactor().TryRedact(Encoding.UTF8.GetBytes(body[..length]), isCut: true, output))
                {
                    string kept = Encoding.UTF8.GetString(output.WrittenSpan);
                    Assert.DoesNotContain("jane", kept);
                    Assert.DoesNotContain("1111", kept);
                }
            }
        }
    }

    [Theory]
    [InlineData(new byte[] { 0x1f, 0x8b, 8, 0, 0, 0 })]
    [InlineData(new byte[] { (byte)'{', 0xff, 0xfe })]
    [InlineData(new byte[] { (byte)'a', 0, (byte)'b' })]
    public void NoText_IsLeftOut(byte[] body) =>
        Assert.False(new PayloadRedactor().TryRedact(body, isCut: false, new ArrayBufferWriter<byte>()));

    [Theory]
    [InlineData("{\"a\":1}\n{\"\\ud800\":1}\n")]
    [InlineData("data: {\"\\ud800\":1}\n\n")]
    [InlineData("{\"\\ud800\":1}")]
    public void NameThatIsNoText_IsLeftOut(string body) =>
        Assert.False(new PayloadRedactor().TryRedact(
            Encoding.UTF8.GetBytes(body), isCut: false, new ArrayBufferWriter<byte>()));

    // Each of the texts has the long name in its path: kept, 100 kB would become 100 MB.
    [Fact]
    public void Stream_WithALongNameAboveManyTexts_IsLeftOut()
    {
        var body = new StringBuilder("data: {\"").Append('n', 100_000).Append("\":{\"a\":\"\"");
        for (int i = 0; i < 1000; i++)
        {
            body.Append(",\"").Append(i).Append("\":\"x\"");
        }

        var output = new ArrayBufferWriter<byte>();
        Assert.False(new PayloadRedactor().TryRedact(
            Encoding.UTF8.GetBytes(body.Append("}}\n\n").ToString()), isCut: false, output));
        Assert.Equal(0, output.WrittenCount);
    }

    private static string Redacted(string body)
    {
        var output = new ArrayBufferWriter<byte>();
        Assert.True(new PayloadRedactor().TryRedact(Encoding.UTF8.GetBytes(body), isCut: false, output));
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }
}
