using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Durations by the routers of the running configuration. What both an old and a new one name goes on counting. Used by
/// the reloading thread; read by any.
/// </summary>
internal sealed class DurationDirectory(int loopCount)
{
    private Dictionary<string, DurationMetrics> _current = [];

    /// <summary>Of requests that no router took.</summary>
    public DurationMetrics Unrouted { get; } = new(loopCount);

    /// <summary>By name; never changed once it is here.</summary>
    public IReadOnlyDictionary<string, DurationMetrics> Current => Volatile.Read(ref _current);

    /// <summary>Kept and new ones for these names. Changes nothing that runs.</summary>
    public Dictionary<string, DurationMetrics> Prepare(IEnumerable<string> names)
    {
        var next = new Dictionary<string, DurationMetrics>();
        foreach (string name in names)
        {
            bool isKept = _current.TryGetValue(name, out DurationMetrics? kept);
            next.Add(name, isKept ? kept! : new DurationMetrics(loopCount));
        }

        return next;
    }

    public void Commit(Dictionary<string, DurationMetrics> next) => Volatile.Write(ref _current, next);
}
