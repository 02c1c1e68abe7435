using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// What is counted of the consumers of the running configuration. One that both an old and a new one name goes on
/// counting. Used by the reloading thread; read by any.
/// </summary>
internal sealed class ConsumerDirectory(int loopCount)
{
    private Dictionary<string, ConsumerMetrics> _current = [];

    /// <summary>By name; never changed once it is here.</summary>
    public Dictionary<string, ConsumerMetrics> Current => Volatile.Read(ref _current);

    /// <summary>Kept and new ones for these names, no two of them alike. Changes nothing that runs.</summary>
    public Dictionary<string, ConsumerMetrics> Prepare(IReadOnlyList<string> names)
    {
        var next = new Dictionary<string, ConsumerMetrics>(names.Count);
        foreach (string name in names)
        {
            next.Add(name, _current.GetValueOrDefault(name) ?? new ConsumerMetrics(loopCount));
        }

        return next;
    }

    public void Commit(Dictionary<string, ConsumerMetrics> next) => Volatile.Write(ref _current, next);
}
