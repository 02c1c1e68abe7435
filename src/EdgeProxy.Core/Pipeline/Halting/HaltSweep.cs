using System.Collections.Generic;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Halting;

/// <summary>
/// Ends the exchanges of one loop that are halted now: who has no answer yet gets a 503, a running stream of a model an
/// end that says so (decision 85), any other answer is cut.
/// </summary>
internal sealed class HaltSweep(Shard shard) : ILoopWork
{
    public void RunOn(EpollLoop loop)
    {
        HaltSet halts = shard.Halts.Current;
        var halted = new List<(Exchange Exchange, int Ticket)>();
        foreach (Exchange exchange in shard.Rented)
        {
            bool isUnderWay = exchange.Phase is not (ExchangePhase.Local or ExchangePhase.Done)
                && exchange.Route is not null && exchange.Fault.IsNone;
            if (isUnderWay && halts.Stops(exchange))
            {
                halted.Add((exchange, exchange.Ticket));
            }
        }

        // Ending one may begin another, of the same connection.
        foreach ((Exchange exchange, int ticket) in halted)
        {
            if (exchange.Ticket == ticket)
            {
                if (exchange.HasResponseStarted && exchange.Call?.TryEndEarly(exchange) == true)
                {
                    shard.Counters.Add(Counter.RequestsHalted);
                }
                else
                {
                    exchange.Fault = Fault.Halted;
                }

                exchange.Owner.OnLinkReady(exchange.ClientLink);
            }
        }
    }
}
