using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Ai;

/// <summary>Spans and metrics of calls of models, by OpenTelemetry's conventions for GenAI clients.</summary>
public sealed class AiTelemetryTests : IDisposable
{
    private const string Chat = "/v1/chat/completions";
    private const int Server = 2;
    private const int Client = 3;
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-aispans-");

    [Theory]
    [InlineData("openai", Chat, false, "chat", "chatcmpl-1", "stop")]
    [InlineData("openai", Chat, true, "chat", "chatcmpl-1", "stop")]
    [InlineData("openai", "/v1/responses", true, "chat", "resp_1", null)]
    [InlineData("openai", "/v1/embeddings", false, "embeddings", null, null)]
    [InlineData("anthropic", "/v1/messages", false, "chat", "msg_1", "end_turn")]
    [InlineData("anthropic", "/v1/messages", true, "chat", "msg_1", "end_turn")]
    [InlineData("anthropic", "/v1/messages/count_tokens", false, "count_tokens", null, null)]
    [InlineData("ollama", "/api/generate", true, "text_completion", null, "stop")]
    [InlineData("anthropic", Chat, true, "chat", "msg_1", "stop")]
    public async Task Call_HasASpanOfItsOwn_FieldByField(
        string kind, string path, bool isStream, string operation, string? id, string? reason)
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(server, kind, collector);

        RawResponse answer = await AskAsync(proxy, path,
            $"{{\"model\":\"fast\",\"stream\":{(isStream ? "true" : "false")},{Rest(path)}}}");

        Assert.Equal(200, answer.Status);
        IReadOnlyList<OtlpSpan> spans = await collector.WaitForSpansAsync(2);
        OtlpSpan call = spans.Single(static s => s.Kind == Client);
        Assert.Equal(($"{operation} fast", 0), (call.Name, call.StatusCode));
        Dictionary<string, object> told = call.Attributes.Where(static a => a.Key.StartsWith("gen_ai", StringComparison.Ordinal))
            .ToDictionary();
        var expected = new Dictionary<string, object>
        {
            ["gen_ai.operation.name"] = operation,
            ["gen_ai.provider.name"] = "p",
            ["gen_ai.request.model"] = "fast",
            ["gen_ai.request.stream"] = isStream,
        };
        bool isCount = operation == "count_tokens";
        if (!isCount)
        {
            expected["gen_ai.response.model"] = "real-model";
            expected["gen_ai.usage.input_tokens"] = 7L;
            expected["gen_ai.usage.output_tokens"] = 3L;
        }

        if (operation == "chat" && path != "/v1/embeddings")
        {
            expected["gen_ai.request.max_tokens"] = 50L;
        }

        if (reason is not null)
        {
            expected["gen_ai.response.finish_reasons"] = reason;
        }

        if (id is not null)
        {
            Assert.StartsWith(id, (string)told["gen_ai.response.id"]);
            told.Remove("gen_ai.response.id");
        }

