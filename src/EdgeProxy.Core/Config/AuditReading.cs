using System.Collections.Generic;
using EdgeProxy.Ai;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Pipeline;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config;

/// <summary>
/// Which routers are audited: those that say so, all if [audit] says so, and each that leads to models; and what
/// routers say of it in vain.
/// </summary>
internal sealed class AuditReading(
    ConfigFaults faults, AuditSettings? audit, AiSettings ai, IReadOnlyList<ComposedDocument> composed)
{
    /// <summary>The same routers with what of each is recorded.</summary>
    public List<RouterSettings> Complete(List<RouterSettings> routers, List<RouterDocument> documents)
    {
        var scopes = new Dictionary<string, AuditScope>(documents.Count);
        foreach (RouterDocument document in documents)
        {
            scopes[document.Name] = ScopeOf(document);
        }

        foreach (RouterDocument document in documents)
        {
            CheckPayloads(document, scopes[document.Name]);
        }

        return routers.ConvertAll(router => router with
        {
            Audit = scopes[router.Name],
            Payloads = documents.Find(document => document.Name == router.Name)!.Payloads,
        });
    }

    private AuditScope ScopeOf(RouterDocument router)
    {
        bool isOfModels = router.Service is { } service && LeadsToModels(service.Value, depth: 0);
        if (audit is null)
        {
            ReportIf(router.IsAudited == true, router, RouterTable.Audit.Name,
                "has no chain to record in; write [audit]");
            ReportIf(router.TakesDigests == true, router, RouterTable.AuditDigests.Name,
                "does nothing: there is no [audit]");
            return AuditScope.None;
        }

        if (isOfModels)
        {
            ReportIf(router.IsAudited == false, router, RouterTable.Audit.Name,
                "cannot be false: calls of models are always recorded where there is [audit]");
            ReportIf(router.TakesDigests == false, router, RouterTable.AuditDigests.Name,
                "cannot be false: records of calls of models always have them");
            return AuditScope.Digests;
        }

        bool isAudited = router.IsAudited ?? audit.AllRouters;
        ReportIf(router.TakesDigests == true && !isAudited, router, RouterTable.AuditDigests.Name,
            "does nothing: the router is not audited");
        return !isAudited ? AuditScope.None : router.TakesDigests == true ? AuditScope.Digests : AuditScope.Facts;
    }

    private void CheckPayloads(RouterDocument router, AuditScope scope)
    {
        bool isKept = router.Payloads != PayloadMode.None;
        ReportIf(isKept && scope == AuditScope.None, router, RouterTable.AuditPayloads.Name,
            "does nothing: the router is not audited");
        ReportIf(router.Payloads == PayloadMode.Sealed && audit is { Payloads.PublicKeyFile: null }, router,
            RouterTable.AuditPayloads.Name, "has no key to seal to; write audit.payloads.public_key_file");
    }

    // A circle is a fault of its own; the depth ends the looking.
    private bool LeadsToModels(string service, int depth)
    {
        foreach (AiServiceSettings candidate in ai.Services)
        {
            if (candidate.Name == service)
            {
                return true;
            }
        }

        foreach (ComposedDocument candidate in composed)
        {
            if (candidate.Name == service && depth <= ComposedLimits.NestingMax)
            {
                return AnyLeadsToModels(candidate.Members, depth + 1);
            }
        }

        return false;
    }

    private bool AnyLeadsToModels(IReadOnlyList<PlacedMember> members, int depth)
    {
        foreach (PlacedMember member in members)
        {
            if (LeadsToModels(member.Name.Value, depth))
            {
                return true;
            }
        }

        return false;
    }

    private void ReportIf(bool isSo, RouterDocument router, string key, string what)
    {
        if (isSo && router.Table.TryFind(key, out TomlEntry entry) && !faults.HasSyntaxFault)
        {
            faults.Add(entry.Value, $"routers.{router.Name}.{key}", what);
        }
    }
}
