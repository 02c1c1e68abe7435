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
            counts[Next(model, AiCallKind.ChatCompletions, tried: 0, nowMs: 1, lot)]++;
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
        for (int place; (place = Next(model, AiCallKind.ChatCompletions, tried, 1, 7)) >= 0;)
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

        Assert.Equal(1, Next(model, AiCallKind.ChatCompletions, 0, 1001, 7));
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0b10, 1001, 7));
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1000 + 60_000, 7));
    }

    [Fact]
    public void Next_TargetThatNobodyTranslatesFor_IsPassedOver()
    {
        ModelEntry model = Model(Target("a", kind: ProviderKind.Anthropic), Target("b", priority: 1));

        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1, 7));
        Assert.Equal(1, Next(model, AiCallKind.Embeddings, 0, 1, 7));
        Assert.Equal(0, Next(model, AiCallKind.CountTokens, 0, 1, 7));
        Assert.Equal(-1, Next(model, AiCallKind.OllamaGenerate, 0, 1, 7));
    }

    [Fact]
    public void Next_TargetWithoutRoom_IsAskedLast()
    {
        ModelEntry model = Model(Target("a", room: 100), Target("b", priority: 1, room: 1000), Target("c", priority: 2));

        Assert.True(model.HasWindows);
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 100));
        Assert.Equal(1, Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 101));
        Assert.Equal(2, Next(model, AiCallKind.ChatCompletions, 0b10, 1, 7, tokens: 101));
        Assert.Equal(2, Next(model, AiCallKind.ChatCompletions, 0, 1, 7, tokens: 1001));
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0b100, 1, 7, tokens: 1001));
        Assert.False(Model(Target("a")).HasWindows);
    }

    [Fact]
    public void Next_LeastTime_TheOneThatBeginsSoonestUnlessItIsBusy()
    {
        ModelEntry model = Model(TargetStrategy.LeastTime, Target("a"), Target("b"), Target("c"));
        Took(model, 0, 1000);
        Took(model, 1, 100);

        // The third is not known: taken for an average one, 550 ms.
        Assert.Equal([1], Places(model));
        for (int i = 0; i < 6; i++)
        {
            model.Targets[1].Loads.Of(0, isStream: true).Enter();
        }

        Assert.Equal([2], Places(model)); // 700 against 550
        Took(model, 2, 800); // within a quarter of 700
        Assert.Equal([1, 2], Places(model));
    }

    // A stream's first word and a whole answer do not compare.
    [Fact]
    public void Next_LeastTime_StreamsAndOthersAreTimedApart()
    {
        ModelEntry model = Model(TargetStrategy.LeastTime, Target("a"), Target("b"));
        Took(model, 0, 5000, isStream: false);
        Took(model, 1, 1000, isStream: false);
        Took(model, 0, 100);
        Took(model, 1, 900);

        Assert.Equal([0], Places(model));
        Assert.Equal([1], Places(model, isStream: false));
    }

    [Fact]
    public void Next_LeastTime_ForgetsWhatWasLongAgo()
    {
        ModelEntry model = Model(TargetStrategy.LeastTime, Target("a"), Target("b"));
        Took(model, 0, 60_000);
        Took(model, 1, 100);

        Assert.Equal([1], Places(model));
        Assert.Contains(0, Places(model, nowMs: 1 + (20 * 30_000)));
    }

    [Fact]
    public void Next_LeastInFlight_TheOneWithTheFewestCallsForItsWeight()
    {
        ModelEntry model = Model(TargetStrategy.LeastInFlight, Target("a"), Target("b", weight: 3));
        model.Targets[0].Loads.Of(0, isStream: false).Enter();
        Assert.Equal([1], Places(model));
        model.Targets[1].Loads.Of(0, isStream: true).Enter();
        model.Targets[1].Loads.Of(0, isStream: true).Enter();

        Assert.Equal([1], Places(model)); // two of three against one of one
        model.Targets[1].Loads.Of(0, isStream: true).Enter();
        Assert.Equal([0, 1], Places(model));
    }

    [Fact]
    public void Next_ForWhenTheLinkIsDown_IsAskedOnlyThen()
    {
        ModelEntry model = Model(Target("a"), Target("b", priority: 1), Target("local", isForOffline: true));
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1000, 7));
        model.Targets[0].Pause.BeginUnreachable(nowMs: 1000);
        Assert.Equal(1, Next(model, AiCallKind.ChatCompletions, 0, 1001, 7));
        model.Targets[1].Pause.Begin(nowMs: 1000); // overloaded: the link is there
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1001, 7));
        model.Targets[1].Pause.BeginUnreachable(nowMs: 1000);
        Assert.Equal(2, Next(model, AiCallKind.ChatCompletions, 0, 1001, 7));
        Assert.Equal(0, Next(model, AiCallKind.ChatCompletions, 0, 1000 + 60_000, 7));

        // Of those that were asked none answered; or one did, and refused.
        Assert.Equal(2, Next(model, AiCallKind.ChatCompletions, 0b011, 1000 + 60_000, 7));
        Assert.Equal(-1, TargetChoice.Next(
            new TargetSearch(model, AiCallKind.ChatCompletions, 0b011, 1001, 7) { HasAnswered = true }));
        Assert.Equal(-1, Next(model, AiCallKind.ChatCompletions, 0b111, 1001, 7));
    }

    [Fact]
    public void Pause_OfOneOutOfReach_DoublesUntilItAnswers()
    {
        var pause = new TargetPause();
        pause.BeginUnreachable(nowMs: 0);
        Assert.Equal((true, false), (pause.IsUnreachable(4_999), pause.IsUnreachable(5_000)));
        for (int i = 0; i < 10; i++)
        {
            pause.BeginUnreachable(nowMs: 10_000);
        }

        Assert.Equal((true, false), (pause.IsUnreachable(89_999), pause.IsUnreachable(90_000)));
        pause.NoteAnswer();
        Assert.False(pause.IsUnreachable(10_001));
        pause.BeginUnreachable(nowMs: 100_000);
        Assert.False(pause.IsUnreachable(105_000));
    }

    private static void Took(ModelEntry model, int place, long elapsedMs, bool isStream = true) =>
        model.Targets[place].Loads.Of(0, isStream).NoteTime(elapsedMs, nowMs: 1);

    // Those that are chosen by one lot or another.
    private static List<int> Places(ModelEntry model, bool isStream = true, long nowMs = 1) =>
    [
        .. Enumerable.Range(0, 64).Select(i => TargetChoice.Next(
            new TargetSearch(model, AiCallKind.ChatCompletions, 0, nowMs, (uint)i << 26) { IsStream = isStream }))
            .Distinct().Order(),
    ];

    private static int Next(
        ModelEntry model, AiCallKind kind, ulong tried, long nowMs, uint lot, long tokens = 0) =>
        TargetChoice.Next(new TargetSearch(model, kind, tried, nowMs, lot) { Tokens = tokens });

    private static ModelEntry Model(params ModelTarget[] targets) => new(new NamePattern("m"), targets);

    private static ModelEntry Model(TargetStrategy strategy, params ModelTarget[] targets) =>
        new(new NamePattern("m"), targets, strategy);

    private static ModelTarget Target(
        string provider, int priority = 0, int weight = 1, ProviderKind kind = ProviderKind.OpenAi, int room = 0,
        bool isForOffline = false)
    {
        var settings = new ServiceSettings { Name = provider, Servers = [new ServerSettings("127.0.0.1", 1, 1)] };
        var directory = new ServiceDirectory(loopCount: 1, seed: 1);
        Service service = directory.Prepare([settings]).Values.Single();
        var named = new ProviderSettings { Name = provider, Kind = kind, Service = settings, BasePath = "" };
        return new ModelTarget(
            new Provider(named, service),
            new ModelSettings("m", provider, "")
            {
                Priority = priority,
                Weight = weight,
                ContextTokensMax = room,
                IsForOffline = isForOffline,
            },
            new TokenMetrics(1),
            new TargetPause())
        {
            Loads = new TargetLoads(1),
        };
    }
}
