using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>The file that ships, as a file and as a program.</summary>
public sealed class BinaryTests(ITestOutputHelper output)
{
    [Fact]
    public void Publish_IsOneFileAndItsSymbols()
    {
        string folder = Path.GetDirectoryName(Published.Require())!;

        Assert.Equal(["edgeproxy", "edgeproxy.dbg"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("linux-arm64")]
    public void Binary_Size_IsWithinItsBudget(string runtime)
    {
        long size = new FileInfo(Published.Require(runtime)).Length;
        output.WriteLine($"{runtime}: {size:N0} bytes, design {Published.Budget("binary_bytes_max"):N0}");

        Assert.InRange(size, 1, Published.Budget("binary_bytes_max"));
    }

    [Fact]
    public async Task Binary_RunsWithoutAnEnvironment()
    {
        CommandResult result = await CommandResult.RunAsync("/usr/bin/env", ["-i", Published.Require(), "version"]);

        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.StartsWith("edgeproxy ", result.Output);
    }

    [Fact]
    public async Task Binary_StartsProxiesReloadsDrainsAndExitsWithZero()
    {
        await using RawServer first = RawServer.Ok("first");
        await using RawServer second = RawServer.Ok("second");
        await using ProxyProcess proxy = await Published.StartAsync(new ProxyConfig(first));
        using RawClient client = await proxy.ConnectAsync();
        RawResponse before = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        proxy.Config.Servers[0] = second.Port;
        await proxy.ReloadAsync();
        RawResponse after = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        proxy.Terminate();

        Assert.Equal(("first", "second"), (before.BodyText, after.BodyText));
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }

    /// <summary>
    /// All that is resident, of files too, after a start with nothing of the file in the kernel's cache, as after a
    /// boot: how much of a file is mapped around what is touched depends on how its cache was filled. The least of
    /// some: what is left of the copy there, or is somebody else's of the C library, is not the program's need.
    /// </summary>
    [Fact]
    public async Task Idle_Memory_IsWithinItsBudget()
    {
        string copy = Path.Combine(FolderOnDisk(), $"edgeproxy-idle-{Guid.NewGuid():N}");
        try
        {
            File.Copy(Published.Require(), copy);
            await using RawServer server = RawServer.Ok();
            long least = long.MaxValue;
            for (int i = 0; i < 3; i++)
            {
                CachedFile.Forget(copy);
                await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server), binary: copy);
                await RawClient.GetAsync(proxy.Port);
                long rss = proxy.RssKib;
                output.WriteLine($"idle: {rss:N0} KiB, design {Published.Budget("rss_idle_kib_max"):N0}");
                least = Math.Min(least, rss);
            }

            Assert.InRange(least, 1, Published.Budget("rss_idle_kib_max"));
        }
        finally
        {
            File.Delete(copy);
        }
    }

    [Fact]
    public async Task TenThousandIdleConnections_Memory_IsWithinItsBudget()
    {
        const int count = 10_000;
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await Published.StartAsync(new ProxyConfig(server));
        var clients = new List<RawClient>(count);
        try
        {
            for (int i = 0; i < count; i++)
            {
                clients.Add(await proxy.ConnectAsync());
                if (i % 10 == 0)
                {
                    await clients[i].RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                }
            }

            long rss = proxy.RssKib;
            output.WriteLine($"10,000 idle connections: {rss:N0} KiB resident");
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
            Assert.InRange(rss, 1, Published.Budget("rss_10000_idle_connections_kib_max"));
        }
        finally
        {
            clients.ForEach(c => c.Dispose());
        }
    }

    [Fact]
    public async Task Start_ToFirstAnswer_IsShown()
    {
        // A shared machine may take any time; the best of some is what the program needs. Ten times the bar is a
        // defect.
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server);
        double best = double.MaxValue;
        for (int i = 0; i < 10; i++)
        {
            best = Math.Min(best, await MeasureStartAsync(config));
        }

        output.WriteLine($"start to first answer: {best:0.0} ms, design {Published.Budget("start_ms_max")}");
        Assert.InRange(best, 0, 10 * Published.Budget("start_ms_max"));
    }

    // What is in a tmpfs cannot be forgotten: it is nowhere else.
    private static string FolderOnDisk()
    {
        string usual = Path.GetTempPath();
        return new DriveInfo(usual).DriveFormat == "tmpfs" ? AppContext.BaseDirectory : usual;
    }

    private static async Task<double> MeasureStartAsync(ProxyConfig config)
    {
        using var file = new TempFile(config.ToToml());
        var start = new ProcessStartInfo(Published.Require(), ["run", "-c", file.Path])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        start.Environment["STATE_DIRECTORY"] = Path.GetTempPath();
        long begin = Stopwatch.GetTimestamp();
        using Process process = Process.Start(start)!;
        try
        {
            while (true)
            {
                try
                {
                    RawResponse response = await RawClient.GetAsync(config.Port);
                    Assert.Equal(200, response.Status);
                    return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
                }
                catch (System.Net.Sockets.SocketException) when (Stopwatch.GetElapsedTime(begin) < Deadline.Default)
                {
                    Assert.False(process.HasExited);
                }
            }
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private sealed class TempFile : IDisposable
    {
        public TempFile(string text) => File.WriteAllText(Path, text);

        public string Path { get; } = System.IO.Path.GetTempFileName();

        public void Dispose() => File.Delete(Path);
    }
}
