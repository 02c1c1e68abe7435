using EdgeProxy.Services;

namespace EdgeProxy.Pipeline;

/// <summary>Step (4): which server an exchange goes to, first and when it is tried again.</summary>
internal static class ServerChoice
{
    /// <summary>A server not tried yet becomes the exchange's; false if there is none.</summary>
    public static bool TryPick(Exchange exchange)
    {
        Service service = exchange.Service!;
        int place = Stickiness.PlaceFor(exchange, service);
        place = place < 0 ? ConnectionBinding.PlaceFor(exchange, service) : place;
        if (place < 0 || !Capacity.TryTake(exchange, service, service.Servers[place]))
        {
            place = PickOther(exchange, service);
        }

        if (place < 0)
        {
            return false;
        }

        exchange.Tried.Add(place);
        exchange.Attempts++;
        Server server = service.Servers[place];
        exchange.Server = server;
        if (server.Health.NoteUsed(exchange.Shard.Loop.NowMs))
        {
            exchange.Shard.Reports.Returned(server);
        }

        return true;
    }

    private static int PickOther(Exchange exchange, Service service)
    {
        ulong? key = service.Settings.Hash is { } hash ? HashKey.Of(exchange, hash) : null;
        int place;
        do
        {
            place = service.Pick(exchange.Shard.Loop.Index, exchange.Shard.Loop.NowMs, in exchange.Tried, key);
        }
        while (place >= 0 && !Capacity.TryTake(exchange, service, service.Servers[place]));

        return place;
    }
}
