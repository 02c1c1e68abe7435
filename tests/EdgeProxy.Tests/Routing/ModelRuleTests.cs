using System;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

/// <summary>Model(): which router takes what a call names in its body, and what is known before it was read.</summary>
public class ModelRuleTests
{
    [Theory]
    [InlineData("Model(`gpt-4o`)", "gpt-4o", true)]
    [InlineData("Model(`gpt-4o`)", "gpt-4o-mini", false)]
    [InlineData("Model(`gpt-4o`)", "GPT-4o", false)]
    [InlineData("Model(`gpt-*`)", "gpt-4o", true)]
    [InlineData("Model(`gpt-*`)", "gpt-", true)]
    [InlineData("Model(`gpt-*`)", "gpt", false)]
    [InlineData("Model(`*`)", "anything", true)]
    [InlineData("Model(`*`)", "", false)] // none is named
    [InlineData("!Model(`*`)", "", true)]
    [InlineData("!Model(`gpt-*`)", "llama3", true)]
    [InlineData("!Model(`gpt-*`)", "gpt-4o", false)]
    public void Match_Model_AsExpected(string rule, string model, bool expected) =>
        Assert.Equal(expected ? 0 : -1, SampleRequest.Table(rule).Match(Of(model).Query));

    [Fact]
    public void Match_SeveralModels_TheNarrowestTakesIt()
    {
        RouteTable table = SampleRequest.Table(
            "PathPrefix(`/v1`)", "PathPrefix(`/v1`) && Model(`gpt-*`)", "PathPrefix(`/v1`) && Model(`gpt-4*`)",
            "PathPrefix(`/v1`) && Model(`gpt-4o`)", "PathPrefix(`/v1`) && Model(`*`)");

        Assert.Equal(
            [3, 2, 1, 4, 0],
            new[] { "gpt-4o", "gpt-4-turbo", "gpt-3", "llama3", "" }.Select(model => table.Match(Of(model).Query)));
    }

    [Fact]
    public void Match_ModelNotRead_HasAllThatMayTakeItUpToTheFirstThatDoesNotAsk()
    {
        RouteTable table = SampleRequest.Table(
            "PathPrefix(`/`)", "PathPrefix(`/v1/chat`) && Model(`b`)", "PathPrefix(`/v1`)",
            "PathPrefix(`/v1`) && Model(`a*`)", "PathPrefix(`/`) && Model(`c`)", "PathPrefix(`/x`) && Model(`d`)");
        var open = new OpenRoutes();

        int first = table.First(Of("").Query, open);

        Assert.True(open.IsOpen);
        Assert.Equal(1, first);
        Assert.Equal([1, 3, 2], Enumerable.Range(0, open.Count).Select(place => open[place]));
        Assert.Equal((1, 3, 2, 2), (Decided("b"), Decided("ab"), Decided("c"), Decided("")));

        int Decided(string model) => open.Decide(Encoding.UTF8.GetBytes(model));
    }

    [Fact]
    public void Match_FirstRouterDoesNotAsk_NothingIsOpen()
    {
        RouteTable table = SampleRequest.Table("PathPrefix(`/v1/chat`)", "PathPrefix(`/v1`) && Model(`a`)");
        var open = new OpenRoutes();

        Assert.Equal(0, table.First(Of("").Query, open));
        Assert.False(open.IsOpen);
    }

    [Theory]
    [InlineData("Model(`a`) && Model(`b`)", "Model(`a`) and Model(`b`) exclude each other")]
    [InlineData("Model(`a`) && Model(`b*`)", "Model(`a`) and Model(`b*`) exclude each other")]
    [InlineData("Model(`a*`) && Model(`b*`)", "Model(`a*`) and Model(`b*`) exclude each other")]
    [InlineData("Model(`ab`) && !Model(`a*`)", "Model(`ab`) and !Model(`a*`) exclude each other")]
    [InlineData("Model(``)", "'' is not the name of a model")]
    [InlineData("Model(`a*b`)", "'a*b' is not the name of a model")]
    [InlineData("Model(`a b`)", "'a b' is not the name of a model")]
    [InlineData("Model(`a`, `b`)", "Model takes 1 value, found 2; write Model(`a`) || Model(`b`)")]
    public void Parse_ModelThatCannotBe_SaysWhy(string text, string expected)
    {
        Assert.Null(RuleParser.Parse(text, out IReadOnlyList<RuleError> errors));
        Assert.Contains(expected, Assert.Single(errors).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Model(`a`)", "Model(`a`)", true)]
    [InlineData("Model(`a`)", "Model(`b`)", false)]
    [InlineData("Model(`a*`)", "Model(`ab`)", false)] // the second is narrower
    [InlineData("Model(`a`)", "Header(`x`, `1`)", false)] // and the first here
    public void Build_SamePlace_ConflictsOnlyIfNothingTellsThemApart(string one, string other, bool conflicts)
    {
        var builder = new RouteTableBuilder();
        builder.Add(0, SampleRequest.Rule($"PathPrefix(`/`) && {one}"), priority: null);
        builder.Add(1, SampleRequest.Rule($"PathPrefix(`/`) && {other}"), priority: null);

        builder.Build(out IReadOnlyList<RouteConflict> found);

        Assert.Equal(conflicts, found.Count > 0);
    }

    private static SampleRequest Of(string model) => new("POST /v1/chat/completions", "a") { Model = model };
}
