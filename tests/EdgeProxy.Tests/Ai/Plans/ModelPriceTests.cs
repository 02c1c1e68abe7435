using System;
using EdgeProxy.Ai;
using EdgeProxy.Ai.Plans;
using Xunit;

namespace EdgeProxy.Tests.Ai.Plans;

public sealed class ModelPriceTests
{
    private static readonly PriceSettings Settings = new("m", Input: 2_500_000, Output: 10_000_000)
    {
        CachedInput = 1_250_000,
        CacheWrite = 3_000_000,
        Reasoning = 12_000_000,
    };

    [Theory]
    [InlineData("OpenAi", 1_000, 100, 0, 0, 0, 3_500)]
    [InlineData("OpenAi", 1_000, 100, 400, 0, 60, 1_500 + 500 + 400 + 720)]
    [InlineData("OpenAi", 1_000, 100, 400, 200, 0, 1_000 + 1_000 + 500 + 600)] // written to a cache, too
    [InlineData("Anthropic", 600, 100, 400, 200, 0, 1_500 + 500 + 600 + 1_000)]
    [InlineData("Ollama", 1, 0, 0, 0, 0, 3)] // 2.5, rounded up
    [InlineData("OpenAi", 10, 0, 20, 0, 0, 25)] // more from a cache than there was: that much is paid
    [InlineData("OpenAi", -5, -5, 0, 0, 0, 0)]
    public void Of_EachKindOfToken_HasItsPrice(
        string dialect, long input, long output, long cached, long written, long reasoning, long cost)
    {
        var usage = new Usage
        {
            Input = input,
            Output = output,
            Cached = cached,
            CacheWritten = written,
            Reasoning = reasoning,
        };

        Assert.Equal(cost, new ModelPrice(Settings).Of(usage, Enum.Parse<Dialect>(dialect)));
    }

    [Fact]
    public void AtMost_IsNeverLessThanWhatSoManyTokensCost()
    {
        var price = new ModelPrice(Settings);

        Assert.Equal(3_000 + 1_200, price.AtMost(1_000, 100));
        Assert.Equal(PlanLimits.AmountMax, new ModelPrice(Settings with { Input = PlanLimits.PriceMax })
            .AtMost(long.MaxValue, long.MaxValue));
    }

    [Theory]
    [InlineData("gpt", "gpt", true)]
    [InlineData("gpt-2", "gpt*", true)]
    [InlineData("gpt-2", "*", true)]
    [InlineData("gpt", "gpt-2", false)]
    [InlineData("*:cloud", "*", true)]
    [InlineData("*:cloud", "x*", false)] // it may be any
    [InlineData("x-*", "x*", true)]
    [InlineData("x-*", "x-1", false)]
    public void PriceOf_WhatTheTargetMayBe(string model, string price, bool isFound)
    {
        var provider = new ProviderSettings
        {
            Name = "p",
            Kind = ProviderKind.OpenAi,
            BasePath = "",
            Service = null!,
            Prices = new([Settings with { Model = price }]),
        };

        Assert.Equal(isFound, ModelTarget.PriceOf(provider, new ModelSettings("n*", "p", model)) is not null);
    }
}
