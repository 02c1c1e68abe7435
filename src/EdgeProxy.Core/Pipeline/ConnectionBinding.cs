using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Authentication that is a connection's, not a request's (NTLM, and Negotiate where it is NTLM within; RFC 4559
/// section 6): a server's connection on which it is spoken belongs to the client's connection from then on (ADR-0153).
/// With HTTP/2 there is none, on either side: a client of HTTP/2 has no connection that one could belong to, and what
/// is spoken to a server of HTTP/2 is of the request alone (RFC 9113 section 8.3.1 has nothing for it).
/// </summary>
internal static class ConnectionBinding
{
    /// <summary>The client proves who it is to the connection, and the server will see it.</summary>
    public static bool HasCredentials(Exchange exchange)
    {
        RequestHead request = exchange.Request;
        return (request.Has(KnownHeader.Authorization) || request.Has(KnownHeader.ProxyAuthorization))
            && exchange.Call is null && HasCredentials(request, exchange.ClientSource.Head, exchange.RequestEdits);
    }

    /// <param name="request">Of the client.</param>
    /// <param name="head">What <paramref name="request"/> was read from.</param>
    /// <param name="edits">What is made of it: a field that they drop is not seen by the server.</param>
    public static bool HasCredentials(RequestHead request, ReadOnlySpan<byte> head, HeaderEdits edits)
    {
        foreach (ref readonly HeaderField field in request.Fields)
        {
            if (field.Known is KnownHeader.Authorization or KnownHeader.ProxyAuthorization
                && NamesOne(field.Value.Of(head)) && !edits.Drops(field.Name.Of(head)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// A server wants the connection authenticated, or tells of the next step: whatever it knows of its client by now
    /// is of this one.
    /// </summary>
    /// <param name="head">What <paramref name="response"/> was read from.</param>
    public static bool IsAskedFor(ResponseHead response, ReadOnlySpan<byte> head)
    {
        if (!response.Has(KnownHeader.WwwAuthenticate) && !response.Has(KnownHeader.ProxyAuthenticate))
        {
            return false;
        }

        foreach (ref readonly HeaderField field in response.Fields)
        {
            if (field.Known is KnownHeader.WwwAuthenticate or KnownHeader.ProxyAuthenticate
                && NamesOne(field.Value.Of(head)))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// What the server answers to credentials is a step of a handshake: it goes to its client as it is, for with a page
    /// in its place the connection would go that the next step is for.
    /// </summary>
    public static bool IsStep(Exchange exchange) =>
        exchange is { HasConnectionCredentials: true, Call: null, IsBound: true }
        && IsAskedFor(exchange.Response, exchange.ResponseHeadBytes);

    /// <summary>
    /// An idle connection of the server that this exchange may have: the client's own, else, unless it is about to
    /// authenticate one, anybody's.
    /// </summary>
    public static UpstreamConnection? Take(Exchange exchange, ServerPool pool, in ConnectionEnds client)
    {
        if (pool.Server.IsHttp2)
        {
            return pool.Take(exchange.Owner, client);
        }

        bool isOwn = exchange.Call is null;
        UpstreamConnection? own = isOwn && exchange.Bond is { } bond ? pool.TakeBound(bond, exchange.Owner) : null;

        // Credentials are sent once (Retry), so not on a connection that may be stale.
        return own is not null || (isOwn && exchange.HasConnectionCredentials)
            ? own
            : pool.Take(exchange.Owner, client);
    }

    /// <summary>The exchange's request is about to be sent on its connection.</summary>
    public static void NoteRequest(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        upstream.IsBound |= exchange.HasConnectionCredentials && exchange.Call is null && !upstream.Server.IsHttp2;
    }

    /// <summary>The final head of an answer came on the exchange's connection.</summary>
    public static void NoteAnswer(Exchange exchange)
    {
        UpstreamConnection upstream = exchange.Upstream!;
        upstream.IsBound |= !upstream.Server.IsHttp2 && IsAskedFor(exchange.Response, exchange.UpstreamSource.Unread);
    }

    /// <summary>
    /// Gives back a connection whose message boundary is proven: to the client it is bound to, if any.
    /// </summary>
    public static void Put(Exchange exchange, UpstreamConnection connection)
    {
        if (connection.IsBound && exchange.CanBind && exchange.Call is null)
        {
            exchange.Bond ??= new ClientBond();
            connection.Pool.PutBound(connection, exchange.Bond);
        }
        else
        {
            connection.Pool.Put(connection);
        }
    }

    /// <summary>
    /// The place of a server that the client authenticated a connection to, if a request may go there; else -1. For the
    /// first try only.
    /// </summary>
    public static int PlaceFor(Exchange exchange, Service service) =>
        exchange is { Bond: { Count: > 0 } bond, Call: null } && exchange.Tried.Count == 0
            ? bond.PlaceIn(service, exchange.Shard.Loop.NowMs)
            : -1;

    /// <summary>The place of the member with such a server; -1 without.</summary>
    public static int MemberFor(Exchange exchange, ComposedService service, uint lot)
    {
        for (int place = 0; exchange.Bond is { Count: > 0 } && place < service.Members.Length; place++)
        {
            ServiceMember member = service.Members[place];
            if (member.IsWanted && member.Node.IsUsable(exchange.Shard.Loop.NowMs, lot)
                && Leads(exchange, member.Node, lot))
            {
                return place;
            }
        }

        return -1;
    }

    // A failover and a mirror have one member that answers now: to ask for it changes nothing.
    private static bool Leads(Exchange exchange, ServiceNode node, uint lot)
    {
        EpollLoop loop = exchange.Shard.Loop;
        while (node is FailoverService or MirrorService)
        {
            var composed = (ComposedService)node;
            node = composed.Members[composed.Choose(loop.Index, loop.NowMs, lot)].Node;
        }

        return node is WeightedService inner ? MemberFor(exchange, inner, lot) >= 0
            : node is Service service && PlaceFor(exchange, service) >= 0;
    }

    // RFC 9110 section 11.6.1: challenges are separated by commas as their parameters are. Credentials are no list, but
    // who joins fields makes one of them. Taking a parameter, or what stands in quotes, for a scheme costs a connection
    // and nothing else.
    private static bool NamesOne(ReadOnlySpan<byte> value)
    {
        while (!value.IsEmpty)
        {
            int comma = value.IndexOf((byte)',');
            if (IsOfConnections((comma < 0 ? value : value[..comma]).Trim(" \t"u8)))
            {
                return true;
            }

            value = comma < 0 ? default : value[(comma + 1)..];
        }

        return false;
    }

    // Schemes that servers of Windows hold a connection to; Nego2 is what Negotiate becomes, CredSSP has it within.
    private static bool IsOfConnections(ReadOnlySpan<byte> credentials)
    {
        int end = credentials.IndexOfAny((byte)' ', (byte)'\t'); // a tab is no space, but some take it for one
        ReadOnlySpan<byte> scheme = end < 0 ? credentials : credentials[..end];
        return scheme.Length switch
        {
            4 => Ascii.EqualsIgnoreCase(scheme, "ntlm"u8),
            5 => Ascii.EqualsIgnoreCase(scheme, "nego2"u8),
            7 => Ascii.EqualsIgnoreCase(scheme, "credssp"u8),
            8 => Ascii.EqualsIgnoreCase(scheme, "kerberos"u8),
            9 => Ascii.EqualsIgnoreCase(scheme, "negotiate"u8),
            _ => false,
        };
    }
}
