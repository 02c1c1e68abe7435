using System.Linq;
using EdgeProxy.Services.Composing;
using Xunit;
using static EdgeProxy.Tests.Services.Composing.ComposedServices;

namespace EdgeProxy.Tests.Services.Composing;

/// <summary>Which service an exchange is given to.</summary>
public class ComposedServiceTests
{
    [Fact]
    public void Weighted_EachRound_IsExactAndSmooth()
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 5), ("b", 1), ("c", 1)));

        Assert.Equal("aabacaaaabacaa", services.Order("w", 14));
    }

    [Fact]
    public void Weighted_EachLoop_HasItsOwnRotation()
    {
        var services = new ComposedServices(2, Weighted("w", ("a", 1), ("b", 1)));

        Assert.Equal("aba", services.Order("w", 3, loop: 0));
        Assert.Equal("abab", services.Order("w", 4, loop: 1));
        Assert.Equal("b", services.Order("w", 1, loop: 0));
    }

    [Fact]
    public void Weighted_MemberWithoutUsableServer_IsPassedOverAndComesBackToItsShare()
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 3), ("b", 1), ("c", 1)));
        services.SetUsable("a", false);

        Assert.Equal("bcbcbc", services.Order("w", 6));
        services.SetUsable("a", true);
        Assert.Equal(300, services.Order("w", 500).Count(service => service == 'a'));
    }

    [Fact]
    public void Weighted_NobodyUsable_StillChooses()
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 1), ("b", 1)));
        services.SetUsable("a", false);
        services.SetUsable("b", false);

        Assert.False(services["w"].IsUsable(0, 0));
        Assert.Equal("abab", services.Order("w", 4));
    }

    [Fact]
    public void Weighted_WeightZero_GetsNothingEvenAlone()
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 0), ("b", 2)));

        Assert.Equal("bbbb", services.Order("w", 4));
        services.SetUsable("b", false);
        Assert.False(services["w"].IsUsable(0, 0));
        Assert.Equal("bb", services.Order("w", 2));
    }

    [Fact]
    public void Failover_FallsBackAndReturns()
    {
        var services = new ComposedServices(1, Failover("f", "a", "b"));

        Assert.Equal("aa", services.Order("f", 2));
        services.SetUsable("a", false);
        Assert.Equal("bb", services.Order("f", 2));
        Assert.True(services["f"].IsUsable(0, 0));
        services.SetUsable("b", false);
        Assert.False(services["f"].IsUsable(0, 0));
        services.SetUsable("a", true);
        Assert.Equal("aa", services.Order("f", 2));
    }

    [Fact]
    public void Failover_Switch_IsNewsOnce()
    {
        var services = new ComposedServices(1, Failover("f", "a", "b"));
        var failover = (FailoverService)services["f"];

        Assert.False(failover.NoteSwitch(FailoverService.Main, 0));
        Assert.False(failover.NoteSwitch(FailoverService.Fallback, 0)); // the main one is only not let everything
        services.SetUsable("a", false);
        Assert.True(failover.NoteSwitch(FailoverService.Fallback, 0));
        Assert.False(failover.NoteSwitch(FailoverService.Fallback, 0));
        services.SetUsable("a", true);
        Assert.True(failover.NoteSwitch(FailoverService.Main, 0));
        Assert.False(failover.NoteSwitch(FailoverService.Main, 0));
    }

    [Fact]
    public void Nested_ResolvesThroughEachLevel()
    {
        // In an order in which each is named before it is made.
        var services = new ComposedServices(
            1, Failover("top", "w", "c"), Weighted("w", ("f", 1), ("b", 1)), Failover("f", "a", "b"));

        Assert.Equal("abab", services.Order("top", 4));
        services.SetUsable("a", false);
        Assert.Equal("bb", services.Order("top", 2));
        services.SetUsable("b", false);
        Assert.Equal("cc", services.Order("top", 2));
    }

    [Fact]
    public void Reload_KeptMembers_GoOnWhereTheyWere()
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 2), ("b", 1)), Failover("f", "a", "b"));
        Assert.Equal("ab", services.Order("w", 2));
        services.SetUsable("a", false);
        Assert.True(((FailoverService)services["f"]).NoteSwitch(FailoverService.Fallback, 0));
        services["w"].Members[0].Share.Count(0);

        services.Apply(Weighted("w", ("a", 2), ("b", 1)), Failover("f", "a", "b"));

        Assert.False(((FailoverService)services["f"]).NoteSwitch(FailoverService.Fallback, 0));
        services.SetUsable("a", true);
        Assert.Equal("aab", services.Order("w", 3));
        Assert.Equal(1, services["w"].Members[0].Share.CountOf());
        services.Apply(Weighted("w", ("c", 1)));
        Assert.Equal("c", services.Order("w", 1));
        Assert.Equal("w", Assert.Single(services.Running).Name);
    }

    // What was owed by large weights is nothing by small ones.
    [Theory]
    [InlineData(1)]
    [InlineData(500)]
    [InlineData(501)]
    [InlineData(999)]
    public void Reload_SmallerWeights_AreExactAtOnce(int turns)
    {
        var services = new ComposedServices(1, Weighted("w", ("a", 1000), ("b", 1)));
        services.Order("w", turns);

        services.Apply(Weighted("w", ("a", 1), ("b", 1)));

        Assert.InRange(services.Order("w", 10).Count(letter => letter == 'b'), 4, 6);
    }

    [Fact]
    public void Choose_Warm_AllocatesNothing()
    {
        var services = new ComposedServices(1, Failover("top", "w", "c"), Weighted("w", ("a", 3), ("b", 1)));
        ComposedService top = services["top"];
        ComposedService weighted = services["w"];

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 1_000; i++)
            {
                _ = top.Choose(0, 1_000, 0);
                _ = weighted.Choose(0, 1_000, 0);
            }
        });
    }
}
