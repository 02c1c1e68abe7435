using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>What became of a try, told to those who judge by it: the server's load and health, the breaker.</summary>
internal static class Outcomes
{
    private const long FailedTimeMs = 1_000;

    /// <summary>An answer began; how long that took is known.</summary>
    public static void NoteAnswered(Exchange exchange) => NoteAnswered(
        exchange.Shard, exchange.Service!, exchange.Server!, exchange.TryStartedMs, exchange.Response.StatusCode);

    /// <summary>As above, of a try that is no exchange's.</summary>
    public static void NoteAnswered(Shard shard, Service service, Server server, long startedMs, int status)
    {
        long nowMs = shard.Loop.NowMs;
        long elapsedMs = nowMs - startedMs;
        ServerLoad load = server.Load(shard.Loop.Index);
        load.NoteTime(elapsedMs, nowMs);
        if (FaultWatch.NoteAnswer(service, server, load, status, elapsedMs, nowMs, shard.Reports))
        {
            shard.Counters.Add(Counter.Ejections);
        }

        NoteForBreaker(shard, service, status, isNetworkError: false, elapsedMs);
    }

    /// <summary>
    /// None did, or not a whole one. A server that fails at once is not fast: it is taken for one that needs a second
    /// at least.
    /// </summary>
    public static void NoteFailed(Exchange exchange, FaultKind kind) =>
        NoteFailed(exchange.Shard, exchange.Service!, exchange.Server!, exchange.TryStartedMs, kind);

    /// <summary>As above, of a try that is no exchange's.</summary>
    public static void NoteFailed(Shard shard, Service service, Server server, long startedMs, FaultKind kind)
    {
        long nowMs = shard.Loop.NowMs;
        long elapsedMs = nowMs - startedMs;
        ServerLoad load = server.Load(shard.Loop.Index);
        load.NoteTime(Math.Max(elapsedMs, FailedTimeMs), nowMs);
        if (FaultWatch.NoteFault(service, server, load, TextOf(kind), nowMs, shard.Reports))
        {
            shard.Counters.Add(Counter.Ejections);
        }

        NoteForBreaker(shard, service, ErrorResponses.StatusCode(kind), isNetworkError: true, elapsedMs);
    }

    private static void NoteForBreaker(
        Shard shard, Service service, int status, bool isNetworkError, long elapsedMs)
    {
        if (service.Breaker is not { } breaker)
        {
            return;
        }

        if (breaker.Note(shard.Loop.Index, shard.Loop.NowMs, status, isNetworkError, elapsedMs))
        {
            shard.Counters.Add(Counter.BreakerOpenings);
            Announce(service, breaker, BreakerState.Open, shard);
        }
    }

    /// <summary>Logs the breaker's state, if it is news.</summary>
    public static void Announce(Service service, CircuitBreaker breaker, BreakerState state, Shard shard)
    {
        if (breaker.IsNews(state))
        {
            shard.Reports.BreakerIs(service.Name, state, breaker.Settings.Expression.Text);
        }
    }

    private static string TextOf(FaultKind kind) => kind switch
    {
        FaultKind.ConnectFailed => "it refuses connections",
        FaultKind.ConnectTimeout => "it does not accept connections in time",
        FaultKind.ResponseTimeout or FaultKind.ResponseIdleTimeout => "it does not answer in time",
        FaultKind.UpstreamMalformed => "its answers are not HTTP/1.1",
        _ => "it closes before it has answered",
    };
}
