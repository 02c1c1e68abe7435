using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Routing;

namespace EdgeProxy.Config;

/// <summary>
/// What entrypoints say of routers and of each other: who is meant where no entrypoint is named, steps before those of
/// a router, redirects.
/// </summary>
internal sealed class EntryPointChecks
{
    // No name of a router or a middleware has this sign.
    private const string RedirectName = "@redirect";
    private const string EveryPath = "PathPrefix(`/`)";

    private readonly ConfigFaults _faults;
    private readonly List<PlacedEntryPoint> _entryPoints;
    private readonly MiddlewareNames _middlewares;

    public EntryPointChecks(
        ConfigFaults faults, TomlTable names, List<PlacedEntryPoint> entryPoints, MiddlewareNames middlewares)
    {
        _faults = faults;
        _entryPoints = entryPoints;
        _middlewares = middlewares;
        bool hasDefault = entryPoints.Exists(static entryPoint => entryPoint.IsDefault);
        foreach (TomlEntry entry in names.Entries)
        {
            All.Add(entry.Key);
            PlacedEntryPoint? read = Find(entry.Key);
            if (read?.Redirect is null && (!hasDefault || read?.IsDefault == true))
            {
                Defaults.Add(entry.Key);
            }
        }
    }

    /// <summary>Names of all entrypoints, those at fault included.</summary>
    public List<string> All { get; } = [];

    /// <summary>Where a router takes requests from that does not say.</summary>
    public List<string> Defaults { get; } = [];

    /// <summary>The entrypoints with their steps; faults are reported.</summary>
    public List<PlacedEntryPoint> Complete()
    {
        for (int i = 0; i < _entryPoints.Count; i++)
        {
            PlacedEntryPoint entryPoint = _entryPoints[i];
            string path = $"entrypoints.{entryPoint.Settings.Name}";
            List<string> steps = _middlewares.Resolve(path, entryPoint.Middlewares);
            _entryPoints[i] = entryPoint with
            {
                Settings = entryPoint.Settings with { Middlewares = new Sequence<string>(steps) },
            };
            if (entryPoint.Redirect is not { } redirect)
            {
                continue;
            }

            if (entryPoint.Middlewares is [var first, ..])
            {
                _faults.Add(first.Node, $"{path}.middlewares", "do nothing here: every request is redirected");
            }

            if (entryPoint.IsDefault && entryPoint.Table.TryFind("as_default", out TomlEntry isDefault))
            {
                _faults.Add(isDefault.Value, $"{path}.as_default", "does nothing here: every request is redirected");
            }

            CheckRedirect(entryPoint, redirect);
        }

        return _entryPoints;
    }

    /// <summary>The entrypoints a router names; unknown ones, and those where it gets nothing, are reported.</summary>
    public List<string> Resolve(string router, IReadOnlyList<Placed<string>> names)
    {
        var known = new List<string>(names.Count);
        foreach (Placed<string> name in names)
        {
            if (!All.Contains(name.Value) && !_faults.HasSyntaxFault)
            {
                _faults.Add(name.Node, $"routers.{router}.entrypoints",
                    $"there is no entrypoint {name.Node.Describe()}{NearestWord.Hint(name.Value, All)}");
            }
            else if (Find(name.Value)?.Redirect is { } redirect)
            {
                _faults.Add(name.Node, $"routers.{router}.entrypoints",
                    $"entrypoint {name.Value} sends every request to {ConfigText.Shorten(redirect.To.Value, 40)}; name "
                        + "that one");
            }
            else
            {
                known.Add(name.Value);
            }
        }

        return known;
    }

    /// <summary>Reports what must not be among an entrypoint's steps and the router's together.</summary>
    public void CheckSteps(RouterDocument router, List<string> entryPoints, List<string> own)
    {
        TomlNode at = router.Middlewares is [var first, ..] ? first.Node : router.Table;
        var seen = new HashSet<Sequence<string>>();
        foreach (string name in entryPoints)
        {
            Sequence<string> before = Find(name)?.Settings.Middlewares ?? Sequence<string>.Empty;
            if (seen.Add(before) && _middlewares.ReportMisuse(at, $"routers.{router.Name}.middlewares",
                [.. before, .. own]))
            {
                return;
            }
        }
    }

    /// <summary>Adds what answers on entrypoints that redirect: a router each, with a step that does it.</summary>
    public void AddRedirects(List<RouterSettings> routers, List<MiddlewareSettings> middlewares)
    {
        foreach (PlacedEntryPoint entryPoint in _entryPoints)
        {
            if (entryPoint.Redirect is not { } redirect || Find(redirect.To.Value) is not { } target)
            {
                continue;
            }

            string name = entryPoint.Settings.Name + RedirectName;
            middlewares.Add(new RedirectEntryPointSettings
            {
                Name = name,
                IsHttps = target.Settings.Tls is not null,
                Port = redirect.Port > 0 ? redirect.Port : target.Settings.Address.Port,
                IsPermanent = redirect.IsPermanent,
            });
            routers.Add(new RouterSettings
            {
                Name = name,
                EntryPoints = [entryPoint.Settings.Name],
                RuleText = EveryPath,
                Rule = RuleParser.Parse(EveryPath, out _)!,
                Service = "",
                Middlewares = new Sequence<string>([name]),
            });
        }
    }

    private void CheckRedirect(PlacedEntryPoint entryPoint, RedirectDocument redirect)
    {
        string key = $"entrypoints.{entryPoint.Settings.Name}.redirect.entrypoint";
        TomlNode at = redirect.To.Node;
        PlacedEntryPoint? target = Find(redirect.To.Value);
        if (target is null)
        {
            if (!All.Contains(redirect.To.Value) && !_faults.HasSyntaxFault)
            {
                _faults.Add(at, key,
                    $"there is no entrypoint {at.Describe()}{NearestWord.Hint(redirect.To.Value, All)}");
            }
        }
        else if (target.Redirect is not null)
        {
            _faults.Add(at, key, $"{at.Describe()} redirects every request itself; name an entrypoint that answers");
        }
        else if (redirect.Port == 0 && target.Settings.Address.Port == 0)
        {
            _faults.Add(at, key, $"{at.Describe()} has no port that is known; write port beside it");
        }
    }

    private PlacedEntryPoint? Find(string name) =>
        _entryPoints.Find(entryPoint => entryPoint.Settings.Name == name);
}