        Assert.Equal(isStream, told.Remove("gen_ai.response.time_to_first_chunk", out object? first));
        Assert.True(first is null or > 0.0 and < 600.0);
        Assert.Equal(expected.OrderBy(static a => a.Key), told.OrderBy(static a => a.Key));
        Assert.Equal("ok", call.Attributes["edgeproxy.ai.outcome"]);
        Assert.DoesNotContain(
            spans.Single(static s => s.Kind == Server).Attributes,
            static a => a.Key.StartsWith("gen_ai", StringComparison.Ordinal)); // else tokens would count twice
    }

    [Theory]
    [InlineData("ErrorWithin", "error_within", "error_within")]
    [InlineData("Overloaded", "failed", "503")]
    [InlineData("Cut", "cut", "upstream_closed")]
    public async Task Call_ThatFails_IsAnError(string temper, string outcome, string type)
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using ModelServer server = ModelServer.Start();
        server.Server.ToleratesFaults = true;
        server.Temper = Enum.Parse<ModelTemper>(temper);
        await using ProxyProcess proxy = await StartAsync(server, "openai", collector);

        await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"stream\":true}");

        OtlpSpan call = (await collector.WaitForSpansAsync(2)).Single(static s => s.Kind == Client);
        Assert.Equal(
            ("chat fast", 2, type, outcome),
            (call.Name, call.StatusCode, call.Attributes["error.type"], call.Attributes["edgeproxy.ai.outcome"]));
        await proxy.ExpectMetricAsync(1, "gen_ai_client_operation_duration_seconds_count",
            $"gen_ai_operation_name=\"chat\",service=\"llm\",gen_ai_request_model=\"fast\",gen_ai_provider_name=\"p\",error_type=\"{outcome}\"");
    }

    // Nobody was asked: there is no span but the request's.
    [Fact]
    public async Task Call_ThatIsRefused_IsToldOnTheRequestsSpan()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(server, "openai", collector);

        await AskAsync(proxy, Chat, "{\"model\":\"caf\u00e9\"}");

        OtlpSpan span = Assert.Single(await collector.WaitForSpansAsync(1));
        Assert.Equal(
            (Server, "chat", "caf\u00e9", "refused"),
            (span.Kind, span.Attributes["gen_ai.operation.name"], span.Attributes["gen_ai.request.model"],
                span.Attributes["edgeproxy.ai.outcome"]));
    }

    [Fact]
    public async Task FallenBack_TheCallIsToldOfWhoAnswered()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using ModelServer first = ModelServer.Start();
        await using ModelServer second = ModelServer.Start();
        first.Temper = ModelTemper.Overloaded;
        ProxyConfig config = AiProxy.Config(first, "openai", more: Otlp(collector) + $$"""
            [ai.providers.q]
            kind = "openai"
            base_url = "http://127.0.0.1:{{second.Port}}/v1"

            """);
        config.More = config.More.Replace(
            "models = [", "models = [{ name = \"fast\", provider = \"q\", model = \"spare\", priority = 1 }, ",
            StringComparison.Ordinal);
        config.Node = $"state_dir = \"{_folder.FullName}\"";
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(200, (await AskAsync(proxy, Chat, "{\"model\":\"fast\"}")).Status);

        OtlpSpan[] tries = [.. (await collector.WaitForSpansAsync(3)).Where(static s => s.Kind == Client)
            .OrderBy(static s => s.StartNanos).ThenBy(static s => s.Name == "POST" ? 0 : 1)];
        Assert.Equal([("POST", 2), ("chat fast", 0)], tries.Select(static s => (s.Name, s.StatusCode)));
        Assert.Equal(
            ("q", "spare"),
            (tries[1].Attributes["gen_ai.provider.name"], tries[1].Attributes["gen_ai.response.model"]));
        await proxy.ExpectMetricAsync(1, "gen_ai_client_operation_duration_seconds_count", "gen_ai_provider_name=\"p\"");
        await proxy.ExpectMetricAsync(1, "gen_ai_client_operation_duration_seconds_count", "gen_ai_provider_name=\"q\"");
    }

    [Fact]
    public async Task Metrics_HaveTheConventionsNamesUnitsAndAttributes()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using ModelServer server = ModelServer.Start();
        await using ProxyProcess proxy = await StartAsync(
            server, "openai", collector, "metrics_interval = \"1s\"");
        await AskAsync(proxy, Chat, "{\"model\":\"fast\",\"stream\":true}");

        IReadOnlyList<OtlpMetric> metrics = await collector.WaitForMetricsAsync(
            static all => all.Any(
                static m => m.Name == "gen_ai.client.token.usage" && m.Points.Count == 2)); // they are counted last

        OtlpMetric tokens = metrics.Single(static m => m.Name == "gen_ai.client.token.usage");
        OtlpMetric duration = metrics.Single(static m => m.Name == "gen_ai.client.operation.duration");
        OtlpMetric first = metrics.Single(static m => m.Name == "gen_ai.client.operation.time_to_first_chunk");
        Assert.Equal(("{token}", "s", "s"), (tokens.Unit, duration.Unit, first.Unit));
        Assert.Equal(
            ["input 7", "output 3"],
            tokens.Points.Select(static p => $"{p.Attributes["gen_ai.token.type"]} {p.Sum}").Order());
        foreach (OtlpPoint point in (OtlpPoint[])[.. tokens.Points, .. duration.Points, .. first.Points])
        {
            Assert.Equal(
                ((object)"chat", (object)"p", (object)"fast", 1UL),
                (point.Attributes["gen_ai.operation.name"], point.Attributes["gen_ai.provider.name"],
                    point.Attributes["gen_ai.request.model"], point.Count));
        }

        Assert.Equal(0.01, duration.Points.Single().Bounds[0]);
        Assert.Equal(81.92, duration.Points.Single().Bounds[^1]);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private static string Rest(string path) => path switch
    {
        "/v1/embeddings" => "\"input\":\"hi\"",
        "/v1/responses" => "\"input\":\"hi\",\"max_output_tokens\":50",
        "/api/generate" => "\"prompt\":\"hi\"",
        _ => "\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"max_tokens\":50",
    };

    private static Task<RawResponse> AskAsync(ProxyProcess proxy, string path, string body) =>
        RawClient.OnceAsync(proxy.Port, AiProxy.Post(path, body), "POST");

    private static string Otlp(OtlpCollector collector, string more = "") => $"""
        [telemetry.otlp]
        endpoint = "http://127.0.0.1:{collector.Port}"
        batch_interval = "100ms"
        {more}
        [telemetry.traces]
        ratio = 1

        """;

    private Task<ProxyProcess> StartAsync(
        ModelServer server, string kind, OtlpCollector collector, string more = "")
    {
        ProxyConfig config = AiProxy.Config(server, kind, more: Otlp(collector, more));
        config.Node = $"state_dir = \"{_folder.FullName}\"";
        return ProxyProcess.StartAsync(config);
    }
}
