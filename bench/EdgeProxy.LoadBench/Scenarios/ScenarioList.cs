using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;

namespace EdgeProxy.LoadBench.Scenarios;

/// <summary>
/// Everything that is measured, in the order of the report.
/// </summary>
internal static class ScenarioList
{
    private const int KiB = 1024;
    private const int RouterSamples = 256;
    private const string Close = "Connection: close\r\n";

    // "Connection: close" in one of ten answers makes a head some bytes longer, or shorter where it said keep-alive.
    private const int CloseSlackBytes = 32;

    // Events come in as many chunks as pieces were read.
    private const int ChunkSlackBytes = 1024;

    // What a limit says is left has more or fewer digits.
    private const int RemainingSlackBytes = 16;

    private static readonly Besides[] Told = [Besides.Metrics, Besides.Logs, Besides.Traces, Besides.All];

    public static IReadOnlyList<IScenario> All { get; } =
    [
        new LoadScenario("get-128", "GET 128 B on 64 connections.", Get("/128", 128)),
        new LoadScenario("get-1k", "GET 1 KiB on 64 connections: what the product is held to.", Get("/1k", KiB))
        {
            IsQuick = true,
        },
        new LoadScenario("get-64k", "GET 64 KiB on 64 connections.", Get("/64k", 64 * KiB)) { IsQuick = true },
        new LoadScenario("get-1m", "GET 1 MiB on 16 connections.", Get("/1m", KiB * KiB)) { Connections = 16 },
        Post("post-1k", KiB, isQuick: true),
        Post("post-64k", 64 * KiB, isQuick: false),
        new LoadScenario("conns-16", "GET 1 KiB on 16 connections.", Get("/1k", KiB)) { Connections = 16 },
        new LoadScenario("conns-512", "GET 1 KiB on 512 connections.", Get("/1k", KiB)) { Connections = 512 },
        new LoadScenario("reconnect-10", "GET 1 KiB on 64 connections; one request in ten closes its.", Reconnecting())
        {
            SlackBytes = CloseSlackBytes,
        },
        new LoadScenario(
            "close", "GET 1 KiB, 64 at a time, each on a connection of its own.", Get("/1k", KiB, Close))
        {
            IsQuick = true,
        },
        Routed(1),
        Routed(100),
        Routed(10_000, isQuick: true),
        new LoadScenario(
            "headers-20", "GET 1 KiB on 64 connections with 20 more request fields.", Get("/1k", KiB, Fields(20))),
        new LoadScenario(
            "middlewares",
            "GET 1 KiB on 64 connections: ours without and with rate_limit, headers, strip_prefix, ip_allow_list.",
            Get("/api/api/items/42", KiB))
        {
            Compares = [Besides.Chain],
            SlackBytes = RemainingSlackBytes,
        },
        new LoadScenario(
            "each-middleware",
            "GET 1 KiB on 64 connections with a key and a token: ours without and with one middleware each.",
            Get("/api/api/items/42", KiB, Credentials.Fields))
        {
            Compares =
            [
                Besides.RateLimit, Besides.Headers, Besides.StripPrefix, Besides.IpLists, Besides.ApiKey, Besides.Jwt,
            ],
            SlackBytes = RemainingSlackBytes,
        },
        new LoadScenario(
            "care",
            "GET 1 KiB on 64 connections: ours without and with probes, passive health, retries and a circuit breaker.",
            Get("/1k", KiB))
        {
            Compares = [Besides.Care],
        },
        new LoadScenario(
            "telemetry",
            "GET 1 KiB on 64 connections: ours without telemetry, with metrics to a collector every second, with "
                + "those, 1 % of traces and an access log, with metrics and all traces, with all traces and the log.",
            Get("/1k", KiB))
        {
            Compares = Told,
        },
        new OpenLoopScenario(50, "telemetry-") { Compares = Told },
        new LoadScenario(
            "slow-60ms",
            "GET 1 KiB on 256 connections from a server that takes 60 ms.",
            Get("/slow", LoopOrigin.SlowBodyBytes))
        {
            Connections = 256,
            Origin = OriginKind.Loop,
        },
        new LoadScenario(
            "ai-1k",
            "POST a chat of 1 KiB, answered whole, on 64 connections: ours forwarding, as a service of models, and "
                + "governed (key, plan, audit).",
            ProbeRequest.Chat("m", LoopOrigin.ChatBodyBytes))
        {
            Compares = [Besides.Model, Besides.Governed],
            Origin = OriginKind.Loop,
        },
        new OpenLoopScenario(50, "ai-")
        {
            What = "POST a chat of 1 KiB, as ai-1k",
            Request = ProbeRequest.Chat("m", LoopOrigin.ChatBodyBytes),
            Compares = [Besides.Model, Besides.Governed],
            Origin = OriginKind.Loop,
        },
        new LoadScenario(
            "ai-guard-1k",
            "POST a chat of 1 KiB, answered whole, on 64 connections: as ai-1k, and governed with a guard, which looks "
                + "into the prompt, holds the answer, looks into it, and sends it in chunks.",
            ProbeRequest.Chat("m", LoopOrigin.ChatBodyBytes) with { IsStream = true })
        {
            Compares = [Besides.Model, Besides.Governed, Besides.Guarded],
            Origin = OriginKind.Loop,
            SlackBytes = ChunkSlackBytes,
        },
        new LoadScenario(
            "ai-stream",
            "POST a chat of 1 KiB, answered in 64 events, on 64 connections: as ai-1k, and with a guard; the "
                + "difference to it is what 64 events cost.",
            ProbeRequest.Chat("s", LoopOrigin.ChatBodyBytes) with { IsStream = true })
        {
            Compares = [Besides.Model, Besides.Governed, Besides.Guarded],
            Origin = OriginKind.Loop,
            SlackBytes = ChunkSlackBytes,
        },
        new LoadScenario("https-1k", "GET 1 KiB over TLS on 64 connections that stay.", Get("/1k", KiB))
        {
            IsTls = true,
            IsQuick = true,
        },
        new LoadScenario("https-64k", "GET 64 KiB over TLS on 64 connections that stay.", Get("/64k", 64 * KiB))
        {
            IsTls = true,
        },
        new HandshakeScenario(isResuming: false),
        new HandshakeScenario(isResuming: true),
        new Http2Scenario("http2-1k", "/1k", KiB) { IsQuick = true },
        new Http2Scenario("http2-64k", "/64k", 64 * KiB),
        new StreamScenario(),
        new OpenLoopScenario(50),
        new OpenLoopScenario(70),
        new TroubleScenario(isFailing: true),
        new TroubleScenario(isFailing: false),
        new StartScenario(),
        new MemoryScenario(),
        new HeldStreamsScenario(),
        new IdleScenario(),
    ];

