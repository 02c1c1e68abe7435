using System;
using System.Collections.Generic;
using System.Net;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Config;
using EdgeProxy.Control;
using EdgeProxy.Host;

namespace EdgeProxy.Tests.Host;

/// <summary>An engine that opens nothing: remembers what it was given, refuses when told to.</summary>
internal sealed class FakeDataPath : IDataPath, IMetricsSource
{
    private readonly TaskCompletionSource _drained = new();

    public DataPathParts? Parts { get; private set; }

    /// <summary>Hashes applied, in order.</summary>
    public List<string> Applied { get; } = [];

    /// <summary>Called within <see cref="Apply"/>.</summary>
    public Action OnApply { get; set; } = static () => { };

    public string? RefuseWith { get; set; }

    public bool RefuseNotPermitted { get; set; }

    public TimeSpan? DrainLimit { get; private set; }

    public bool IsDisposed { get; private set; }

    public DataPathStatus Status { get; set; } = new() { Admin = new IPEndPoint(IPAddress.Loopback, 7171) };

    public AuditLog? Audit { get; set; }

    public IReadOnlyList<ServiceStatus> Services { get; set; } = [];

    public DataPathFactory Factory => parts =>
    {
        Parts = parts;
        return this;
    };

    public string? Apply(ProxySettings settings, out bool notPermitted)
    {
        OnApply();
        notPermitted = RefuseNotPermitted;
        if (RefuseWith is null)
        {
            Applied.Add(settings.Hash);
        }

        return RefuseWith;
    }

    public Task DrainAsync(TimeSpan limit)
    {
        DrainLimit = limit;
        return _drained.Task;
    }

    public void FinishDraining() => _drained.SetResult();

    public void ReopenLogs()
    {
    }

    public IReadOnlyList<DurationFamily> Durations => [];

    public void Collect(ICollection<MetricSample> samples) =>
        samples.Add(new MetricSample("fake_connections", "Of the fake.", MetricKind.Gauge, 3, []));

    public ValueTask DisposeAsync()
    {
        IsDisposed = true;
        return default;
    }
}
