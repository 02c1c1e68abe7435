using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>The binary under test, with the signals it has by default.</summary>
internal sealed class EdgeProxyPeer(string binary) : IPeer
{
    public const string OwnName = "edgeproxy";

    public string Name => OwnName;

    public string? Missing => File.Exists(binary) ? null : $"{binary} is not there";

    public Task<string> VersionAsync() => VersionText.OfAsync(binary, "version");

    public string? Refuses(PeerSetup setup) => null;

    public Command Prepare(PeerSetup setup)
    {
        var toml = new StringBuilder();
        toml.Append(CultureInfo.InvariantCulture, $$"""
            [node]
            loops = {{setup.Workers}}
            [log]
            level = "warning"
            [admin]
            address = "127.0.0.1:{{Ports.Free()}}"
            [entrypoints.web]
            address = "127.0.0.1:{{setup.Port}}"
            [services.app]
            servers = [{ url = "http://{{setup.Upstream}}" }]
            idle_connections_max = {{setup.UpstreamsMax}}

            """);
        foreach ((string name, string prefix) in Routers(setup))
        {
            toml.Append(CultureInfo.InvariantCulture, $"""
                [routers.{name}]
                rule = "PathPrefix(`{prefix}`)"
                service = "app"

                """);
        }

        return new Command(binary, ["run", "-c", setup.Write("edgeproxy.toml", toml.ToString())]);
    }

    private static IEnumerable<(string Name, string Prefix)> Routers(PeerSetup setup)
    {
        if (setup.Routers == 0)
        {
            yield return ("all", "/");
        }

        for (int i = 0; i < setup.Routers; i++)
        {
            yield return ($"r{i}", $"{PeerSetup.RouterPrefix}{i}/");
        }
    }
}