    private static ProbeRequest Get(string path, int bodyBytes, string fields = "") =>
        ProbeRequest.Get(path, bodyBytes, fields);

    private static LoadScenario Post(string name, int bytes, bool isQuick)
    {
        string count = bytes.ToString(CultureInfo.InvariantCulture);
        string about = $"POST {bytes / KiB} KiB on 64 connections to a server that says how much it read.";
        return new LoadScenario(name, about, ProbeRequest.Post("/sink", bytes, count.Length))
        {
            IsQuick = isQuick,
            Origin = OriginKind.Loop,
        };
    }

    private static ProbeRequest[] Reconnecting()
    {
        ProbeRequest keep = Get("/1k", KiB);
        return [.. Enumerable.Repeat(keep, 9), Get("/1k", KiB, Close)];
    }

    private static LoadScenario Routed(int routers, bool isQuick = false)
    {
        // Spread over the table: neither the first nor the last router flatters anybody.
        const int prime = 7_919;
        ProbeRequest[] requests =
        [
            .. Enumerable.Range(0, System.Math.Min(routers, RouterSamples))
                .Select(i => Get($"{PeerSetup.RouterPrefix}{i * prime % routers}/items/42", KiB)),
        ];
        string about = $"GET 1 KiB on 64 connections, {routers} routers by path prefix, all of them asked in turn.";
        return new LoadScenario($"routers-{routers}", about, requests) { Routers = routers, IsQuick = isQuick };
    }

    private static string Fields(int count)
    {
        var fields = new StringBuilder();
        for (int i = 0; i < count; i++)
        {
            fields.Append(CultureInfo.InvariantCulture, $"X-Field-Number-{i}: some value of medium length {i}\r\n");
        }

        return fields.ToString();
    }
}
