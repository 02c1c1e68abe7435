using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Http;
using System.Text.Json;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A Prometheus of the operating system that scrapes admin addresses once a second.</summary>
internal sealed class PrometheusServer : IAsyncDisposable
{
    // A Prometheus opens its database first: on a busy machine that is more than the usual wait.
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(1);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-prometheus-");
    private readonly HttpClient _client = new();
    private readonly int _port = Ports.Next();
    private readonly Process _process;
    private readonly List<string> _said = [];

    private PrometheusServer(string program, IEnumerable<int> targets, string rules)
    {
        string config = Path.Combine(_folder.FullName, "prometheus.yml");
        File.WriteAllText(config, $"""
            global:
              scrape_interval: 1s
              scrape_timeout: 1s
              evaluation_interval: 1s
            rule_files: ["{rules}"]
            scrape_configs:
              - job_name: edgeproxy
                static_configs:
                  - targets: [{string.Join(", ", targets.Select(port => $"\"127.0.0.1:{port}\""))}]
            """);
        _process = Process.Start(new ProcessStartInfo(program,
        [
            $"--config.file={config}", $"--storage.tsdb.path={Path.Combine(_folder.FullName, "data")}",
            $"--web.listen-address=127.0.0.1:{_port}",
        ])
        {
            RedirectStandardError = true,
        })!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_said)
            {
                _said.Add(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
    }

    /// <param name="targets">Ports of admin addresses.</param>
    /// <param name="rules">A file of rules.</param>
    public static async Task<PrometheusServer> StartAsync(IEnumerable<int> targets, string rules)
    {
        var server = new PrometheusServer(External.Require("prometheus"), targets, rules);
        try
        {
            await Eventually.TrueAsync(server.IsReadyAsync, "Prometheus to be ready", StartLimit);
            return server;
        }
        catch (TimeoutException e)
        {
            string said = server.Said();
            await server.DisposeAsync();
            throw new TimeoutException($"{e.Message}; it said:\n{said}");
        }
    }

    /// <summary>Values of an instant query, NaN left out.</summary>
    public async Task<IReadOnlyList<double>> QueryAsync(string expression)
    {
        JsonElement data = await GetAsync($"query?query={Uri.EscapeDataString(expression)}");
        return
        [
            .. data.GetProperty("result").EnumerateArray()
                .Select(series => double.Parse(series.GetProperty("value")[1].GetString()!, null))
                .Where(static value => !double.IsNaN(value)),
        ];
    }

    /// <summary>What a label has in a metric's series.</summary>
    public async Task<IReadOnlyList<string>> LabelValuesAsync(string label, string metric) =>
    [
        .. (await GetAsync($"label/{label}/values?match[]={Uri.EscapeDataString(metric)}")).EnumerateArray()
            .Select(static value => value.GetString()!),
    ];

    /// <summary>"up", or why the last scrape of a target failed, by target.</summary>
    public async Task<IReadOnlyList<string>> TargetsAsync() =>
    [
        .. (await GetAsync("targets")).GetProperty("activeTargets").EnumerateArray().Select(static target =>
            target.GetProperty("health").GetString() is "up"
                ? "up"
                : target.GetProperty("lastError").GetString() ?? ""),
    ];

    /// <summary>Alerts that are pending or firing.</summary>
    public async Task<IReadOnlyList<string>> AlertsAsync() =>
    [
        .. (await GetAsync("alerts")).GetProperty("alerts").EnumerateArray()
            .Select(static alert => alert.GetProperty("labels").GetProperty("alertname").GetString()!).Distinct(),
    ];

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _client.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
        {
            throw new InvalidOperationException($"Prometheus ended with {_process.ExitCode}:\n{Said()}");
        }

        try
        {
            using HttpResponseMessage response = await _client.GetAsync($"http://127.0.0.1:{_port}/-/ready");
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private async Task<JsonElement> GetAsync(string path)
    {
        using HttpResponseMessage response = await _client.GetAsync($"http://127.0.0.1:{_port}/api/v1/{path}");
        using JsonDocument answer = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return answer.RootElement.GetProperty("status").GetString() is "success"
            ? answer.RootElement.GetProperty("data").Clone()
            : throw new InvalidDataException($"{path}: {answer.RootElement}");
    }

    private string Said()
    {
        lock (_said)
        {
            return string.Join('\n', _said);
        }
    }
}
