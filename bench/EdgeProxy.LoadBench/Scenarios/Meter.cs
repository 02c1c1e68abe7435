using System;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>What a proxy, the generator's core and strangers used between two moments.</summary>
internal sealed class Meter
{
    private readonly RunningPeer _peer;
    private readonly Cores _cores;
    private readonly long _startNs;
    private readonly long _cpuNs;
    private readonly double _proxyCores;
    private readonly double _generatorCores;

    private Meter(RunningPeer peer, Cores cores)
    {
        _peer = peer;
        _cores = cores;
        peer.Tree.ResetPeak();
        _proxyCores = CoreTimes.BusySeconds(cores.Proxy);
        _generatorCores = CoreTimes.BusySeconds(cores.Generator);
        _startNs = EventLoop.NowNs;
        _cpuNs = peer.Tree.CpuNs();
    }

    public static Meter Start(RunningPeer peer, Cores cores) => new(peer, cores);

    /// <summary>Adds CPU per request (or per event), peak memory and how busy the cores were.</summary>
    public Measurement Stop(Measurement into, Metric perWhat, long count)
    {
        double cpuSeconds = (_peer.Tree.CpuNs() - _cpuNs) / 1e9;
        double seconds = (EventLoop.NowNs - _startNs) / 1e9;
        into.With(Metric.Peak, _peer.Tree.PeakKib());
        if (count > 0)
        {
            into.With(perWhat, cpuSeconds * 1e6 / count);
        }

        // With all cores shared by all there is no core of the generator's own that could be full.
        if (_cores.Proxy != _cores.Generator)
        {
            double others = CoreTimes.BusySeconds(_cores.Proxy) - _proxyCores - cpuSeconds;
            into.With(Metric.OthersBusy, Math.Clamp(others / seconds, 0, 1));
            double busy = CoreTimes.BusySeconds(_cores.Generator) - _generatorCores;
            into.With(Metric.GeneratorBusy, Math.Clamp(busy / seconds / _cores.GeneratorCount, 0, 1));
        }

        if (_peer.HasExited)
        {
            into.WithFlaws([$"it ended: {_peer.Errors}"]);
        }

        return into;
    }
}
