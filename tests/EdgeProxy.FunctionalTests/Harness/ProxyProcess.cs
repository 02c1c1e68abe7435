using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// An edgeproxy program running on a configuration of the test's, ended with the test whatever happens.
/// </summary>
internal sealed partial class ProxyProcess : IAsyncDisposable
{
    private const int SignalHup = 1;
    private const int SignalTerm = 15;
    private static readonly ConcurrentDictionary<int, Process> s_running = new();

    private readonly Process _process;
    private readonly List<string> _stderr = [];
    private readonly DirectoryInfo _folder;
    private readonly TaskCompletionSource _stderrEnded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    static ProxyProcess() => AppDomain.CurrentDomain.ProcessExit += (_, _) =>
    {
        foreach (Process process in s_running.Values)
        {
            process.Kill();
        }
    };

    private ProxyProcess(Process process, DirectoryInfo folder, ProxyConfig config)
    {
        _process = process;
        _folder = folder;
        Config = config;
        s_running[process.Id] = process;
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.BeginErrorReadLine();
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
    }

    public ProxyConfig Config { get; }

    public int Port => Config.Port;

    public int AdminPort => Config.AdminPort;

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public string ConfigPath => Path.Combine(_folder.FullName, "edgeproxy.toml");

    /// <summary>Everything it said on stderr so far.</summary>
    public IReadOnlyList<string> Stderr
    {
        get
        {
            lock (_stderr)
            {
                return [.. _stderr];
            }
        }
    }

    /// <summary>Resident memory now, in KiB.</summary>
    public long RssKib => ReadStatusKib("VmRSS:");

    /// <summary>The most it ever was.</summary>
    public long PeakRssKib => ReadStatusKib("VmHWM:");

    public int OpenFileCount => Directory.GetFileSystemEntries($"/proc/{Id}/fd").Length;

