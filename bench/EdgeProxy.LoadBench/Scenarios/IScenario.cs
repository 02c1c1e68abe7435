using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>Something every proxy is put through, round by round.</summary>
internal interface IScenario
{
    string Name { get; }

    /// <summary>What it does, as a sentence for the report.</summary>
    string About { get; }

    /// <summary>Its columns; the first is the one proxies are compared by.</summary>
    IReadOnlyList<Metric> Metrics { get; }

    /// <summary>Part of --quick.</summary>
    bool IsQuick { get; }

    /// <summary>Each round starts the proxy anew; then nothing runs between rounds.</summary>
    bool StartsFresh { get; }

    /// <summary>A first round that does not count.</summary>
    bool DropsFirstRound { get; }

    int Rounds(RunSettings settings);

    /// <summary>Who takes part, ours first; usually everybody.</summary>
    IReadOnlyList<IPeer> PeersOf(IReadOnlyList<IPeer> all) => all;

    PeerSetup Setup(Stand stand);

    /// <summary>What a proxy must answer before it is measured.</summary>
    ProbeRequest Request { get; }

    /// <summary>Once, when all proxies answer; a remark for the report.</summary>
    Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers);

    /// <summary>Measures one proxy in one round.</summary>
    /// <param name="seconds">Length of the run.</param>
    Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds);
}
