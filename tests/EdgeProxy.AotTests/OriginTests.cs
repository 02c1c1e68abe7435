using System;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>The published binary between programs that are not ours: nginx behind it, curl and wrk before it.</summary>
public sealed class OriginTests(ITestOutputHelper output)
{
    private const long Gibibyte = 1L << 30;

    // What the proxy may grow while a body of any size passes: a few blocks, not a share of the body.
    private const long RssGrowthKibMax = 4 * 1024;

    private static TimeSpan Load => TimeSpan.FromSeconds(
        Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1" ? 60 : 5);

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(65_536, false)]
    [InlineData(65_536, true)]
    [InlineData(10_000_019, false)]
    [InlineData(10_000_019, true)]
    public async Task Curl_PutThenGet_BringsTheSameBytesBack(int size, bool chunked)
    {
        string curl = External.Require("curl");
        await using Nginx nginx = await Nginx.StartAsync();
        await using ProxyProcess proxy = await StartAsync(nginx);
        using var folder = new TempFolder();
        byte[] body = new byte[size];
        RandomNumberGenerator.Fill(body);
        await File.WriteAllBytesAsync(folder["sent"], body, TestContext.Current.CancellationToken);
        string[] framing = chunked ? ["-H", "Transfer-Encoding: chunked"] : [];
        string url = $"http://127.0.0.1:{proxy.Port}/files/{size}";

        CommandResult put = await CommandResult.RunAsync(
            curl, ["-sS", "-o", "/dev/null", "-w", "%{http_code}", "-T", folder["sent"], .. framing, url]);
        CommandResult get = await CommandResult.RunAsync(
            curl, ["-sS", "-o", folder["back"], "-w", "%{http_code} %{size_download}", url]);
        CommandResult head = await CommandResult.RunAsync(curl, ["-sSI", url]);

        Assert.Equal(("201", $"200 {size}"), (put.Output, get.Output));
        Assert.Equal(body, await File.ReadAllBytesAsync(folder["back"], TestContext.Current.CancellationToken));
        Assert.Contains($"Content-Length: {size}", head.Output);
    }

