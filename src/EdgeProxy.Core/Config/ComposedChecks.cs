using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;
using EdgeProxy.Services.Sticky;

namespace EdgeProxy.Config;

/// <summary>
/// What composed services ask of those below them, once their names are known to lead somewhere and never back: a
/// failover can fall back, what has to send a request again can do so, and no two share a cookie.
/// </summary>
internal sealed class ComposedChecks(
    ConfigFaults faults,
    List<ServiceSettings> services,
    Dictionary<string, ComposedDocument> composed,
    HashSet<string> aiServices)
{
    private readonly Dictionary<string, Dictionary<string, string>> _cookies = [];

    public void Check()
    {
        foreach (ComposedDocument document in composed.Values)
        {
            if (document.Kind == ComposedKind.Failover && document.Members.Count > 0)
            {
                CheckFailover(document);
            }

            if (document.Kind == ComposedKind.Mirror)
            {
                CheckReadsNoBodies(
                    document, "a mirror copies requests as they come", "name services with servers here");
            }

            _ = CookiesOf(document.Name);
        }
    }

    // One that could never do anything is a mistake its author finds out about when it is too late.
    private void CheckFailover(ComposedDocument document)
    {
        if (!document.Others.Statuses.Equals(StatusSet.Empty))
        {
            CheckReadsNoBodies(
                document,
                "a failover with statuses sends a request to a second service as it came",
                "write the other model as a further target of the first");
            return;
        }

        Placed<string> main = document.Members[FailoverService.Main].Name;
        if (!CanFail(main.Value))
        {
            faults.Add(main.Node, document.Path,
                $"{main.Node.Describe()} is never without a usable server, so nothing falls back; give it a "
                    + "health_check, a circuit_breaker, or a passive_health_check with ejected_share_max = 100, or "
                    + "write statuses");
        }
    }

    private bool CanFail(string name)
    {
        if (composed.TryGetValue(name, out ComposedDocument? document))
        {
            bool can = true;
            foreach (PlacedMember member in Answering(document))
            {
                can &= member.Weight == 0 || CanFail(member.Name.Value);
            }

            return can;
        }

        ServiceSettings? service = services.Find(service => service.Name == name);

        // What could not be read is reported already.
        return service is null || service.HealthCheck is not null || service.Breaker is not null
            || service.PassiveHealth?.EjectedShareMax == 100;
    }

    // Those whose answers go to clients.
    private static IEnumerable<PlacedMember> Answering(ComposedDocument document) =>
        document.Kind == ComposedKind.Mirror ? document.Members.Take(1) : document.Members;

    // An AI service makes a request of its own out of what it read, and has its own way to ask somebody else.
    private void CheckReadsNoBodies(ComposedDocument document, string reason, string advice)
    {
        foreach (PlacedMember member in document.Members)
        {
            if (AiBelow(member.Name.Value) is { } ai)
            {
                string leads = ai == member.Name.Value ? "is" : $"leads to \"{ai}\", which is";
                faults.Add(member.Name.Node, document.Path,
                    $"{member.Name.Node.Describe()} {leads} an AI service, and {reason}; {advice}");
            }
        }
    }

    private string? AiBelow(string name)
    {
        if (aiServices.Contains(name))
        {
            return name;
        }

        string? found = null;
        foreach (PlacedMember member in composed.GetValueOrDefault(name)?.Members ?? [])
        {
            found ??= AiBelow(member.Name.Value);
        }

        return found;
    }

    // The names of cookies a request may be given below a service, and by whom. Two of one name take turns at a client,
    // and none of them would ever find its own.
    private Dictionary<string, string> CookiesOf(string name)
    {
        if (_cookies.TryGetValue(name, out Dictionary<string, string>? known))
        {
            return known;
        }

        var cookies = new Dictionary<string, string>(StringComparer.Ordinal);
        _cookies.Add(name, cookies);
        ComposedDocument? document = composed.GetValueOrDefault(name);
        StickySettings? own = document is null
            ? services.Find(service => service.Name == name)?.Sticky
            : document.Others.Sticky;
        if (own is not null)
        {
            cookies.Add(StickyCookies.NameOf(own, name), name);
        }

        foreach (PlacedMember member in document is null ? [] : Answering(document))
        {
            foreach ((string cookie, string owner) in CookiesOf(member.Name.Value))
            {
                if (!cookies.TryAdd(cookie, owner) && cookies[cookie] != owner)
                {
                    faults.Add(member.Name.Node, document!.Path,
                        $"services \"{cookies[cookie]}\" and \"{owner}\" give the same clients a cookie "
                            + $"\"{cookie}\"; give one of them another cookie.name");
                }
            }
        }

        return cookies;
    }
}
