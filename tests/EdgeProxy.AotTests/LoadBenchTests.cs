using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// The load harness as a program: that it measures, and that nothing of it stays behind. Not the figures.
/// </summary>
public sealed class LoadBenchTests : IDisposable
{
    private const int Interrupted = 130;
    private static readonly TimeSpan RunMax = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _temp = Directory.CreateTempSubdirectory("edgeproxy-loadtest-");
    private readonly DirectoryInfo _results = Directory.CreateTempSubdirectory("edgeproxy-loadtest-");

    public void Dispose()
    {
        _temp.Delete(recursive: true);
        _results.Delete(recursive: true);
    }

    [Fact]
    public async Task Run_MeasuresBothProxies_AndLeavesNothing()
    {
        using Process harness = Start("--peers", "nginx", "--scenario", "get-1k,sse,open-loop-50,start", "--rounds", "1");
        Task<string> output = harness.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = harness.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await harness.WaitForExitAsync(TestContext.Current.CancellationToken).Within("the harness to end", RunMax);

        Assert.True(harness.ExitCode == 0, $"{harness.ExitCode}: {await errors}");
        Assert.Contains("| get-1k | CPU us/request |", await output);
        AssertNothingIsLeft();
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Only(".json")));
        foreach (JsonElement scenario in json.RootElement.GetProperty("scenarios").EnumerateArray())
        {
            AssertMeasured(scenario);
        }

        Assert.StartsWith("<svg", File.ReadAllText(Only("-cpu.svg")));
    }

    [Fact]
    public async Task Run_OverTls_MeasuresBothProxies()
    {
        External.Require("h2load");
        using Process harness = Start(
            "--peers", "nginx", "--scenario", "https-1k,tls-full,tls-resumed,http2-1k", "--rounds", "1");
        Task<string> output = harness.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Task<string> errors = harness.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await harness.WaitForExitAsync(TestContext.Current.CancellationToken).Within("the harness to end", RunMax);

        Assert.True(harness.ExitCode == 0, $"{harness.ExitCode}: {await errors}");
        Assert.Contains("| tls-full | CPU us/handshake |", await output);
        AssertNothingIsLeft();
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Only(".json")));
        foreach (JsonElement scenario in json.RootElement.GetProperty("scenarios").EnumerateArray())
        {
            AssertMeasured(scenario);
        }
    }

    [Fact]
    public async Task Interrupt_EndsEverythingItStarted()
    {
        using Process harness = Start("--peers", "nginx", "--scenario", "get-1k", "--rounds", "50");
        string? first = await harness.StandardError.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
            .Within("the first run", RunMax);
        int running = Children().Count();

        await CommandResult.RunAsync("/bin/kill", ["-INT", $"{harness.Id}"]);
        Task<string> rest = harness.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await harness.WaitForExitAsync(TestContext.Current.CancellationToken).Within("the harness to end", RunMax);

        Assert.Contains("get-1k", first);
        Assert.True(running >= 3, $"only {running} programs ran");
        Assert.True(harness.ExitCode == Interrupted, $"{harness.ExitCode}: {await rest}");
        AssertNothingIsLeft();
    }

    /// <summary>Every cell has its figures and no flaw; how good they are is not for a test.</summary>
    private static void AssertMeasured(JsonElement scenario)
    {
        JsonElement[] cells = [.. scenario.GetProperty("cells").EnumerateArray()];

        Assert.Equal(["edgeproxy", "nginx"], cells.Select(c => c.GetProperty("peer").GetString()));
        foreach (JsonElement cell in cells)
        {
            Assert.False(cell.TryGetProperty("absent", out JsonElement reason), $"{scenario}: {reason}");
            Assert.NotEmpty(cell.GetProperty("metrics").EnumerateObject());
            Assert.All(
                cell.GetProperty("rounds").EnumerateArray(),
                round => Assert.Equal("[]", round.GetProperty("flaws").GetRawText()));
        }
    }

    private Process Start(params string[] arguments)
    {
        External.Require("wrk");
        External.Require("nginx");
        string binary = Published.Require();
        string configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')).Split('_')[0];
        string harness = Path.Combine(
            ProxyBinary.ArtifactsFolder, "bin", "EdgeProxy.LoadBench", configuration, "EdgeProxy.LoadBench");
        var start = new ProcessStartInfo(
            harness, [.. arguments, "--seconds", "1", "--binary", binary, "--out", _results.FullName])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["TMPDIR"] = _temp.FullName;
        return Process.Start(start)!;
    }

    private string Only(string ending) =>
        Assert.Single(_results.GetFiles(), f => f.Name.EndsWith(ending, StringComparison.Ordinal)).FullName;

    private void AssertNothingIsLeft()
    {
        Assert.Empty(_temp.GetDirectories("edgeproxy-load-*"));
        Assert.Empty(Children());
    }

    /// <summary>Command lines of programs whose configuration lies in our folder.</summary>
    private IEnumerable<string> Children()
    {
        foreach (string folder in Directory.GetDirectories("/proc"))
        {
            string line = "";
            try
            {
                line = File.ReadAllText($"{folder}/cmdline");
            }
            catch (IOException)
            {
                // It ended, or is no process.
            }

            if (line.Contains(_temp.FullName, StringComparison.Ordinal))
            {
                yield return line.Replace('\0', ' ');
            }
        }
    }
}
