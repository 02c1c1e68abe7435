using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>A proxy that can be run beside the others.</summary>
internal interface IPeer
{
    string Name { get; }

    /// <summary>Why it cannot be run here; null when it can.</summary>
    string? Missing { get; }

    /// <summary>What it says its version is.</summary>
    Task<string> VersionAsync();

    /// <summary>Why it cannot do what is asked; null when it can.</summary>
    string? Refuses(PeerSetup setup);

    /// <summary>Writes its configuration and says how it is started.</summary>
    Command Prepare(PeerSetup setup);
}
