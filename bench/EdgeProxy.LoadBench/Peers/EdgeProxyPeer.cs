using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>What the binary under test does besides: what that costs is the difference to one without.</summary>
internal enum Besides
{
    Nothing,

    /// <summary>Its routers have four middlewares.</summary>
    Chain,

    /// <summary>Its routers have this one middleware.</summary>
    RateLimit,
    Headers,
    StripPrefix,
    IpLists,
    ApiKey,
    Jwt,

    /// <summary>How it chooses among several servers; without it p2c.</summary>
    RoundRobin,
    LeastTime,

    /// <summary>Its service has probes, passive health, retries and a circuit breaker.</summary>
    Care,

    /// <summary>Its service is one of models, which read every request and answer.</summary>
    Model,

    /// <summary>As Model, for a consumer with a key and a plan, in the audit chain.</summary>
    Governed,

    /// <summary>As Governed, with a guard that looks into prompts and masks in answers.</summary>
    Guarded,

    /// <summary>It sends its metrics to a collector, every second.</summary>
    Metrics,

    /// <summary>It does that, and sends one trace in a hundred, and writes an access log to a file.</summary>
    Logs,

    /// <summary>It sends its metrics and each trace.</summary>
    Traces,

    /// <summary>It does that, and writes an access log to a file.</summary>
    All,
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

    // Without a request that is refused: the limit is more than one core can ask for. All of them are there in every
    // row; those of a row are what its routers name.
    private static readonly string Middlewares = $$"""
        [middlewares.limit.rate_limit]
        average = 1000000
        [middlewares.fields.headers]
        request = { set = { X-Client = "{client_ip}" }, remove = ["X-Debug"] }
        response = { set = { X-Served-By = "edge" }, remove = ["Server"] }
        [middlewares.strip.strip_prefix]
        prefixes = ["/api"]
        [middlewares.partners.ip_allow_list]
        source_range = ["10.0.0.0/8", "127.0.0.0/8", "192.0.2.0/24"]
        [middlewares.strangers.ip_deny_list]
        source_range = ["198.51.100.0/24", "203.0.113.0/24"]
        [consumers.bench]
        keys = [{ sha256 = "{{Credentials.ApiKeySha256}}" }]
        [middlewares.key.api_key]
        header = "X-Api-Key"
        [middlewares.token.jwt]
        secret = "{{Credentials.Secret}}"

        """;

    public string Name => besides switch
    {
        Besides.Nothing => OwnName,
        Besides.Chain => ChainName,
        Besides.Care => CareName,
        Besides.Model => $"{OwnName}+ai",
        Besides.Governed => $"{OwnName}+governed",
        Besides.Guarded => $"{OwnName}+guarded",
        Besides.RateLimit => $"{OwnName}+rate_limit",
        Besides.Headers => $"{OwnName}+headers",
        Besides.StripPrefix => $"{OwnName}+strip_prefix",
        Besides.IpLists => $"{OwnName}+ip_lists",
        Besides.ApiKey => $"{OwnName}+api_key",
        Besides.RoundRobin => $"{OwnName}+round_robin",
        Besides.LeastTime => $"{OwnName}+least_time",
        Besides.Metrics => $"{OwnName}+metrics",
        Besides.Logs => $"{OwnName}+logs",
        Besides.Traces => $"{OwnName}+traces",
        Besides.All => $"{OwnName}+traces+logs",
        _ => $"{OwnName}+jwt",
    };

    private string RouterMiddlewares => besides switch
    {
        Besides.Chain => "\"limit\", \"fields\", \"strip\", \"partners\"",
        Besides.RateLimit => "\"limit\"",
        Besides.Headers => "\"fields\"",
        Besides.StripPrefix => "\"strip\"",
        Besides.IpLists => "\"partners\", \"strangers\"",
        Besides.ApiKey or Besides.Governed => "\"key\"",
        Besides.Guarded => "\"key\", \"guard\"",
        Besides.Jwt => "\"token\"",
        _ => "",
    };

    private bool IsOfModels => besides is Besides.Model or Besides.Governed or Besides.Guarded;

    public string? Missing => File.Exists(binary) ? null : $"{binary} is not there";

