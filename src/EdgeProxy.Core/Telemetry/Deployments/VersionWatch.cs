using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>
/// Marks the versions that servers tell of themselves: one that no other server of the service runs, in the place of
/// another, is deployed; so is one that was there before and comes back. What servers tell when the proxy starts is no
/// deployment. Any thread.
/// </summary>
internal sealed class VersionWatch(TimeProvider time, Action<Deployment> mark)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Dictionary<string, string>> _running = [];
    private readonly Queue<DateTimeOffset> _marks = new();

    /// <summary>Versions that were not marked because servers told of too many.</summary>
    public long Ignored { get; private set; }

    /// <summary>A server tells of a version it did not tell of before.</summary>
    public void Saw(string service, string server, string version)
    {
        Deployment? deployment = null;
        lock (_lock)
        {
            if (IsNew(service, server, version))
            {
                DateTimeOffset now = time.GetUtcNow();
                while (_marks.TryPeek(out DateTimeOffset oldest) && now - oldest > DeploymentLimits.SeenWindow)
                {
                    _marks.Dequeue();
                }

                if (_marks.Count < DeploymentLimits.SeenPerWindow)
                {
                    _marks.Enqueue(now);
                    deployment = new Deployment { Service = service, Version = version, Source = "header", At = now };
                }
                else
                {
                    Ignored++;
                }
            }
        }

        if (deployment is not null)
        {
            mark(deployment);
        }
    }

    private bool IsNew(string service, string server, string version)
    {
        if (!_running.TryGetValue(service, out Dictionary<string, string>? servers))
        {
            _running.Add(service, servers = []);
        }

        // Servers come and go with names: a service of that many is looked at anew.
        if (servers.Count >= DeploymentLimits.SeenServersMax && !servers.ContainsKey(server))
        {
            servers.Clear();
        }

        bool isFirst = servers.Count == 0;
        bool isKnown = servers.TryGetValue(server, out string? before) && before == version;
        servers[server] = version;
        return !isFirst && !isKnown && !RunsElsewhere(servers, server, version);
    }

    private static bool RunsElsewhere(Dictionary<string, string> servers, string server, string version)
    {
        foreach ((string other, string running) in servers)
        {
            if (other != server && running == version)
            {
                return true;
            }
        }

        return false;
    }
}
