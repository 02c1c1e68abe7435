using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Ai;
using EdgeProxy.Services;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class TargetChoiceTests
{
    [Fact]
    public void Next_SeveralOfOnePriority_EachGetsItsShare()
    {
        ModelEntry model = Model(Target("a", weight: 3), Target("b"), Target("c", priority: 1));
        int[] counts = new int[3];

        for (uint i = 0; i < 4000; i++)
        {
            uint lot = i * (uint.MaxValue / 4000);
            counts[TargetChoice.Next(model, AiCallKind.ChatCompletions, tried: 0, nowMs: 1, lot)]++;
        }

        Assert.InRange(counts[0], 2990, 3010);
        Assert.InRange(counts[1], 990, 1010);
        Assert.Equal(0, counts[2]);
    }

    [Fact]
    public void Next_AfterEach_IsAnotherUntilThereIsNone()
    {
        ModelEntry model = Model(Target("a"), Target("b", priority: 2), Target("c", priority: 1));
        var order = new List<int>();
        ulong tried = 0;
        for (int place; (place = TargetChoice.Next(model, AiCallKind.ChatCompletions, tried, 1, 7)) >= 0;)
        {
            order.Add(place);
            tried |= 1UL << place;
        }

        Assert.Equal([0, 2, 1], order);
    }

    [Fact]
    public void Next_TargetLeftAlone_IsAskedOnlyIfThereIsNoOther()
    {
        ModelEntry model = Model(Target("a"), Target("b", priority: 1));
        model.Targets[0].Pause.Begin(nowMs: 1000);

        Assert.Equal(1, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1001, 7));
        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0b10, 1001, 7));
        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1000 + 60_000, 7));
    }

    [Fact]
    public void Next_TargetThatNobodyTranslatesFor_IsPassedOver()
    {
        ModelEntry model = Model(Target("a", kind: ProviderKind.Anthropic), Target("b", priority: 1));

        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1, 7));
        Assert.Equal(1, TargetChoice.Next(model, AiCallKind.Embeddings, 0, 1, 7));
        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.CountTokens, 0, 1, 7));
        Assert.Equal(-1, TargetChoice.Next(model, AiCallKind.OllamaGenerate, 0, 1, 7));
    }

    [Fact]
    public void Next_TargetWithoutRoom_IsAskedLast()
    {
        ModelEntry model = Model(Target("a", room: 100), Target("b", priority: 1, room: 1000), Target("c", priority: 2));

        Assert.True(model.HasWindows);
        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 100));
        Assert.Equal(1, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 101));
        Assert.Equal(2, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0b10, 1, 7, tokens: 101));
        Assert.Equal(2, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 1001));
        Assert.Equal(0, TargetChoice.Next(model, AiCallKind.ChatCompletions, 0b100, 1, 7, tokens: 1001));
        Assert.False(Model(Target("a")).HasWindows);
    }

    private static ModelEntry Model(params ModelTarget[] targets) => new(new NamePattern("m"), targets);

    private static ModelTarget Target(
        string provider, int priority = 0, int weight = 1, ProviderKind kind = ProviderKind.OpenAi, int room = 0)
    {
        var settings = new ServiceSettings { Name = provider, Servers = [new ServerSettings("127.0.0.1", 1, 1)] };
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        Service service = directory.Prepare([settings]).Values.Single();
        var named = new ProviderSettings { Name = provider, Kind = kind, Service = settings, BasePath = "" };
        return new ModelTarget(
            new Provider(named, service),
            new ModelSettings("m", provider, "") { Priority = priority, Weight = weight, ContextTokensMax = room },
            new TokenMetrics(1),
            new TargetPause());
    }
}
