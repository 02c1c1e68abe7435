using EdgeProxy.Primitives.Faults;
using EdgeProxy.Services;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// An exchange's place at a server with a limit, and in the queue for one. Without a limit it costs one comparison.
/// </summary>
internal static class Capacity
{
    /// <summary>Others wait already: a new exchange goes behind them.</summary>
    public static bool MustWait(Exchange exchange) =>
        exchange.Service is { RequestsMax: > 0 } service
        && service.Shard(exchange.Shard.Loop.Index).Queue is { Count: > 0 };

    /// <summary>Counts the exchange at the server chosen; false if others were quicker and it is full now.</summary>
    public static bool TryTake(Exchange exchange, Service service, Server server)
    {
        if (service.RequestsMax == 0)
        {
            return true;
        }

        if (!server.TryTakeSlot(service.RequestsMax))
        {
            return false;
        }

        GiveSlot(exchange); // that of the server tried before
        exchange.Slot = server;
        return true;
    }

    /// <summary>The exchange waits at the end of the queue, or has a fault if that is full.</summary>
    public static void Enqueue(Exchange exchange)
    {
        Service service = exchange.Service!;
        WaitQueue queue = service.Shard(exchange.Shard.Loop.Index).QueueOn(exchange.Shard.Loop);
        if (queue.Count >= service.Settings.Capacity!.QueueMax)
        {
            exchange.Fault = Fault.OfUpstream(FaultKind.QueueFull);
            return;
        }

        exchange.Phase = ExchangePhase.Queued;
        exchange.QueuedMs = exchange.Shard.Loop.NowMs;
        exchange.Shard.Counters.Add(Counter.RequestsQueued);
        queue.Add(exchange);

        // Room may have come while those in front were leaving: whoever is first looks once more.
        queue.Wake();
    }

    public static bool IsFirst(Exchange exchange) => ReferenceEquals(QueueOf(exchange).First, exchange);

    /// <summary>Its turn came.</summary>
    public static void Dequeue(Exchange exchange) => QueueOf(exchange).Remove(exchange);

    /// <summary>It waits no more and counts no more; whoever is next may have its place.</summary>
    public static void Leave(Exchange exchange)
    {
        if (exchange.Phase == ExchangePhase.Queued)
        {
            Dequeue(exchange);
            exchange.Phase = ExchangePhase.Connecting;
            exchange.Service!.NoteRoom(exchange.Shard.Loop.Index);
        }

        GiveSlot(exchange);
    }

    private static void GiveSlot(Exchange exchange)
    {
        if (exchange.Slot is { } server)
        {
            exchange.Slot = null;
            server.GiveSlot();
            exchange.Service!.NoteRoom(exchange.Shard.Loop.Index);
        }
    }

    private static WaitQueue QueueOf(Exchange exchange) =>
        exchange.Service!.Shard(exchange.Shard.Loop.Index).Queue!;
}
