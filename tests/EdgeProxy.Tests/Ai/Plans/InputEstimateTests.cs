using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai.Plans;

public sealed class InputEstimateTests
{
    // A picture counts as one; a long text does not, whatever the script: some have no spaces.
    [Theory]
    [InlineData("A", 100_000, 2_000, 3_000)]
    [InlineData("\u4f60", 100_000, 75_000, 76_000)]
    [InlineData("a ", 100_000, 50_000, 51_000)]
    public void OfRequest_TellsTextsFromPictures(string sign, int count, long least, long most)
    {
        byte[] body = Encoding.UTF8.GetBytes(
            $"{{\"content\":\"{new StringBuilder().Insert(0, sign, count)}\"}}");
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(body));

        Assert.InRange(InputEstimate.OfRequest(index, body, AiCallKind.ChatCompletions), least, most);
    }
}
