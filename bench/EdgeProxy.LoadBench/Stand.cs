using System;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench;

/// <summary>What all scenarios share: the cores, the two origins, generators, a certificate, a folder.</summary>
internal sealed class Stand : IDisposable
{
    private readonly TempFolder _folder;
    private readonly int _openFiles;
    private int _setups;

    private Stand(TempFolder folder, int openFiles, Cores cores, StaticOrigin staticOrigin)
    {
        _folder = folder;
        _openFiles = openFiles;
        Cores = cores;
        StaticOrigin = staticOrigin;
        LoopOrigin = new LoopOrigin(cores.Generator);
        Wrk = new Wrk(folder.Path, cores);
        Tls = TlsFiles.WriteTo(folder.Sub("tls"));
    }

    public Cores Cores { get; }

    public StaticOrigin StaticOrigin { get; }

    public LoopOrigin LoopOrigin { get; }

    public Wrk Wrk { get; }

    /// <summary>h2load, where it is installed.</summary>
    public H2Load? H2Load { get; } = H2Load.Find();

    /// <summary>The certificate of all proxies.</summary>
    public TlsFiles Tls { get; }

    /// <summary>Connections one program here can hold, with room for its other files.</summary>
    public int ConnectionsMax => _openFiles - 1000;

    public static async Task<Stand> CreateAsync(RunSettings settings, TempFolder folder)
    {
        int openFiles = LibC.RaiseOpenFiles();
        Cores cores = Cores.For(settings.CoreCount);
        StaticOrigin origin = await StaticOrigin.StartAsync(folder.Sub("origin"), cores, openFiles);
        return new Stand(folder, openFiles, cores, origin);
    }

    /// <summary>A fresh port and folder for a proxy in front of an origin.</summary>
    public PeerSetup NewSetup(int upstreamPort) => new()
    {
        Port = Ports.Free(),
        UpstreamPort = upstreamPort,
        Workers = Cores.Workers,
        Folder = _folder.Sub($"{++_setups}"),
    };

    public void Dispose()
    {
        LoopOrigin.Dispose();
        StaticOrigin.Dispose();
    }
}
