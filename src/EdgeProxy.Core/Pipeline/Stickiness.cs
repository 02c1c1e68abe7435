using System;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Sticky;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Clients that come back to the server, or member, their cookie stands for. One whose server is down, gone, a spare
/// that is not needed any more, or failed this request is given another and the cookie of that one; one whose server is
/// only busy keeps its cookie.
/// </summary>
internal static class Stickiness
{
    private static readonly FieldName SetCookie = FieldName.Of("Set-Cookie");

    /// <summary>
    /// The place of the server the client's cookie stands for, if a request may go there; else
    /// <see cref="Strategy.None"/>. For the first try only: others go where this one did not.
    /// </summary>
    public static int PlaceFor(Exchange exchange, Service service)
    {
        if (service.Sticky is not { } cookies || exchange.Tried.Count > 0)
        {
            return Strategy.None;
        }

        int place = Find(exchange, cookies);
        bool isUsable = place >= 0 && service.TakesPart(place, exchange.Shard.Loop.NowMs);
        exchange.StickyPlace = isUsable ? place : Strategy.None;
        return isUsable && service.HasRoom(service.Servers[place]) ? place : Strategy.None;
    }

    /// <summary>The place of the member of a composed service for this client, who is told so if it is news.</summary>
    public static int ChooseMember(Exchange exchange, ComposedService service, uint lot)
    {
        int loopIndex = exchange.Shard.Loop.Index;
        long nowMs = exchange.Shard.Loop.NowMs;
        if (service.Sticky is not { } cookies)
        {
            int own = service is WeightedService ? ConnectionBinding.MemberFor(exchange, service, lot) : Strategy.None;
            return own >= 0 ? own : service.Choose(loopIndex, nowMs, lot);
        }

        int place = Find(exchange, cookies);
        if (place >= 0 && service.Members[place].IsWanted && service.Members[place].Node.IsUsable(nowMs, lot))
        {
            return place;
        }

        // While none is usable nobody is moved: the answer is ours, and says nothing of a member.
        int other = service.Choose(loopIndex, nowMs, lot);
        if (!service.Members[other].Node.IsUsable(nowMs, lot))
        {
            return place >= 0 && service.Members[place].IsWanted ? place : other;
        }

        Give(exchange, cookies, other);
        return other;
    }

    /// <summary>The server tried last has answered: its client has its cookie, or is given it now.</summary>
    public static void NoteAnswer(Exchange exchange)
    {
        if (exchange.Service!.Sticky is not { } cookies)
        {
            return;
        }

        int sticky = exchange.StickyPlace;
        bool keeps = sticky >= 0 && (exchange.Tried.Last == sticky || !exchange.Tried.Contains(sticky));
        if (!keeps)
        {
            Give(exchange, cookies, exchange.Tried.Last);
        }
    }

    private static void Give(Exchange exchange, StickyCookies cookies, int place) =>
        exchange.ResponseEdits.Append(SetCookie, cookies.SetCookie(place, exchange.IsHttps));

    // The first that is genuine: an old one of another path or domain may stand before it. A client that sends many is
    // not worth the time.
    private static int Find(Exchange exchange, StickyCookies cookies)
    {
        var pairs = new CookiePairs(exchange.Request, exchange.ClientSource.Head);
        int place = Strategy.None;
        for (int seen = 0; place < 0 && seen < StickyLimits.CookiesMax && pairs.Next();)
        {
            if (pairs.Name.SequenceEqual(cookies.Name.Span))
            {
                place = cookies.PlaceOf(pairs.Value);
                seen++;
            }
        }

        return place;
    }
}
