using System.Threading.Tasks;
using EdgeProxy.LoadBench.Peers;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>A proxy in a scenario; Running is null when each round starts it anew.</summary>
internal sealed record Contender(IPeer Peer, PeerSetup Setup)
{
    public RunningPeer? Running { get; set; }

    public Task<RunningPeer> StartAsync(Stand stand, IScenario scenario) =>
        RunningPeer.StartAsync(Peer, Setup, scenario.Request, stand.Cores.Proxy);
}
