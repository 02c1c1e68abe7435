using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry.Deployments;

/// <summary>The deployments heard of, latest last, within bounds. Any thread.</summary>
internal sealed class DeploymentList
{
    private readonly Lock _lock = new();
    private readonly List<Deployment> _all = [];

    public IReadOnlyList<Deployment> All
    {
        get
        {
            lock (_lock)
            {
                return [.. _all];
            }
        }
    }

    /// <summary>Hears of each that is new. On the thread that adds it.</summary>
    public Action<Deployment>? OnAdded { get; set; }

    /// <summary>False if it is known already: CI systems send things twice.</summary>
    public bool Add(Deployment deployment)
    {
        lock (_lock)
        {
            if (_all.Exists(known => known with { ConfigHash = deployment.ConfigHash } == deployment))
            {
                return false;
            }

            _all.Add(deployment);
            RemoveOldest(deployment.Service, DeploymentLimits.PerService);
            RemoveOldest(null, DeploymentLimits.All);
        }

        OnAdded?.Invoke(deployment);
        return true;
    }

    private void RemoveOldest(string? service, int most)
    {
        int count = 0;
        for (int i = _all.Count - 1; i >= 0; i--)
        {
            if ((service is null || _all[i].Service == service) && ++count > most)
            {
                _all.RemoveAt(i);
            }
        }
    }
}
