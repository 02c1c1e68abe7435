using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>How long a proxy takes from nothing to its first answer.</summary>
internal sealed class StartScenario : IScenario
{
    private const int RoundsFactor = 2; // they are short

    public string Name => "start";

    public string About => "From the start of the process to the last byte of the first answer through it.";

    public IReadOnlyList<Metric> Metrics { get; } = [Metric.Start, Metric.Idle];

    public bool IsQuick => true;

    public bool StartsFresh => true;

    public bool DropsFirstRound => true;

    public ProbeRequest Request { get; } = ProbeRequest.Get("/128", 128);

    public int Rounds(RunSettings settings) => RoundsFactor * settings.Rounds;

    public PeerSetup Setup(Stand stand) => stand.NewSetup(stand.StaticOrigin.Port);

    public Task<string> BeginAsync(Stand stand, IReadOnlyList<RunningPeer> peers) => Task.FromResult("");

    public async Task<Measurement> MeasureAsync(Stand stand, Contender contender, int seconds)
    {
        using RunningPeer peer = await contender.StartAsync(stand, this);
        return new Measurement()
            .With(Metric.Start, peer.Start.TotalMilliseconds)
            .With(Metric.Idle, peer.Tree.ResidentKib());
    }
}
