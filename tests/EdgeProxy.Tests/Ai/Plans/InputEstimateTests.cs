using System;
using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai.Plans;

public sealed class InputEstimateTests
{
    // A picture counts as one; a long text does not, whatever the script, and however much it looks like a picture.
    [Theory]
    [InlineData("{\"source\":{\"data\":\"@\",\"media_type\":\"image/png\"}}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"source\":{\"media_type\":\"image/png\",\"x\":{},\"data\":\"@\"}}", "+a\\/", 25_000, 2_000, 3_000)]
    [InlineData("{\"input_audio\":{\"data\":\"@==\",\"format\":\"wav\"}}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"file\":{\"file_data\":\"@\"}}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"images\":[\"@\",\"\"]}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"image_url\":{\"url\":\"data:image/png;base64,@\"}}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"image_url\":\"data:image/png;base64,@\"}", "A", 100_000, 2_000, 3_000)]
    [InlineData("{\"data\":\"@\"}", "\u4f60", 100_000, 75_000, 76_000)]
    [InlineData("{\"data\":\"@\"}", "a ", 100_000, 50_000, 51_000)]
    [InlineData("{\"content\":\"@\"}", "A", 100_000, 25_000, 26_000)]
    [InlineData("{\"images\":[],\"content\":\"@\"}", "A", 100_000, 25_000, 26_000)]
    [InlineData("{\"content\":\"data:text/plain,@\"}", "A", 100_000, 25_000, 26_000)]
    [InlineData("{\"input\":[\"@\"]}", "A", 100_000, 25_000, 26_000)]
    [InlineData("{\"input\":{\"data\":\"@\"},\"media_type\":\"x\"}", "A", 100_000, 25_000, 26_000)]
    [InlineData("{\"data\":\"@\",\"x\":{\"media_type\":\"x\"}}", "A", 100_000, 25_000, 26_000)]
    public void OfRequest_TellsTextsFromPictures(string form, string sign, int count, long least, long most)
    {
        byte[] body = Encoding.UTF8.GetBytes(
            form.Replace("@", new StringBuilder().Insert(0, sign, count).ToString(), StringComparison.Ordinal));
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(body));

        Assert.InRange(InputEstimate.OfRequest(index, body, AiCallKind.ChatCompletions), least, most);
    }

    // However well it begins, and wherever what is none comes.
    [Theory]
    [InlineData("{\"data\":\"@ say on\",\"media_type\":\"image/png\"}")]
    [InlineData("{\"url\":\"@ say on\"}")]
    [InlineData("{\"url\":\"@\\u0020say\"}")]
    [InlineData("{\"url\":\"data:image/png;base64,@ say on\"}")]
    [InlineData("{\"url\":\"data:image/png,@\"}")]
    [InlineData("{\"url\":\"data:@;base64,\"}")]
    [InlineData("{\"images\":[\"@.\"]}")]
    public void OfRequest_ATextBehindABeginningOfAPicture_IsText(string form)
    {
        byte[] body = Encoding.UTF8.GetBytes(form.Replace("@", new string('A', 100_000), StringComparison.Ordinal));
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(body));

        Assert.InRange(InputEstimate.OfRequest(index, body, AiCallKind.ChatCompletions), 25_000, 26_000);
    }
}
