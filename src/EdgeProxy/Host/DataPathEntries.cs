using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Control;
using EdgeProxy.EntryPoints;

namespace EdgeProxy.Host;

/// <content>Metrics of entrypoints, and of the certificates they show.</content>
internal sealed partial class DataPath
{
    private void CollectEntryPoints(ICollection<MetricSample> samples)
    {
        List<EntryPoint> entryPoints = Volatile.Read(ref _entryPoints);
        foreach (EntryPoint entryPoint in entryPoints)
        {
            samples.Add(new MetricSample(
                "edgeproxy_entrypoint_connections_open", "Client connections open now, by entrypoint.",
                MetricKind.Gauge, entryPoint.Limiter.Count, [new MetricLabel("entrypoint", entryPoint.Settings.Name)]));
        }

        foreach (EntryPoint entryPoint in entryPoints)
        {
            foreach ((string file, DateTimeOffset at) in entryPoint.Tls?.Expiries() ?? [])
            {
                samples.Add(new MetricSample(
                    "edgeproxy_certificate_expiry_timestamp_seconds", "When a certificate expires.",
                    MetricKind.Gauge, at.ToUnixTimeSeconds(),
                    [new MetricLabel("entrypoint", entryPoint.Settings.Name), new MetricLabel("certificate", file)]));
            }
        }
    }
}
