using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.Services.Health;
using Xunit;

namespace EdgeProxy.Tests.Services.Health;

public class ServerHealthTests
{
    private static readonly HealthCheckSettings s_check = new() { Rise = 2, Fall = 3 };

    [Theory]
    [InlineData(nameof(InitialHealth.Up), true)]
    [InlineData(nameof(InitialHealth.Down), false)]
    [InlineData(nameof(InitialHealth.Probe), false)]
    public void Start_BeforeAnyProbe_IsWhatItWasTakenFor(string initial, bool isUsable)
    {
        var health = new ServerHealth();
        health.Start(System.Enum.Parse<InitialHealth>(initial));

        Assert.Equal(isUsable, health.IsUsable(0));
        Assert.Equal(initial != nameof(InitialHealth.Probe), health.FirstProbe.IsCompleted);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task NoteProbe_FirstOfAnUnknownServer_DecidesAlone(bool isGood)
    {
        var health = new ServerHealth();
        health.Start(InitialHealth.Probe);

        Assert.True(health.NoteProbe(isGood, "status 204", s_check, nowMs: 1));

        await health.FirstProbe;
        Assert.Equal(isGood, health.IsUsable(0));
        Assert.Equal("status 204", health.LastProbe);
    }

    [Fact]
    public void NoteProbe_RiseAndFall_TakeThatManyInARow()
    {
        var health = new ServerHealth();

        // g good, b bad; upper case where the state changes.
        string changes = string.Concat("bbgbbBbgbgGgbbgbbB".Select(probe =>
        {
            bool isGood = char.ToLowerInvariant(probe) == 'g';
            return health.NoteProbe(isGood, "", s_check, nowMs: 1) ? char.ToUpperInvariant(probe) : char.ToLowerInvariant(probe);
        }));

        Assert.Equal("bbgbbBbgbgGgbbgbbB", changes);
        Assert.Equal(ProbedState.Down, health.State);
    }

    [Fact]
    public void Forget_NotProbedAnyMore_IsUp()
    {
        var health = new ServerHealth();
        health.Start(InitialHealth.Down);

        health.Forget(isProbed: false, isWatched: true);

        Assert.True(health.IsUsable(0));
    }

    [Fact]
    public void Eject_AgainAndAgain_TakesTwiceAsLongUpToTheMost()
    {
        var settings = new PassiveHealthSettings
        {
            EjectionTime = System.TimeSpan.FromSeconds(1),
            EjectionTimeMax = System.TimeSpan.FromSeconds(5),
        };
        var health = new ServerHealth();
        long nowMs = 1_000_000;
        var times = new System.Collections.Generic.List<long>();
        for (int i = 0; i < 5; i++)
        {
            long forMs = health.Eject(settings, nowMs);
            times.Add(forMs);
            Assert.False(health.IsUsable(nowMs + forMs - 1));
            Assert.True(health.IsUsable(nowMs + forMs));
            nowMs += forMs + 10; // and at once again
        }

        Assert.Equal([1_000, 2_000, 4_000, 5_000, 5_000], times);

        // Well for longer than it was out: it starts over.
        Assert.Equal(1_000, health.Eject(settings, nowMs + 6_000));
    }

    [Fact]
    public void NoteUsed_AfterAnEjection_IsTrueOnce()
    {
        var health = new ServerHealth();
        long forMs = health.Eject(new PassiveHealthSettings(), 1_000);

        Assert.False(health.NoteUsed(1_000));
        Assert.True(health.NoteUsed(1_000 + forMs));
        Assert.False(health.NoteUsed(1_000 + forMs));
    }
}
