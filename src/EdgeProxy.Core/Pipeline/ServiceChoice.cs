using EdgeProxy.Pipeline.Bodies;
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
        ServiceNode node = Walk(exchange, lot);
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

    private static ServiceNode Walk(Exchange exchange, uint lot)
    {
        Shard shard = exchange.Shard;
        ServiceNode node = exchange.Route!.Service;
        while (node is ComposedService composed)
        {
            int place = Stickiness.ChooseMember(exchange, composed, lot);
            ServiceMember member = composed.Members[place];
            member.Share.Count(shard.Loop.Index);
            if (composed is FailoverService failover && failover.NoteSwitch(place, shard.Loop.NowMs))
            {
                shard.Reports.Switched(composed.Name, member.Node.Name, isFallback: place == FailoverService.Fallback);
            }

            node = member.Node;
        }

        return node;
    }
}
