using EdgeProxy.Services;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Pipeline;

/// <summary>
/// From what a route names to the service with servers that answers this exchange: composed services choose on the
/// way, each once.
/// </summary>
internal static class ServiceChoice
{
    public static Service Of(Exchange exchange)
    {
        Shard shard = exchange.Shard;
        ServiceNode node = exchange.Route!.Service;
        while (node is ComposedService composed)
        {
            int place = Stickiness.ChooseMember(exchange, composed);
            ServiceMember member = composed.Members[place];
            member.Share.Count(shard.Loop.Index);
            if (composed is FailoverService failover && failover.NoteSwitch(place))
            {
                shard.Reports.Switched(composed.Name, member.Node.Name, isFallback: place == FailoverService.Fallback);
            }

            node = member.Node;
        }

        return (Service)node;
    }
}