    public Task<string> VersionAsync() => VersionText.OfAsync(binary, "version");

    public string? Refuses(PeerSetup setup) => null;

    /// <summary>The same binary, doing more.</summary>
    public EdgeProxyPeer With(Besides more) => new(binary, more);

    public Command Prepare(PeerSetup setup)
    {
        var toml = new StringBuilder();
        toml.Append(CultureInfo.InvariantCulture, $$"""
            log.level = "warning"
            admin.address = "127.0.0.1:{{(setup.AdminPort > 0 ? setup.AdminPort : Ports.Free())}}"
            [node]
            loops = {{setup.Workers}}
            state_dir = "{{setup.Folder}}"
            [entrypoints.web]
            address = "127.0.0.1:{{setup.Port}}"
            {{(setup.Tls is null ? "" : "tls = {}")}}
            [services.app]
            servers = [{{ServersOf(setup)}}]
            idle_connections_max = {{setup.UpstreamsMax}}

            """);
        if (setup.Servers.Count > 0)
        {
            toml.Append(CultureInfo.InvariantCulture, $$"""
                strategy = "{{StrategyWord}}"
                connect_timeout = "500ms"
                [services.app.health_check]
                path = "/slow"
                interval = "1s"
                timeout = "500ms"
                rise = 2
                fall = 2
                [services.app.passive_health_check]
                [services.app.retry]
                on = ["connect", "reset", "timeout"]
                per_try_timeout = "1s"

                """);
        }

        foreach ((string name, string prefix) in Routers(setup))
        {
            string middlewares = RouterMiddlewares.Length > 0 ? $"middlewares = [{RouterMiddlewares}]" : "";
            toml.Append(CultureInfo.InvariantCulture, $"""
                [routers.{name}]
                rule = "PathPrefix(`{prefix}`)"
                service = "{(IsOfModels ? ModelTables.ServiceName : "app")}"
                {middlewares}

                """);
        }

        AppendRest(toml, setup);
        return new Command(binary, ["run", "-c", setup.Write("edgeproxy.toml", toml.ToString())]);
    }

    private void AppendRest(StringBuilder toml, PeerSetup setup)
    {
        if (setup.Tls is { } tls)
        {
            toml.Append(CultureInfo.InvariantCulture, $"""
                [[tls.certificates]]
                cert = "{tls.Cert}"
                key = "{tls.Key}"

                """);
        }

        toml.Append(besides switch
        {
            Besides.Care => Care,
            Besides.Model => ModelTables.Models(setup),
            Besides.Governed => ModelTables.Models(setup) + ModelTables.Governance(setup),
            Besides.Guarded => ModelTables.Models(setup) + ModelTables.Governance(setup) + ModelTables.Guard,
            Besides.Metrics => Collector(setup, "[\"metrics\"]"),
            Besides.Logs => Collector(setup, "[\"metrics\", \"traces\"]") + Traces("0.01") + Log(setup),
            Besides.Traces => Collector(setup, "[\"metrics\", \"traces\"]") + Traces("1"),
            Besides.All => Collector(setup, "[\"metrics\", \"traces\"]") + Traces("1") + Log(setup),
            _ => RouterMiddlewares.Length > 0 ? Middlewares : "",
        });
    }

    // The origin takes what is sent to a collector, and its core, not the proxy's, pays for it.
    private static string Collector(PeerSetup setup, string signals) => $"""
        [telemetry.otlp]
        endpoint = "http://{setup.Upstream}"
        signals = {signals}
        metrics_interval = "1s"

        """;

    private static string Traces(string ratio) => $"[telemetry.traces]\nratio = {ratio}\n";

    private static string Log(PeerSetup setup) =>
        $"[access_log]\noutput = \"{Path.Combine(setup.Folder, "access.log")}\"\n";

    private string StrategyWord => besides switch
    {
        Besides.RoundRobin => "round_robin",
        Besides.LeastTime => "least_time",
        _ => "p2c",
    };

    private static string ServersOf(PeerSetup setup) => setup.Servers.Count == 0
        ? $"{{ url = \"http://{setup.Upstream}\" }}"
        : string.Join(", ", setup.Servers.Select(port => $"{{ url = \"http://127.0.0.1:{port}\" }}"));

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
