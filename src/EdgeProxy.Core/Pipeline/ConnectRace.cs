using System;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Happy eyeballs (RFC 8305 section 5): while an address of a name has not accepted, the next is asked beside it, and
/// whichever accepts first has the request. Two at a time; the one that lost is doubted, so that others come to it
/// last.
/// </summary>
internal static class ConnectRace
{
    /// <summary>
    /// The exchange has waited for its server's connection; true if another server is asked as well now.
    /// </summary>
    public static bool TryBegin(Exchange exchange)
    {
        long nowMs = exchange.Shard.Loop.NowMs;
        if (exchange.Phase != ExchangePhase.Connecting || exchange.Rival is not null
            || Retry.RaceMsOf(exchange) is not (> 0 and var raceMs) || nowMs < exchange.ConnectStartedMs + raceMs
            || HasRunOut(exchange, nowMs) || !Retry.IsWanted(exchange, RetryCauses.Connect))
        {
            return false;
        }

        Server first = exchange.Server!;
        if (!ServerChoice.TryPick(exchange))
        {
            return false;
        }

        Server second = exchange.Server!;
        UpstreamConnection rival = exchange.Upstream!;
        exchange.Server = first;
        exchange.Record.FailTry(exchange, FaultKind.ConnectTimeout);
        Forwarder.Detach(exchange);
        exchange.Server = second;
        exchange.Rival = rival;
        exchange.Shard.Counters.Add(Counter.Retries);
        Forwarder.StartOn(exchange, mayReuse: true);
        return true;
    }

    /// <summary>Looks after both connections; true if the exchange goes on by the rival's.</summary>
    public static bool TryFinish(Exchange exchange)
    {
        UpstreamConnection current = exchange.Upstream!;
        if (exchange.Rival is not { } rival)
        {
            return false;
        }

        if (rival.Link.IsBroken)
        {
            NoteFailed(exchange, rival);
            exchange.Rival = null;
            rival.Link.Abort();
            return false;
        }

        bool isFailed = current.Link.IsBroken;
        if (current.Link.IsConnected || !(rival.Link.IsConnected || isFailed))
        {
            return false;
        }

        if (isFailed)
        {
            NoteFailed(exchange, current);
        }

        // The request is the rival's, connected or not.
        Forwarder.Detach(exchange);
        current.Link.Abort();
        exchange.Rival = null;
        exchange.Server = rival.Server;
        if (exchange.Service is { RequestsMax: > 0 } service)
        {
            _ = Capacity.TryTake(exchange, service, rival.Server); // if that is full it counts at the other
        }

        exchange.Record.BeginTry(exchange, isReused: false);
        Forwarder.Attach(exchange, rival);
        exchange.ConnectStartedMs = exchange.Shard.Loop.NowMs;
        return rival.Link.IsConnected;
    }

    /// <summary>The exchange has its connection: whoever has none yet lost.</summary>
    public static void Win(Exchange exchange)
    {
        if (exchange.Rival is { } rival)
        {
            rival.Server.Doubt(exchange.Shard.Loop.NowMs);
            End(exchange);
        }
    }

    /// <summary>The rival is given up.</summary>
    public static void End(Exchange exchange)
    {
        if (exchange.Rival is { } rival)
        {
            exchange.Rival = null;
            rival.Link.Abort();
        }
    }

    private static bool HasRunOut(Exchange exchange, long nowMs)
    {
        long limitMs = exchange.Service!.ConnectTimeoutMs;
        long tryMs = exchange.Service.PerTryTimeoutMs;
        long longestMs = tryMs > 0 && (limitMs == 0 || tryMs < limitMs) ? tryMs : limitMs;
        return longestMs > 0 && nowMs >= exchange.ConnectStartedMs + longestMs;
    }

    private static void NoteFailed(Exchange exchange, UpstreamConnection failed)
    {
        Shard shard = exchange.Shard;
        shard.Counters.Add(Counter.UpstreamConnectFailures);
        failed.Server.Doubt(shard.Loop.NowMs);
        shard.Reports.ConnectFailed(failed.Server, FaultKind.ConnectFailed, failed.Link.BreakReason ?? "");
        Outcomes.NoteFailed(
            shard, exchange.Service!, failed.Server, Math.Max(0, exchange.ConnectStartedMs), FaultKind.ConnectFailed);
    }
}
