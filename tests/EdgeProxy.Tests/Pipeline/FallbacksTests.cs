using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

public sealed class FallbacksTests
{
    private const long StartMs = 1_000_000;

    // While the fallback's breaker recovers it takes some: whoever is not among them keeps the answer there is.
    [Fact]
    public void Take_FallbackWhoseBreakerRecovers_IsTakenByTheLotItIsAskedWith()
    {
        var breaker = new CircuitBreaker(
            new BreakerSettings { Expression = BreakerParser.Parse("NetworkErrorRatio() > 0.5", out _, out _)! }, 1);
        long openedMs = StartMs;
        while (!breaker.Note(0, openedMs, 502, isNetworkError: true, elapsedMs: 5))
        {
            openedMs += 200;
            Assert.InRange(openedMs, StartMs, StartMs + 60_000);
        }

        long halfMs = openedMs + breaker.OpenForMs(openedMs);
        while (!breaker.Admits(halfMs, uint.MaxValue / 2))
        {
            halfMs++;
        }

        Assert.NotNull(With(breaker).Take(503, halfMs, lot: uint.MaxValue / 4));
        Assert.Null(With(breaker).Take(503, halfMs, lot: uint.MaxValue));
    }

    private static Fallbacks With(CircuitBreaker breaker)
    {
        Assert.True(StatusRange.TryParse("503", out StatusRange range));
        var settings = new ComposedSettings { Name = "f", Kind = ComposedKind.Failover, Statuses = new StatusSet(range) };
        var fallbacks = new Fallbacks();
        fallbacks.Add(new FailoverService(settings, [Member(null), Member(breaker)]));
        return fallbacks;
    }

    private static ServiceMember Member(CircuitBreaker? breaker)
    {
        var settings = new ServiceSettings { Name = "s", Servers = [new ServerSettings("127.0.0.1", 1, 1)] };
        var service = new Service(settings, [new Server("s", "127.0.0.1", 1, 1)], [new ServiceShard(0, 1)])
        {
            Breaker = breaker,
        };
        return new ServiceMember(service, 1, new MemberShare(1));
    }
}
