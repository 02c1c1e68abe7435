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
    public static void NoteAnswered(Exchange exchange)
    {
        int status = exchange.Response.StatusCode;
        exchange.Record.AnswerTry(exchange, status);
        exchange.Answered = NoteAnswered(
            exchange.Shard, exchange.Service!, exchange.Server!, exchange.TryStartedMs, status);
    }

    /// <summary>As above, of a try that is no exchange's; for the case that the answer breaks off.</summary>
    public static AnswerNote NoteAnswered(Shard shard, Service service, Server server, long startedMs, int status)
    {
        long nowMs = shard.Loop.NowMs;
        long elapsedMs = nowMs - startedMs;
        ServerLoad load = server.Load(shard.Loop.Index);
        load.NoteTime(elapsedMs, nowMs);
        if (FaultWatch.NoteAnswer(
            service, server, load, status, elapsedMs, nowMs, shard.Reports, out AnswerNote note))
        {
            shard.Counters.Add(Counter.Ejections);
        }

        if (service.Breaker is { } breaker
            && breaker.Note(shard.Loop.Index, nowMs, status, isNetworkError: false, elapsedMs))
        {
            Opened(shard, service, breaker);
        }

        return note;
    }

    /// <summary>
    /// None did, or not a whole one. A server that fails at once is not fast: it is taken for one that needs a second
    /// at least.
    /// </summary>
    public static void NoteFailed(Exchange exchange, FaultKind kind)
    {
        exchange.Record.FailTry(exchange, kind);
        NoteFailed(exchange.Shard, exchange.Service!, exchange.Server!, exchange.TryStartedMs, kind, exchange.Answered);
    }

    /// <summary>As above, of a try that is no exchange's.</summary>
    /// <param name="answered">What its head was counted as, if it had one.</param>
    public static void NoteFailed(
        Shard shard, Service service, Server server, long startedMs, FaultKind kind, in AnswerNote answered = default)
    {
        long nowMs = shard.Loop.NowMs;
        long elapsedMs = nowMs - startedMs;
        ServerLoad load = server.Load(shard.Loop.Index);
        load.NoteTime(Math.Max(elapsedMs, FailedTimeMs), nowMs);
        bool isEjected = answered.IsCounted
            ? FaultWatch.NoteCut(service, server, load, answered, TextOf(kind), nowMs, shard.Reports)
            : FaultWatch.NoteFault(service, server, load, TextOf(kind), nowMs, shard.Reports);
        if (isEjected)
        {
            shard.Counters.Add(Counter.Ejections);
        }

        if (service.Breaker is { } breaker)
        {
            int loop = shard.Loop.Index;
            int status = ErrorResponses.StatusCode(kind);
            bool isOpened = answered.IsCounted
                ? breaker.NoteCut(loop, nowMs, answered.AtMs, status, elapsedMs)
                : breaker.Note(loop, nowMs, status, isNetworkError: true, elapsedMs);
            if (isOpened)
            {
                Opened(shard, service, breaker);
            }
        }
    }

    private static void Opened(Shard shard, Service service, CircuitBreaker breaker)
    {
        shard.Counters.Add(Counter.BreakerOpenings);
        Announce(service, breaker, BreakerState.Open, shard);
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
