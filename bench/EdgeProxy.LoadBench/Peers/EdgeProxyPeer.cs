using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>What the binary under test does besides: what that costs is the difference to one without.</summary>
internal enum Besides
{
    Nothing,

    /// <summary>Its routers have four middlewares.</summary>
    Chain,

    /// <summary>Its service has probes, passive health, retries and a circuit breaker.</summary>
    Care,
}

/// <summary>The binary under test, with the signals it has by default.</summary>
internal sealed class EdgeProxyPeer(string binary, Besides besides = Besides.Nothing) : IPeer
{
    public const string OwnName = "edgeproxy";
    public const string ChainName = "edgeproxy+chain";
    public const string CareName = "edgeproxy+care";

    // Everything on, and nothing that happens: no request fails.
    private const string Care = """
        [services.app.health_check]
        path = "/128"
        interval = "1s"
        [services.app.passive_health_check]
        [services.app.retry]
        on = ["connect", "reset", "timeout", "502-504"]
        per_try_timeout = "5s"
        [services.app.circuit_breaker]
        expression = "NetworkErrorRatio() > 0.3 || LatencyAtQuantileMS(99.0) > 5000"

        """;

    // Without a request that is refused: the limit is more than one core can ask for.
    private const string Chain = """
        [middlewares.limit.rate_limit]
        average = 1000000
        [middlewares.fields.headers]
        request = { set = { X-Client = "{client_ip}" }, remove = ["X-Debug"] }
        response = { set = { X-Served-By = "edge" }, remove = ["Server"] }
        [middlewares.strip.strip_prefix]
        prefixes = ["/api"]
        [middlewares.partners.ip_allow_list]
        source_range = ["10.0.0.0/8", "127.0.0.0/8", "192.0.2.0/24"]

        """;

    public string Name => besides switch
    {
        Besides.Chain => ChainName,
        Besides.Care => CareName,
        _ => OwnName,
    };

    public string? Missing => File.Exists(binary) ? null : $"{binary} is not there";

    public Task<string> VersionAsync() => VersionText.OfAsync(binary, "version");

    public string? Refuses(PeerSetup setup) => null;

    /// <summary>The same binary, doing more.</summary>
    public EdgeProxyPeer With(Besides more) => new(binary, more);

    public Command Prepare(PeerSetup setup)
    {
        var toml = new StringBuilder();
        toml.Append(CultureInfo.InvariantCulture, $$"""
            [node]
            loops = {{setup.Workers}}
            state_dir = "{{setup.Folder}}"
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
            string middlewares = besides == Besides.Chain
                ? "middlewares = [\"limit\", \"fields\", \"strip\", \"partners\"]"
                : "";
            toml.Append(CultureInfo.InvariantCulture, $"""
                [routers.{name}]
                rule = "PathPrefix(`{prefix}`)"
                service = "app"
                {middlewares}

                """);
        }

        toml.Append(besides switch
        {
            Besides.Chain => Chain,
            Besides.Care => Care,
            _ => "",
        });

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
