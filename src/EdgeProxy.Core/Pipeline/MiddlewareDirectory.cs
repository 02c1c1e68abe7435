using System;
using System.Collections.Generic;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Every middleware of the running configuration. A new configuration keeps those it leaves unchanged, with what they
/// have counted. Used by the reloading thread only.
/// </summary>
internal sealed class MiddlewareDirectory(Func<MiddlewareSettings, Middleware> build)
{
    private Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> _running = [];

    /// <summary>The middlewares of a configuration, by name, kept or built. Changes nothing that runs.</summary>
    public Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> Prepare(
        IReadOnlyList<MiddlewareSettings> settings)
    {
        var prepared = new Dictionary<string, (MiddlewareSettings, Middleware)>(settings.Count);
        foreach (MiddlewareSettings wanted in settings)
        {
            bool isKept = _running.TryGetValue(
                wanted.Name, out (MiddlewareSettings Settings, Middleware Middleware) known)
                && known.Settings.Equals(wanted);
            Middleware middleware = isKept ? known.Middleware : build(wanted);
            middleware.Name = wanted.Name;
            prepared.Add(wanted.Name, (wanted, middleware));
        }

        return prepared;
    }

    /// <summary>Takes prepared middlewares as the running ones.</summary>
    public void Commit(Dictionary<string, (MiddlewareSettings Settings, Middleware Middleware)> prepared) =>
        _running = prepared;
}
