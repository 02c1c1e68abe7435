using System.Collections.Generic;
using System.IO;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>What a proxy is to do in a scenario; the same for each of them.</summary>
internal sealed record PeerSetup
{
    /// <summary>Paths of routers are this and a number: <c>/api/svc-17/</c>.</summary>
    public const string RouterPrefix = "/api/svc-";

    public required int Port { get; init; }

    public required int UpstreamPort { get; init; }

    /// <summary>Worker threads or processes, one per core given.</summary>
    public required int Workers { get; init; }

    /// <summary>Routers by path prefix, all to the one server; 0 is one router for everything.</summary>
    public int Routers { get; init; }

    /// <summary>Answers are streams whose parts must go on as they come.</summary>
    public bool IsStreaming { get; init; }

    /// <summary>Client connections to be ready for; what a proxy sets aside for each is its memory.</summary>
    public int ClientsMax { get; init; } = 2048;

    /// <summary>Connections to the server to be ready for.</summary>
    public int UpstreamsMax { get; init; } = 1024;

    /// <summary>Clients speak TLS, and HTTP/2 or HTTP/1.1 as ALPN says; null: HTTP/1.1 in clear text.</summary>
    public TlsFiles? Tls { get; init; }

    /// <summary>Where its configuration may lie.</summary>
    public required string Folder { get; init; }

    /// <summary>Where the proxy under test may be asked what it counted; 0: at a port of its own choice.</summary>
    public int AdminPort { get; init; }

    /// <summary>Ports of several servers, with checks and retries; empty: the one server, without.</summary>
    public IReadOnlyList<int> Servers { get; init; } = [];

    public string Upstream => $"127.0.0.1:{UpstreamPort}";

    public string Write(string name, string text)
    {
        string path = Path.Combine(Folder, name);
        File.WriteAllText(path, text);
        return path;
    }
}
