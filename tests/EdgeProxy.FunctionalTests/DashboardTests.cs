using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>packaging/grafana speaks of metrics there are.</summary>
public sealed partial class DashboardTests
{
    private static readonly string[] s_labels = ["edgeproxy_status_class", "edgeproxy_service"];

    [Fact]
    public async Task EveryMetric_IsExposed()
    {
        await using OtlpCollector collector = OtlpCollector.Start();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            More = $"[telemetry.otlp]\nendpoint = \"http://127.0.0.1:{collector.Port}\"",
        });
        await RawClient.GetAsync(proxy.Port);
        string[] used =
            [.. Directory.GetFiles(GrafanaFiles.Folder).SelectMany(Expressions).SelectMany(Names).Distinct()];

        Assert.True(used.Length >= 20);
        await Eventually.GetAsync(
            async () => string.Join(' ', used.Except(Exposed((await proxy.AdminAsync("/metrics")).BodyText))),
            missing => missing.Length == 0,
            "every metric to be exposed");
    }

    [Fact]
    public void Dashboards_HaveIdsOfTheirOwn_AndMarkDeployments()
    {
        string[] files = Directory.GetFiles(GrafanaFiles.Folder, "*.json");
        Assert.Equal(5, files.Length);
        foreach (string file in files)
        {
            JsonElement root = JsonDocument.Parse(File.ReadAllText(file)).RootElement;
            Assert.Equal(Path.GetFileNameWithoutExtension(file), root.GetProperty("uid").GetString());
            Assert.False(root.TryGetProperty("id", out _));
            Assert.Contains(root.GetProperty("annotations").GetProperty("list").EnumerateArray(),
                a => a.GetProperty("name").GetString() == "Deployments" && a.GetProperty("useValueForTime").GetBoolean());
            Assert.All(root.GetProperty("panels").EnumerateArray(), panel => Assert.NotEqual(
                "", panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString()));
        }
    }

    private static IEnumerable<string> Exposed(string text) => text.Split('\n')
        .Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('{', ' ')[0]);

    private static IEnumerable<string> Expressions(string file) => file.EndsWith(".json")
        ? Quoted().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)
        : [File.ReadAllText(file)];

    private static IEnumerable<string> Names(string expression) =>
        Metric().Matches(expression).Select(match => match.Value).Except(s_labels);

    [GeneratedRegex("\"(?:expr|query)\": \"((?:[^\"\\\\]|\\\\.)*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex("\\b(?:http_server|http_client|edgeproxy|process)_[a-z_]+")]
    private static partial Regex Metric();
}
