using EdgeProxy.Ai;
using Xunit;

namespace EdgeProxy.Tests.Ai;

public sealed class TargetPauseTests
{
    [Fact]
    public void Begin_WhileALongerPauseRuns_DoesNotShortenIt()
    {
        var pause = new TargetPause();

        pause.Begin(nowMs: 10_000);
        pause.Begin(nowMs: 9_000); // another loop's clock was read a little before

        Assert.False(pause.IsOver(14_500));
        Assert.True(pause.IsOver(15_000));
    }
}
