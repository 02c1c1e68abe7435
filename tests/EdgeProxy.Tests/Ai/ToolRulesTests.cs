using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class ToolRulesTests
{
    // Providers differ on which of the names they read, and on whether they mind the others.
    [Theory]
    [InlineData("{\"type\":\"function\",\"function\":{\"name\":\"good\"}}", true)]
    [InlineData("{\"type\":\"function\",\"name\":\"good\"}", true)]
    [InlineData("{\"type\":\"function\",\"name\":\"good\",\"function\":{\"name\":\"good\"}}", true)]
    [InlineData("{\"type\":\"function\",\"name\":\"good\",\"function\":{\"name\":\"evil\"}}", false)]
    [InlineData("{\"type\":\"function\",\"name\":\"evil\",\"function\":{\"name\":\"good\"}}", false)]
    [InlineData("{\"type\":\"custom\",\"function\":{\"name\":\"good\"},\"custom\":{\"name\":\"evil\"}}", false)]
    [InlineData("{\"type\":\"custom\",\"name\":\"good\",\"custom\":{\"name\":\"evil\"}}", false)]
    [InlineData("{\"type\":\"function\",\"name\":\"good\",\"function\":{\"name\":1}}", false)]
    [InlineData("{\"type\":\"function\"}", true)]
    public void Allow_SeveralNames_EachHasToBeAllowed(string tool, bool isAllowed)
    {
        byte[] body = Encoding.UTF8.GetBytes($"{{\"tools\":[{tool}]}}");
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(body));

        Assert.Equal(isAllowed, Rules(denied: ["evil"]).Allow(index, body, AiCallKind.ChatCompletions));
        Assert.Equal(isAllowed && tool != "{\"type\":\"function\"}",
            Rules(allowed: ["good"]).Allow(index, body, AiCallKind.ChatCompletions));
    }

    private static ToolRules Rules(string[]? allowed = null, string[]? denied = null) => new(new AiServiceSettings
    {
        Name = "s",
        Models = Sequence<ModelSettings>.Empty,
        ToolsAllowed = new Sequence<string>(allowed ?? []),
        ToolsDenied = new Sequence<string>(denied ?? []),
    });
}
