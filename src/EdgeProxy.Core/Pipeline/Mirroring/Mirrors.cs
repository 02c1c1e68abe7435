using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Breaking;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline.Mirroring;

/// <summary>
/// The copies of an exchange's request: begun when a mirror service is passed, filled while the request is sent, let go
/// when it is sent whole. To the exchange they cost a copy in memory; what becomes of them it never learns.
/// </summary>
internal static class Mirrors
{
    /// <summary>Those mirrors that get a copy of this request have one begun.</summary>
    public static void Begin(Exchange exchange, MirrorService service, uint lot)
    {
        // A tunnel has no request that could be sent twice.
        if (exchange.Request.WantsUpgrade)
        {
            return;
        }

        int loopIndex = exchange.Shard.Loop.Index;
        for (int place = MirrorService.Main + 1; place < service.Members.Length; place++)
        {
            if (service.IsDue(place, loopIndex) && !TryBegin(exchange, service, place, lot))
            {
                exchange.Shard.Counters.Add(Counter.MirrorsDropped);
            }
        }
    }

    /// <summary>The request is sent once more, from its start.</summary>
    public static void Restart(Exchange exchange)
    {
        for (MirrorCall? call = exchange.Mirror; call is not null; call = call.Next)
        {
            call.Restart();
        }
    }

    /// <summary>The request was sent whole: so are its copies from here on, on their own.</summary>
    public static void Send(Exchange exchange)
    {
        while (exchange.Mirror is { } call)
        {
            exchange.Mirror = call.Next;
            call.Send();
        }
    }

    /// <summary>The exchange is over. A request that was not sent whole is whole in its copy if it had no
    /// body.</summary>
    public static void End(Exchange exchange)
    {
        bool isWhole = exchange.Request.Framing == BodyFraming.None;
        while (exchange.Mirror is { } call)
        {
            exchange.Mirror = call.Next;
            if (isWhole)
            {
                call.Send();
            }
            else
            {
                call.Drop();
            }
        }
    }

    private static bool TryBegin(Exchange exchange, MirrorService mirror, int place, uint lot)
    {
        Shard shard = exchange.Shard;
        long nowMs = shard.Loop.NowMs;
        RequestHead request = exchange.Request;
        if (request.Framing == BodyFraming.ContentLength && request.ContentLength > mirror.Settings.BodyBytesMax)
        {
            return false;
        }

        if (mirror.Resolve(place, shard.Loop.Index, nowMs, lot) is not { } service || !Admits(shard, service, lot))
        {
            return false;
        }

        ServiceMember member = mirror.Members[place];
        if (!member.Share.TryEnter(mirror.Settings.InFlightMax))
        {
            return false;
        }

        if (TryPick(exchange, service) is not { } server)
        {
            member.Share.Leave();
            return false;
        }

        member.Share.Count(shard.Loop.Index);
        MirrorCall call = shard.Mirrors.Rent();
        call.Begin(exchange, service, server, member.Share, mirror.Settings.BodyBytesMax);
        call.Next = exchange.Mirror;
        exchange.Mirror = call;
        return true;
    }

    private static bool Admits(Shard shard, Service service, uint lot)
    {
        if (service.Breaker is not { } breaker)
        {
            return true;
        }

        BreakerState state = breaker.StateAt(shard.Loop.NowMs);
        if (state != BreakerState.Open)
        {
            Outcomes.Announce(service, breaker, state, shard);
        }

        return breaker.Admits(shard.Loop.NowMs, lot);
    }

    // One with room now: a copy does not wait.
    private static Server? TryPick(Exchange exchange, Service service)
    {
        Shard shard = exchange.Shard;
        ulong? key = service.Settings.Hash is { } hash ? HashKey.Of(exchange, hash) : null;
        var none = default(TriedServers);
        int place = service.Pick(shard.Loop.Index, shard.Loop.NowMs, in none, key);
        if (place < 0)
        {
            return null;
        }

        Server server = service.Servers[place];
        if (service.RequestsMax > 0 && !server.TryTakeSlot(service.RequestsMax))
        {
            return null;
        }

        if (server.Health.NoteUsed(shard.Loop.NowMs))
        {
            shard.Reports.Returned(server);
        }

        return server;
    }
}
