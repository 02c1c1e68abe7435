using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class RequestSpellingTests
{
    [Theory]
    [InlineData("{\"model\":\"a\",\"Model\":\"b\"}", true)]
    [InlineData("{\"model\":\"a\",\"mod\\u0045l\":\"b\"}", true)]
    [InlineData("{\"model\":\"a\",\"\u017ftream\":true}", true)]
    [InlineData("{\"model\":\"a\",\"\\u017ftream\":true}", true)]
    [InlineData("{\"model\":\"a\",\"max_to\u212aens\":1}", true)]
    [InlineData("{\"model\":\"a\",\"OPTIONS\":{\"num_predict\":-1}}", true)]
    [InlineData("{\"model\":\"a\",\"options\":{\"Num_predict\":-1}}", true)]
    [InlineData("{\"model\":\"a\",\"messages\":[{\"Images\":[]}]}", true)]
    [InlineData("{\"model\":\"a\",\"tools\":[1,{\"function\":{\"name\":\"a\",\"Name\":\"b\"}}]}", true)]
    [InlineData("{\"model\":\"a\",\"Seed\":1}", true)]
    [InlineData("{\"model\":\"a\",\"Other\":1,\"\u00e9\":2}", false)]
    [InlineData("{\"model\":\"a\",\"metadata\":{\"Model\":\"b\"}}", false)]
    [InlineData("{\"model\":\"a\",\"tools\":[{\"function\":{\"parameters\":{\"properties\":{\"Name\":{}}}}}]}", false)]
    [InlineData("{\"model\":\"a\",\"m\\u0065ssages\":[]}", false)]
    public void IsOdd_IfAServerThatFoldsNamesWouldReadAnother(string body, bool isOdd)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(body);
        var index = new JsonIndex();
        Assert.Equal(JsonFault.None, index.Read(bytes));
        var rules = new ParameterRules(new Sequence<ParameterRule>(
        [
            new ParameterRule { Text = "seed", Path = ParameterPathKey.Split("seed"), Action = ParameterAction.Drop },
        ]));

        Assert.Equal(isOdd, RequestSpelling.IsOdd(index, bytes, rules));
    }
}
