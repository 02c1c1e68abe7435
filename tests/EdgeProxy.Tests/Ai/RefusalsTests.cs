using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class RefusalsTests
{
    [Theory]
    [InlineData(400, """{"error":{"code":"context_length_exceeded"}}""", "Room")]
    [InlineData(400, """{"error":{"type":"context_length_exceeded","code":null}}""", "Room")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 9 > 8"}}""", "Room")]
    [InlineData(400, """{"type":"error","error":{"type":"invalid_request_error","message":"say: prompt is too long"}}""", "Request")]
    [InlineData(400, """{"message":"This model's maximum context length is 8","code":400}""", "Room")]
    [InlineData(400, """{"error":"context_length_exceeded"}""", "Request")] // Ollama has no codes, and says anything there
    [InlineData(400, """{"error":{"message":"insufficient_quota"}}""", "Request")]
    [InlineData(429, """{"error":{"code":"insufficient_quota"}}""", "Account")]
    [InlineData(429, """{"error":{"code":"rate_limit_exceeded"}}""", "Unwell")]
    [InlineData(429, """{"error":{"code":"something new"}}""", "Unwell")]
    [InlineData(404, """{"error":{"code":"model_not_found"}}""", "Elsewhere")]
    [InlineData(500, """{"error":{"code":"context_length_exceeded"}}""", "Room")]
    [InlineData(422, "{}", "Request")]
    public void Of_BodyAndStatus_IsTheCause(int status, string body, string expected)
    {
        var index = new JsonIndex();
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        Assert.Equal(JsonFault.None, index.Read(bytes));

        Assert.Equal(expected, Refusals.Of(status, index, bytes).ToString());
    }

    [Theory]
    [InlineData("""{"max_tokens":5}""", 0, 5)]
    [InlineData("""{"max_tokens":5,"max_completion_tokens":9}""", 0, 9)]
    [InlineData("""{"max_tokens":5}""", 3, 3)]
    [InlineData("{}", 3, 3)]
    [InlineData("{}", 0, 0)]
    [InlineData("""{"max_tokens":-5}""", 0, 0)]
    [InlineData("""{"max_tokens":99999999999999}""", 0, AiLimits.OutputTokensMax)]
    public void RoomOf_Chat_IsWhatOneChoiceMayHave(string body, int cap, long expected)
    {
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(Encoding.UTF8.GetBytes(body)));

        Assert.Equal(expected, OutputCap.RoomOf(index, AiCallKind.ChatCompletions, cap));
    }
}