    /// <summary>Starts it and waits until it says it is ready.</summary>
    /// <param name="wrap">Programs in front, e.g. qemu or strace with their arguments.</param>
    /// <param name="binary">Instead of what <see cref="ProxyBinary.Find"/> finds.</param>
    public static async Task<ProxyProcess> StartAsync(
        ProxyConfig config, IReadOnlyList<string>? wrap = null, string? binary = null)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-test-");
        await File.WriteAllTextAsync(Path.Combine(folder.FullName, "edgeproxy.toml"), config.ToToml());
        return await StartInAsync(folder, config, wrap, binary);
    }

    /// <summary>After <paramref name="ended"/> ended: another process with its file as it is, in its folder.</summary>
    public static async Task<ProxyProcess> StartAgainAsync(ProxyProcess ended, IReadOnlyList<string>? wrap = null)
    {
        if (!ended.HasExited)
        {
            ended.Signal(SignalTerm);
            await ended.ExitCodeAsync();
        }

        return await StartInAsync(ended._folder, ended.Config, wrap, binary: null);
    }

    private static async Task<ProxyProcess> StartInAsync(
        DirectoryInfo folder, ProxyConfig config, IReadOnlyList<string>? wrap, string? binary)
    {
        string path = Path.Combine(folder.FullName, "edgeproxy.toml");
        (string program, string[] arguments) = binary is null ? ProxyBinary.Find() : (binary, []);
        string[] line = [.. wrap ?? [], program, .. arguments, "run", "-c", path];
        var start = new ProcessStartInfo(line[0], line.Skip(1))
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
            WorkingDirectory = folder.FullName,
        };
        start.Environment.Remove("NOTIFY_SOCKET");
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["STATE_DIRECTORY"] = config.StateFolder ?? folder.FullName;
        var proxy = new ProxyProcess(Process.Start(start)!, folder, config);
        try
        {
            await proxy.WaitUntilReadyAsync();
        }
        catch
        {
            await proxy.DisposeAsync();
            throw;
        }

        return proxy;
    }

    /// <summary>Runs edgeproxy to its end, for commands that answer and exit.</summary>
    public static async Task<CommandResult> RunAsync(params string[] arguments)
    {
        (string program, string[] leading) = ProxyBinary.Find();
        return await CommandResult.RunAsync(program, [.. leading, .. arguments]);
    }

    /// <summary>Rewrites the file, signals, waits until that configuration was taken, be it the same again.</summary>
    public async Task ReloadAsync(string? toml = null)
    {
        const string taken = "edgeproxy_config_reloads_total";
        const string well = "outcome=\"ok\"";
        string text = toml ?? Config.ToToml();
        double before = await MetricAsync(taken, well) ?? 0;
        WriteConfig(text);
        Hangup();
        await WaitForHashAsync(HashOf(text), metrics => MetricIn(metrics, taken, well) > before);
    }

    /// <summary>Replaces the file as editors do: a whole new file moved over the old one.</summary>
    public void WriteConfig(string toml)
    {
        string next = $"{ConfigPath}.next";
        File.WriteAllText(next, toml);
        File.Move(next, ConfigPath, overwrite: true);
    }

    /// <param name="isSo">What else /metrics has to say. Other metrics name earlier configurations, too.</param>
    public async Task WaitForHashAsync(string hash, Func<string, bool>? isSo = null)
    {
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    string text = (await AdminAsync("/metrics")).BodyText;
                    return MetricIn(text, "edgeproxy_config_info", hash) == 1 && isSo?.Invoke(text) != false;
                },
                $"configuration {hash} to be in use");
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; stderr:\n{string.Join('\n', Stderr)}");
        }
    }

    /// <summary>The name the product gives a configuration: 16 hex digits of the SHA-256 over its bytes.</summary>
    public static string HashOf(string toml) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(toml)))[..16];

    public Task<string> WaitForLineAsync(string part, int linesBefore = 0) => Eventually.GetAsync(
        () => Task.FromResult(
            Stderr.Skip(linesBefore).FirstOrDefault(l => l.Contains(part, StringComparison.Ordinal)) ?? ""),
        line => line.Length > 0,
        $"a line on stderr with '{part}'");

    public async Task<RawResponse> AdminAsync(string path, string method = "GET")
    {
        using RawClient client = Config.AdminSocket is { } socket
            ? await RawClient.ConnectUnixAsync(socket)
            : await RawClient.ConnectAsync(AdminPort);
        string host = Config.AdminSocket is null ? $"127.0.0.1:{AdminPort}" : "localhost";
        return await client.RequestAsync(
            $"{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", method);
    }

    /// <summary>
    /// The sum of a metric's series whose labels contain <paramref name="label"/>; null if there is none.
    /// </summary>
    public async Task<double?> MetricAsync(string name, string label = "")
    {
        RawResponse response = await AdminAsync("/metrics");
        return MetricIn(response.BodyText, name, label);
    }

    /// <summary>
    /// Waits until the metric is what it should be: what a client has its answer of may be counted a moment later.
    /// </summary>
    public Task ExpectMetricAsync(double expected, string name, string label = "") => Eventually.GetAsync(
        () => MetricAsync(name, label), value => value == expected, $"{name} {label} to be {expected}");

    /// <summary>
    /// Nobody was answered 5xx, and no request ended without an answer.
    /// </summary>
    public async Task ExpectNoErrorsAsync()
    {
        const string Requests = "http_server_request_duration_seconds_count";
        string metrics = (await AdminAsync("/metrics")).BodyText;
        Assert.True(MetricIn(metrics, Requests) > 0, metrics);
        Assert.True(MetricIn(metrics, Requests, "5xx") is null, metrics);
        Assert.True(MetricIn(metrics, Requests, "error_type") is null, metrics);
    }

    /// <summary>
    /// Waits until these servers of 127.0.0.1 are in that state, e.g. "up" after their first probes, which a proxy that
    /// starts does not wait long for.
    /// </summary>
    public Task WaitForServersAsync(string state, params IEnumerable<int> ports) => Eventually.GetAsync(
        async () => (await AdminAsync("/api/v1/services")).BodyText,
        text =>
        {
            using var services = JsonDocument.Parse(text);
            JsonElement[] servers = [.. services.RootElement.EnumerateArray().SelectMany(service =>
                service.TryGetProperty("servers", out JsonElement own) ? own.EnumerateArray().ToArray() : [])];
            return ports.All(port => servers.Any(server => server.GetProperty("name").GetString() == $"127.0.0.1:{port}"
                && server.GetProperty("state").GetString() == state));
        },
        $"servers {string.Join(", ", ports)} to be {state}");

    public static double? MetricIn(string text, string name, string label = "")
    {
        double? sum = null;
        foreach (string line in text.Split('\n'))
        {
            if (line.StartsWith(name, StringComparison.Ordinal)
                && line.Length > name.Length && line[name.Length] is ' ' or '{'
                && line.Contains(label, StringComparison.Ordinal))
            {
                string value = line[(line.LastIndexOf(' ') + 1)..];
                sum = (sum ?? 0) + double.Parse(value, CultureInfo.InvariantCulture);
            }
        }

        return sum;
    }

    public Task<RawClient> ConnectAsync() => RawClient.ConnectAsync(Port);

    public void Hangup() => Signal(SignalHup);

    public void Terminate() => Signal(SignalTerm);

    public void Signal(int signal)
    {
        if (Kill(_process.Id, signal) != 0)
        {
            throw new InvalidOperationException($"kill({_process.Id}, {signal}): errno {Marshal.GetLastPInvokeError()}");
        }
    }

    public async Task<int> ExitCodeAsync(TimeSpan? limit = null)
    {
        await _process.WaitForExitAsync().Within("the proxy to exit", limit);
        await _stderrEnded.Task.Within("the end of stderr");
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        s_running.TryRemove(_process.Id, out _);
        _process.Dispose();
        if (Directory.Exists(_folder.FullName))
        {
            _folder.Delete(recursive: true); // the first that ends of those that share it
        }
    }

    private async Task WaitUntilReadyAsync()
    {
        try
        {
            // An emulated or traced proxy is slow to start: two minutes are no measure of it, only an end.
            await Eventually.TrueAsync(IsReadyOrGoneAsync, "the proxy to be ready", TimeSpan.FromMinutes(2));
        }
        catch (TimeoutException e)
        {
            throw new TimeoutException($"{e.Message}; stderr:\n{string.Join('\n', Stderr)}");
        }

        if (_process.HasExited)
        {
            await _stderrEnded.Task.Within("the end of stderr");
            throw new InvalidOperationException(
                $"edgeproxy ended with {_process.ExitCode} at its start:\n{string.Join('\n', Stderr)}\n{Config.ToToml()}");
        }
    }

    private async Task<bool> IsReadyOrGoneAsync()
    {
        if (_process.HasExited)
        {
            return true;
        }

        try
        {
            return (await AdminAsync("/readyz")).Status == 200;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
        {
            return false;
        }
    }

    private void Keep(string? line)
    {
        if (line is null)
        {
            _stderrEnded.TrySetResult();
            return;
        }

        lock (_stderr)
        {
            _stderr.Add(line);
        }
    }

    private long ReadStatusKib(string field)
    {
        string line = File.ReadLines($"/proc/{Id}/status").First(l => l.StartsWith(field, StringComparison.Ordinal));
        string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        return long.Parse(words[1], CultureInfo.InvariantCulture);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
