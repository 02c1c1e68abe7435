using System.Collections.Generic;
using System.Globalization;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>Caddy: many idle connections to the server, admin and logs off, a handle block per router.</summary>
internal sealed class CaddyPeer : IPeer
{
    private const int RoutersMax = 1000; // asked one after the other: 10,000 say nothing about a proxy any more

    private readonly string? _program = ChildProcess.Find("caddy");

    public string Name => "caddy";

    public string? Missing => _program is null ? "caddy is not installed" : null;

    public Task<string> VersionAsync() => VersionText.OfAsync(_program, "version");

    public string? Refuses(PeerSetup setup) =>
        setup.Tls is not null ? "is compared in clear text only"
        : setup.Routers > RoutersMax ? "asks its routes one after the other, and each has a transport of its own"
        : null;

    public Command Prepare(PeerSetup setup)
    {
        var routes = new StringBuilder();
        for (int i = 0; i < setup.Routers; i++)
        {
            routes.Append(
                CultureInfo.InvariantCulture, $"handle {PeerSetup.RouterPrefix}{i}/* {{\n{Forward(setup)}}}\n");
        }

        if (setup.Routers == 0)
        {
            routes.Append(Forward(setup));
        }

        string config = $$"""
            {
              admin off
              auto_https off
              log {
                level ERROR
              }
            }
            http://:{{setup.Port}} {
              bind 127.0.0.1
            {{routes}}
            }

            """;
        return new Command(
            _program!,
            ["run", "--config", setup.Write("Caddyfile", config), "--adapter", "caddyfile"],
            new Dictionary<string, string>
            {
                ["GOMAXPROCS"] = setup.Workers.ToString(CultureInfo.InvariantCulture),
                ["XDG_DATA_HOME"] = setup.Folder,
                ["XDG_CONFIG_HOME"] = setup.Folder,
            });
    }

    private static string Forward(PeerSetup setup) => $$"""
        reverse_proxy {{setup.Upstream}} {
          {{(setup.IsStreaming ? "flush_interval -1" : "")}}
          transport http {
            keepalive_idle_conns {{setup.UpstreamsMax}}
            keepalive_idle_conns_per_host {{setup.UpstreamsMax}}
          }
        }

        """;
}
