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

    /// <summary>Its service is one of models, which read every request and answer.</summary>
    Model,

    /// <summary>As Model, for a consumer with a key and a plan, in the audit chain.</summary>
    Governed,
}

/// <summary>The binary under test, with the signals it has by default.</summary>
internal sealed class EdgeProxyPeer(string binary, Besides besides = Besides.Nothing) : IPeer
{
    public const string OwnName = "edgeproxy";
    public const string ChainName = "edgeproxy+chain";
    public const string CareName = "edgeproxy+care";
    public const string ModelName = "edgeproxy+ai";
    public const string GovernedName = "edgeproxy+governed";

    /// <summary>The key of the governed consumer, and what it is sent as.</summary>
    public const string KeyField = "X-Key: bench-key";

    private const string KeyHash = "b0962662e937d44c699c8305d90cbf190b3150c59b13863d1380b5cc3c711bb7";

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
        Besides.Model => ModelName,
        Besides.Governed => GovernedName,
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
            string middlewares = besides switch
            {
                Besides.Chain => "middlewares = [\"limit\", \"fields\", \"strip\", \"partners\"]",
                Besides.Governed => "middlewares = [\"key\"]",
                _ => "",
            };
            toml.Append(CultureInfo.InvariantCulture, $"""
                [routers.{name}]
                rule = "PathPrefix(`{prefix}`)"
                service = "{(besides is Besides.Model or Besides.Governed ? "llm" : "app")}"
                {middlewares}

                """);
        }

        toml.Append(besides switch
        {
            Besides.Chain => Chain,
            Besides.Care => Care,
            Besides.Model => Models(setup),
            Besides.Governed => Models(setup) + Governance(setup),
            _ => "",
        });

        return new Command(binary, ["run", "-c", setup.Write("edgeproxy.toml", toml.ToString())]);
    }

    // Model m answers whole, model s streams.
    private static string Models(PeerSetup setup) => $$"""
        [ai.providers.whole]
        kind = "openai"
        base_url = "http://{{setup.Upstream}}/v1"
        [ai.providers.stream]
        kind = "openai"
        base_url = "http://{{setup.Upstream}}/stream/v1"
        [services.llm.ai]
        models = [{ name = "m", provider = "whole" }, { name = "s", provider = "stream" }]
        output_tokens_max = 4096

        """;

    // Without a call that is refused. Headers tell what is left, in more or fewer digits: they are off.
    private static string Governance(PeerSetup setup) => $$"""
        [middlewares.key.api_key]
        header = "X-Key"
        [consumers.bench]
        keys = [{ sha256 = "{{KeyHash}}" }]
        plan = "bench"
        [plans.bench]
        limits = [
          { count = "requests", max = 1000000000000, period = "day" },
          { count = "tokens", max = 1000000000000000, period = "month" },
          { count = "concurrency", max = 100000 },
        ]
        headers = false
        [audit]
        directory = "{{Path.Combine(setup.Folder, "audit")}}"

        """;

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
