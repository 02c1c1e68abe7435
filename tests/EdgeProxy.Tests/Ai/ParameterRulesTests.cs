using System.Text;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Json;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class ParameterRulesTests
{
    private static readonly JsonScalar s_seven = new("7", 7);
    private static readonly JsonScalar s_one = new("1", 1);

    // What is not the parameter's stays as it was spelled.
    [Theory]
    [InlineData("t", "{\"model\":\"m\", \"t\" : 9.50e0}", "{\"model\":\"m\", \"t\" : 7}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":1e400}", "{\"model\":\"m\",\"t\":7}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":99999999999999999999}", "{\"model\":\"m\",\"t\":7}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":-3}", "{\"model\":\"m\",\"t\":1}")]
    [InlineData("t", "{\"model\":\"m\",\"\\u0074\":8}", "{\"model\":\"m\",\"\\u0074\":7}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":7.0}", "{\"model\":\"m\",\"t\":7.0}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":null}", "{\"model\":\"m\",\"t\":null}")]
    [InlineData("t", "{\"model\":\"m\"}", "{\"model\":\"m\"}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":\"8\"}", null)]
    [InlineData("a[].t", "{\"model\":\"m\",\"a\":[{\"t\":8},3,{\"t\":9,\"u\":9},{}]}",
        "{\"model\":\"m\",\"a\":[{\"t\":7},3,{\"t\":7,\"u\":9},{}]}")]
    [InlineData("a[][]", "{\"model\":\"m\",\"a\":[[8,2],4]}", "{\"model\":\"m\",\"a\":[[7,2],4]}")]
    [InlineData("a.t", "{\"model\":\"m\",\"a\":[8]}", "{\"model\":\"m\",\"a\":[8]}")]
    public void Bounds(string path, string body, string? expected) => Expect(
        expected, body, Rule(path, ParameterAction.Bound) with { Min = s_one, Max = s_seven });

    [Theory]
    [InlineData("t", "{\"model\":\"m\"}", "{\"t\":7,\"model\":\"m\"}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":null}", "{\"model\":\"m\",\"t\":7}")]
    [InlineData("t", "{\"model\":\"m\",\"t\":3}", "{\"model\":\"m\",\"t\":3}")]
    [InlineData("a.b.t", "{\"model\":\"m\"}", "{\"a\":{\"b\":{\"t\":7}},\"model\":\"m\"}")]
    [InlineData("a.b.t", "{\"model\":\"m\",\"a\":{}}", "{\"model\":\"m\",\"a\":{\"b\":{\"t\":7}}}")]
    [InlineData("a.b.t", "{\"model\":\"m\",\"a\":null}", "{\"model\":\"m\",\"a\":{\"b\":{\"t\":7}}}")]
    [InlineData("a.b.t", "{\"model\":\"m\",\"a\":3}", null)]
    public void Default_IsForWhatIsNotSaid(string path, string body, string? expected) => Expect(
        expected, body, Rule(path, ParameterAction.Bound) with { Value = s_seven });

    [Theory]
    [InlineData("{\"model\":\"m\"}", "{\"t\":7,\"model\":\"m\"}")]
    [InlineData("{\"model\":\"m\",\"t\":{\"x\":[1,2]}}", "{\"model\":\"m\",\"t\":7}")]
    public void Force_IsForAll(string body, string expected) => Expect(
        expected, body, Rule("t", ParameterAction.Force) with { Value = s_seven });

    [Theory]
    [InlineData("t", "{\"t\":1,\"model\":\"m\"}", "{\"model\":\"m\"}")]
    [InlineData("t", "{ \"model\":\"m\" , \"t\" : [1] }", "{ \"model\":\"m\"  }")]
    [InlineData("t", "{\"model\":\"m\",\"t\":1,\"u\":2}", "{\"model\":\"m\",\"u\":2}")]
    [InlineData("a[].t", "{\"model\":\"m\",\"a\":[{\"t\":1},{ \"t\" : 1 , \"u\":2},{\"u\":2,\"t\":1}]}",
        "{\"model\":\"m\",\"a\":[{},{  \"u\":2},{\"u\":2}]}")]
    public void Drop_LeavesJson(string path, string body, string expected) =>
        Expect(expected, body, Rule(path, ParameterAction.Drop));

    [Fact]
    public void Drop_OfNeighbours_AndWhatStandsBesideThem()
    {
        Expect("{\"model\":\"m\"}", "{\"a\":1,\"b\":2,\"model\":\"m\",\"c\":3,\"d\":4}",
            Rule("a", ParameterAction.Drop), Rule("b", ParameterAction.Drop),
            Rule("d", ParameterAction.Drop), Rule("c", ParameterAction.Drop));
        Expect("{\"t\":7,\"model\":\"m\"}", "{\"a\":1,\"model\":\"m\"}",
            Rule("a", ParameterAction.Drop), Rule("t", ParameterAction.Force) with { Value = s_seven });
    }

    [Theory]
    [InlineData("{\"model\":\"m\",\"t\":false}", null)]
    [InlineData("{\"model\":\"m\",\"t\":null}", "{\"model\":\"m\",\"t\":null}")]
    public void Reject_RefusesWhatIsSaid(string body, string? expected) =>
        Expect(expected, body, Rule("t", ParameterAction.Reject));

    // Two that are added to one object that is not there: one object.
    [Fact]
    public void Rules_OfOneObject_SeeEachOther() => Expect(
        "{\"a\":{\"u\":1,\"t\":7},\"model\":\"m\"}", "{\"model\":\"m\"}",
        Rule("a.t", ParameterAction.Force) with { Value = s_seven },
        Rule("a.u", ParameterAction.Bound) with { Value = s_one });

    [Theory]
    [InlineData("chat_completions", 1, "{\"t\":7,\"model\":\"m\",\"u\":7}")]
    [InlineData("embeddings", 2, "{\"model\":\"m\",\"u\":7}")]
    [InlineData("messages", 0, "{\"model\":\"m\",\"u\":9}")]
    public void Apis_OthersAreLeftAlone_AndOnlyModelsThatSpeakGetMore(string api, int kind, string expected)
    {
        var apis = new Sequence<string>([api]);
        Assert.Equal(expected, Run(
            "{\"model\":\"m\",\"u\":9}", kind == 2 ? AiCallKind.Embeddings : AiCallKind.ChatCompletions,
            Rule("t", ParameterAction.Force) with { Value = s_seven, Apis = apis },
            Rule("u", ParameterAction.Force) with { Value = s_seven, Apis = apis }));
    }

    // Edits are kept in their order: many of one rule, and then many before them, would cost the square.
    [Fact]
    public void Edits_OfManyPlaces_AreMadeBeforeTheNextRule()
    {
        var rules = new ParameterRules(new Sequence<ParameterRule>(
            [Rule("b[].t", ParameterAction.Bound), Rule("a[].t", ParameterAction.Bound)]));

        Assert.False(rules.NeedsBefore(1, edited: 1, ParameterLimits.EditsAtOnceMax));
        Assert.True(rules.NeedsBefore(1, edited: 1, ParameterLimits.EditsAtOnceMax + 1));
    }

    private static ParameterRule Rule(string path, ParameterAction action) =>
        new() { Text = path, Path = ParameterPathKey.Split(path), Action = action };

    private static void Expect(string? expected, string body, params ParameterRule[] rules)
    {
        string? result = Run(body, AiCallKind.ChatCompletions, rules);
        Assert.Equal(expected, result);
        Assert.NotNull(System.Text.Json.Nodes.JsonNode.Parse(result ?? "{}"));
    }

    // Null if it is refused.
    private static string? Run(string text, AiCallKind kind, params ParameterRule[] rules)
    {
        var compiled = new ParameterRules(new Sequence<ParameterRule>(rules));
        byte[] body = Encoding.UTF8.GetBytes(text);
        var index = new JsonIndex();
        var edits = new JsonEdits();
        uint edited = 0;
        Assert.Equal(JsonFault.None, index.Read(body));
        for (int rule = 0; rule <= rules.Length; rule++)
        {
            if (rule == rules.Length || compiled.NeedsBefore(rule, edited, edits.Count))
            {
                byte[] next = new byte[body.Length + edits.Growth];
                Assert.Equal(next.Length, edits.Apply(body, next));
                body = next;
                edits.Reset();
                edited = 0;
                Assert.Equal(JsonFault.None, index.Read(body));
            }

            int before = edits.Count;
            if (rule < rules.Length && compiled.Apply(rule, index, body, edits, kind) != ParameterOutcome.Good)
            {
                return null;
            }

            edited |= edits.Count > before ? 1U << rule : 0;
        }

        return Encoding.UTF8.GetString(body);
    }
}