    [Fact]
    public async Task Curl_ExpectContinueAndHttp10_Work()
    {
        string curl = External.Require("curl");
        await using Nginx nginx = await Nginx.StartAsync();
        await using ProxyProcess proxy = await StartAsync(nginx);
        string url = $"http://127.0.0.1:{proxy.Port}";

        CommandResult expect = await CommandResult.RunAsync(
            curl, ["-sSv", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Expect: 100-continue", "-X", "PUT", "-d", "hello", $"{url}/e"]);
        CommandResult old = await CommandResult.RunAsync(curl, ["-sS", "--http1.0", "-w", "%{http_code}", $"{url}/small"]);
        CommandResult twice = await CommandResult.RunAsync(
            curl, ["-sSv", "-o", "/dev/null", "-o", "/dev/null", $"{url}/small", $"{url}/small"]);

        Assert.Equal("201", expect.Output);
        Assert.Contains("100 Continue", expect.Errors);
        Assert.Equal("small\n200", old.Output);
        Assert.Contains("Re-using existing connection", twice.Errors);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Curl_GibibyteUp_MemoryStaysFlat(bool chunked)
    {
        string curl = External.Require("curl");
        await using Nginx nginx = await Nginx.StartAsync();
        await using ProxyProcess proxy = await StartAsync(nginx);
        using var folder = new TempFolder();
        Sparse(folder["big"], Gibibyte);
        await WarmAsync(proxy);
        long before = proxy.RssKib;
        string[] framing = chunked ? ["-H", "Transfer-Encoding: chunked"] : [];

        CommandResult put = await CommandResult.RunAsync(
            curl,
            [
                "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_upload} %{speed_upload}", "-T", folder["big"], .. framing,
                $"http://127.0.0.1:{proxy.Port}/big",
            ],
            TimeSpan.FromMinutes(3));
        output.WriteLine($"{put.Output}; peak {proxy.PeakRssKib:N0} KiB, before {before:N0}");

        Assert.StartsWith("201 ", put.Output);
        Assert.Equal(Gibibyte, new FileInfo(nginx.FileOf("/big")).Length);
        Assert.InRange(proxy.PeakRssKib, 0, before + RssGrowthKibMax);
    }

    [Fact]
    public async Task Curl_GibibyteDown_MemoryStaysFlat()
    {
        string curl = External.Require("curl");
        await using Nginx nginx = await Nginx.StartAsync();
        Sparse(nginx.FileOf("/big"), Gibibyte);
        await using ProxyProcess proxy = await StartAsync(nginx);
        await WarmAsync(proxy);
        long before = proxy.RssKib;

        CommandResult get = await CommandResult.RunAsync(
            curl,
            ["-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download} %{speed_download}", $"http://127.0.0.1:{proxy.Port}/big"],
            TimeSpan.FromMinutes(3));
        output.WriteLine($"{get.Output}; peak {proxy.PeakRssKib:N0} KiB, before {before:N0}");

        Assert.StartsWith($"200 {Gibibyte} ", get.Output);
        Assert.InRange(proxy.PeakRssKib, 0, before + RssGrowthKibMax);
    }

    [Fact]
    public async Task Wrk_WhileReloadedAgainAndAgain_FailsNoRequest()
    {
        string wrk = External.Require("wrk");
        await using Nginx nginx = await Nginx.StartAsync();
        await using ProxyProcess proxy = await StartAsync(nginx);
        Task<CommandResult> running = CommandResult.RunAsync(
            wrk,
            ["-t", "1", "-c", "256", "-d", $"{(int)Load.TotalSeconds}s", "--timeout", "10s", $"http://127.0.0.1:{proxy.Port}/small"],
            Load + TimeSpan.FromMinutes(1));

        int reloads = 0;
        using (var timer = new System.Threading.PeriodicTimer(TimeSpan.FromMilliseconds(250)))
        {
            while (!running.IsCompleted)
            {
                reloads++;
                proxy.Config.Servers.Clear();
                proxy.Config.Servers.AddRange((reloads % 3) switch
                {
                    0 => [nginx.Port, nginx.OtherPort],
                    1 => [nginx.OtherPort],
                    _ => (int[])[nginx.Port],
                });
                proxy.Config.More = $"[routers.r{reloads}]\nrule = \"Path(`/r{reloads}`)\"\nservice = \"app\"\n";
                await proxy.ReloadAsync();
                await Task.WhenAny(running, timer.WaitForNextTickAsync(TestContext.Current.CancellationToken).AsTask());
            }
        }

        CommandResult result = await running;
        output.WriteLine($"{reloads} reloads\n{result.Output}");
        AssertAllAnswered(result);
        Assert.True(reloads >= Load.TotalSeconds - 2);
    }

    [Fact]
    public async Task Term_UnderLoad_EveryRequestThatReachedAServerIsAnswered()
    {
        // wrk cannot tell a refused connection from a lost answer. Ours can: what the server saw is what clients must
        // have got.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await Published.StartAsync(new ProxyConfig(server));
        int answered = 0;
        int cut = 0;
        Task[] clients = [.. Enumerable.Range(0, 64).Select(_ => Task.Run(async () =>
        {
            (int whole, int broken) = await AskUntilClosedAsync(proxy.Port);
            System.Threading.Interlocked.Add(ref answered, whole);
            System.Threading.Interlocked.Add(ref cut, broken);
        }))];
        await server.WaitForRequestsAsync(2_000);

        proxy.Terminate();
        await Task.WhenAll(clients).Within("all clients to be let go");

        Assert.Equal(0, await proxy.ExitCodeAsync());
        Assert.Equal(0, cut);
        Assert.Equal(server.Requests.Count, answered);
    }

    [Fact]
    public async Task Wrk_ServerKilledUnderLoad_OthersTakeOver()
    {
        // Reliability plan F1: one of two servers goes away hard; a GET may be sent again, so none fails.
        string wrk = External.Require("wrk");
        await using Nginx steady = await Nginx.StartAsync();
        RawServer doomed = RawServer.Ok("small");
        var config = new ProxyConfig(doomed);
        config.Servers.Add(steady.Port);
        await using ProxyProcess proxy = await Published.StartAsync(config);
        Task<CommandResult> running = CommandResult.RunAsync(
            wrk, ["-t", "1", "-c", "32", "-d", "4s", "--timeout", "10s", $"http://127.0.0.1:{proxy.Port}/small"]);
        await doomed.WaitForRequestsAsync(500);

        doomed.ToleratesFaults = true;
        doomed.StopAccepting();
        doomed.CloseAll(reset: true);
        CommandResult result = await running;
        await doomed.DisposeAsync();

        output.WriteLine(result.Output);
        AssertAllAnswered(result);
    }

    private static void AssertAllAnswered(CommandResult result)
    {
        Assert.True(result.ExitCode == 0, $"{result}");
        Assert.Contains("requests in", result.Output);
        Assert.DoesNotContain("Socket errors", result.Output);
        Assert.DoesNotContain("Non-2xx", result.Output);
    }

    private static Task<ProxyProcess> StartAsync(Nginx nginx)
    {
        var config = new ProxyConfig();
        config.Servers.Add(nginx.Port);
        return Published.StartAsync(config);
    }

    private static async Task WarmAsync(ProxyProcess proxy)
    {
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/small")).Status);
        }
    }

    /// <summary>Answers that came whole, and answers that began and broke off, until the proxy closes.</summary>
    private static async Task<(int Whole, int Cut)> AskUntilClosedAsync(int port)
    {
        int whole = 0;
        try
        {
            using RawClient client = await RawClient.ConnectAsync(port);
            while (true)
            {
                await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
                RawResponse response = await client.ReadResponseAsync();
                if (!response.IsWhole || response.Status != 200)
                {
                    return (whole, 1);
                }

                whole++;
                if (response.Head.Lists("Connection", "close"))
                {
                    return (whole, 0);
                }
            }
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or WireEndedException)
        {
            // Closed between two requests: whether this one reached a server is counted there.
            return (whole, 0);
        }
    }

    private static void Sparse(string path, long size)
    {
        using FileStream file = File.Create(path);
        file.SetLength(size);
    }

    private sealed class TempFolder : IDisposable
    {
        private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-test-");

        public string this[string name] => Path.Combine(_folder.FullName, name);

        public void Dispose() => _folder.Delete(recursive: true);
    }
}
