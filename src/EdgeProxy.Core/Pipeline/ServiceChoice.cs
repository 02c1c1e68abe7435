using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// From what a route names to the service with servers that answers this exchange: composed services choose on the
/// way, each once, and its circuit breaker lets it pass.
/// </summary>
internal static class ServiceChoice
{
    /// <summary>The exchange has its service; false, and a fault set, if that gets no requests now.</summary>
    public static bool TryChoose(Exchange exchange)
    {
        Shard shard = exchange.Shard;

        // One lot for all that is asked of this exchange, so that a breaker that recovers says the same each time.
        uint lot = shard.NextLot();
        return TryTake(exchange, Walk(exchange, exchange.Route!.Service, lot), lot);
    }

    /// <summary>As above, from the fallback of a failover whose main service did not do.</summary>
    public static bool TryFallBack(Exchange exchange, FailoverService failover)
    {
        uint lot = exchange.Shard.NextLot();
        ServiceMember fallback = failover.Members[FailoverService.Fallback];
        fallback.Share.Count(exchange.Shard.Loop.Index);
        return TryTake(exchange, Walk(exchange, fallback.Node, lot), lot);
    }

    private static bool TryTake(Exchange exchange, ServiceNode node, uint lot)
    {
        if (node is BodyService reading)
        {
            BodyReading.Start(exchange, reading);
            return false;
        }

        exchange.Service = (Service)node;
        return TryPass(exchange, lot);
    }

    /// <summary>Whether the exchange's service takes it now; if not it has a fault.</summary>
    public static bool TryPass(Exchange exchange, uint lot)
    {
        Shard shard = exchange.Shard;
        Service service = exchange.Service!;
        if (service.Breaker is not { } breaker)
        {
            return true;
        }

        // That it opened is told by whoever opened it.
        BreakerState state = breaker.StateAt(shard.Loop.NowMs);
        if (state != BreakerState.Open)
        {
            Outcomes.Announce(service, breaker, state, shard);
        }

        if (breaker.Admits(shard.Loop.NowMs, lot))
        {
            return true;
        }

        exchange.Fault = Fault.OfUpstream(FaultKind.BreakerOpen);
        return false;
    }

    private static ServiceNode Walk(Exchange exchange, ServiceNode node, uint lot)
    {
        Shard shard = exchange.Shard;
        while (node is ComposedService composed)
        {
            int place = Stickiness.ChooseMember(exchange, composed, lot);
            ServiceMember member = composed.Members[place];
            member.Share.Count(shard.Loop.Index);
            if (composed is FailoverService failover)
            {
                Note(exchange, failover, place);
            }
            else if (composed is MirrorService mirror)
            {
                Mirrors.Begin(exchange, mirror, lot);
            }

            node = member.Node;
        }

        return node;
    }

    private static void Note(Exchange exchange, FailoverService failover, int place)
    {
        Shard shard = exchange.Shard;
        bool isFallback = place == FailoverService.Fallback;
        if (failover.NoteSwitch(place, shard.Loop.NowMs))
        {
            shard.Reports.Switched(failover.Name, failover.Members[place].Node.Name, isFallback);
        }

        if (!isFallback && failover.HasStatuses)
        {
            exchange.Fallbacks.Add(failover);
        }
    }
}
