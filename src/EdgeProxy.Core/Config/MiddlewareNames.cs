using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Config;

/// <summary>Looks up the names of middlewares: those of routers, and those of chains, which are resolved.</summary>
internal sealed class MiddlewareNames(ConfigFaults faults, IReadOnlyList<MiddlewareDocument> documents)
{
    private const string Finders = "api_key, basic_auth or jwt";

    private readonly Dictionary<string, MiddlewareDocument> _byName = Index(documents);

    /// <summary>Reports names in chains that do not exist, and chains that contain themselves.</summary>
    public void CheckChains()
    {
        foreach (MiddlewareDocument document in documents)
        {
            if (document.Chain is not { } chain)
            {
                continue;
            }

            foreach (Placed<string> name in chain)
            {
                if (ReportUnknown(name, $"middlewares.{document.Name}.chain.middlewares"))
                {
                    continue;
                }

                if (Reaches(name.Value, document.Name, []))
                {
                    faults.Add(name.Node, $"middlewares.{document.Name}.chain.middlewares",
                        $"{name.Node.Describe()} leads back to this chain");
                }
            }
        }
    }

    /// <summary>
    /// The names a table lists, with chains replaced by what they stand for; those that do not exist are reported.
    /// </summary>
    /// <param name="table">Its path: "routers.app".</param>
    public List<string> Resolve(string table, IReadOnlyList<Placed<string>> names)
    {
        var resolved = new List<string>();
        foreach (Placed<string> name in names)
        {
            if (!ReportUnknown(name, $"{table}.middlewares") && !Reaches(name.Value, name.Value, []))
            {
                int known = resolved.Count;
                Add(name.Value, resolved);
                ReportTwice(table, name, resolved, known);
            }
        }

        return resolved;
    }

    // A limit would count twice, and who proved who they are would be refused for the credential that is gone.
    private void ReportTwice(string table, Placed<string> name, List<string> resolved, int known)
    {
        for (int i = known; i < resolved.Count; i++)
        {
            int first = resolved.IndexOf(resolved[i]);
            if (first < i)
            {
                string through = name.Value == resolved[i] ? "" : $"{name.Node.Describe()} brings ";
                faults.Add(name.Node, $"{table}.middlewares",
                    $"{through}{resolved[i]} a second time; a router applies each middleware once");
                resolved.RemoveRange(i, resolved.Count - i);
                return;
            }
        }
    }

    /// <summary>What must not be in the list of all that a router applies.</summary>
    /// <param name="at">Where faults are reported.</param>
    /// <param name="key">As which key.</param>
    /// <returns>Whether there was a fault.</returns>
    public bool ReportMisuse(TomlNode at, string key, List<string> resolved)
    {
        if (resolved.Count > ConfigLimits.MiddlewaresMax)
        {
            faults.Add(at, key, $"has {resolved.Count} middlewares; the most are {ConfigLimits.MiddlewaresMax}");
            return true;
        }

        for (int i = 1; i < resolved.Count; i++)
        {
            if (resolved.IndexOf(resolved[i]) < i)
            {
                faults.Add(at, key, $"{resolved[i]} is applied by the entrypoint already");
                return true;
            }
        }

        // What counts by consumer needs to be told who it is: without that everybody would count together.
        foreach (string name in resolved)
        {
            switch (_byName[name].Settings)
            {
                case IdentitySettings:
                    return false;
                case RateLimitSettings limit when limit.Source.Has(SourceKind.Consumer):
                case InFlightSettings share when share.Source.Has(SourceKind.Consumer):
                    faults.Add(at, key,
                        $"{name} counts by consumer; put a middleware that finds the consumer before it, {Finders}");
                    return true;
            }
        }

        return false;
    }

    private static Dictionary<string, MiddlewareDocument> Index(IReadOnlyList<MiddlewareDocument> documents)
    {
        var index = new Dictionary<string, MiddlewareDocument>(documents.Count);
        foreach (MiddlewareDocument document in documents)
        {
            index[document.Name] = document;
        }

        return index;
    }

    private void Add(string name, List<string> resolved)
    {
        if (resolved.Count > ConfigLimits.MiddlewaresMax
            || !_byName.TryGetValue(name, out MiddlewareDocument? document))
        {
            return;
        }

        if (document.Chain is not { } chain)
        {
            resolved.Add(name);
            return;
        }

        foreach (Placed<string> member in chain)
        {
            Add(member.Value, resolved);
        }
    }

    private bool ReportUnknown(Placed<string> name, string key)
    {
        if (_byName.ContainsKey(name.Value) || faults.HasSyntaxFault)
        {
            return false;
        }

        faults.Add(name.Node, key,
            $"there is no middleware {name.Node.Describe()}{NearestWord.Hint(name.Value, [.. _byName.Keys])}");
        return true;
    }

    private bool Reaches(string from, string to, HashSet<string> seen)
    {
        if (!_byName.TryGetValue(from, out MiddlewareDocument? document) || document.Chain is not { } chain)
        {
            return from == to && seen.Count > 0;
        }

        if (!seen.Add(from))
        {
            return false;
        }

        foreach (Placed<string> name in chain)
        {
            if (name.Value == to || Reaches(name.Value, to, seen))
            {
                return true;
            }
        }

        return false;
    }
}
