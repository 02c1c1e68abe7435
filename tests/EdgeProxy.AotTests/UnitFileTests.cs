using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// The systemd unit: what systemd itself says of it, and that the program does its work within what it allows.
/// </summary>
public sealed class UnitFileTests(ITestOutputHelper output)
{
    private const int SignalUsr1 = 10;
    private const int Clients = 8;
    private const int PerConnection = 50;
    private const int Requests = 3_200;

    private const string Get = "GET / HTTP/1.1\r\nHost: unit.example\r\n\r\n";
    private static readonly string Unit =
        Path.Combine(ProxyBinary.RepositoryRoot!, "packaging", "systemd", "edgeproxy.service");

    [Fact]
    public async Task Unit_Exposure_IsAtMostSixteenTenths()
    {
        CommandResult result = await CommandResult.RunAsync(
            External.Require("systemd-analyze"), ["security", "--offline=true", "--threshold=16", "--no-pager", Unit]);

        output.WriteLine(result.Output.Split('\n').LastOrDefault(l => l.Contains("exposure", StringComparison.Ordinal)) ?? "");
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>PR_SET_MDWE is what MemoryDenyWriteExecute asks of the kernel, and is inherited.</summary>
    [Fact]
    public async Task Program_WithoutMemoryThatIsWritableAndExecutable_Serves()
    {
        string perl = External.Require("perl");
        string setAndRun = $"syscall({PrctlNumber}, 65, 1, 0, 0, 0) == 0 or die 'no MDWE'; exec @ARGV";
        await using RawServer server = Server();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server), wrap: [perl, "-e", setAndRun], binary: Published.Require());

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/")).Status);
        await proxy.ReloadAsync(proxy.Config.ToToml() + "# again\n");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/")).Status);
    }

    /// <summary>
    /// Everything that writes is on, and thousands of requests come by HTTP/1.1 and HTTP/2 over TLS on connections that
    /// begin and end, before and after a reload, until the proxy is told to drain.
    /// </summary>
    [Fact]
    public async Task Program_StartLoadReloadDrain_MakesNoCallTheUnitForbids()
    {
        string strace = External.Require("strace");
        HashSet<string> allowed = await AllowedAsync();
        using var keys = new TestKeys();
        keys.Make("a.test").Dispose();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-unit-");
        string trace = Path.Combine(folder.FullName, "trace");
        try
        {
            await using (RawServer server = Steady.Counting())
            await using (ProxyProcess proxy = await ProxyProcess.StartAsync(
                Loaded(server, keys, folder), wrap: [strace, "-D", "-f", "-q", "-o", trace, "-e", "signal=none"],
                binary: Published.Require()))
            {
                await LoadAsync(proxy.Port, keys);
                proxy.WriteConfig(proxy.Config.ToToml() + "# again\n");
                proxy.Hangup();
                await proxy.ExpectMetricAsync(2, "edgeproxy_config_reloads_total", "outcome=\"ok\"");
                proxy.Signal(SignalUsr1); // log files are opened again
                await LoadAsync(proxy.Port, keys);
                await proxy.ExpectMetricAsync(2 * Requests, "edgeproxy_responses_total", "2xx");
                await Eventually.TrueAsync(
                    async () => await proxy.MetricAsync("edgeproxy_spool_items", "traces") > 0, "spans in the spool");
                await EachIsLoggedOrCountedAsync(proxy, Path.Combine(folder.FullName, "access.log"));
                proxy.Terminate();
                Assert.Equal(0, await proxy.ExitCodeAsync(TimeSpan.FromMinutes(2)));
            }

            Assert.NotEmpty(Directory.GetFiles(Path.Combine(folder.FullName, "audit"), "*", SearchOption.AllDirectories));
            string[] made = [.. File.ReadLines(trace).Select(CallOf).Where(c => c.Length > 0).Distinct().Order()];
            output.WriteLine(string.Join(' ', made));
            Assert.Contains("epoll_ctl", made);
            Assert.Contains("fsync", made);
            Assert.Empty(made.Except(allowed));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    // A log may lose lines under a tracer, as it is not waited for; then it counts them.
    private static Task EachIsLoggedOrCountedAsync(ProxyProcess proxy, string log) => Eventually.TrueAsync(
        async () =>
        {
            int lines = File.ReadLines(log).Count();
            string metrics = (await proxy.AdminAsync("/metrics")).BodyText;
            double? unread = ProxyProcess.MetricIn(metrics, "edgeproxy_request_records_dropped_total");
            double? unwritten = ProxyProcess.MetricIn(metrics, "edgeproxy_access_log_lines_dropped_total");
            return lines > 0 && lines + unread + unwritten == 2 * Requests;
        },
        "each request to be a line of the access log or a count of those lost",
        TimeSpan.FromMinutes(2));

    private static int PrctlNumber =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? 167 : 157;

    private static RawServer Server() => RawServer.Start(async connection =>
    {
        while (await connection.Wire.ReadHeadAsync("a request", TimeSpan.FromMinutes(1)) is not null)
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        }
    });

    private static ProxyConfig Loaded(RawServer server, TestKeys keys, DirectoryInfo folder) => new(server)
    {
        Loops = 2,
        EntryPoint = "tls = {}",
        Node = $"state_dir = \"{folder.CreateSubdirectory("state").FullName}\"",
        Service = """
            strategy = "least_time"
            health_check = { path = "/healthz", interval = "100ms", timeout = "1m" }
            passive_health_check = {}
            retry = { on = ["connect", "reset", "timeout", "502-504"] }
            circuit_breaker = { expression = "NetworkErrorRatio() > 0.3" }
            """,
        More = $$"""
            [[tls.certificates]]
            cert = "{{keys.Folder}}/a.test.pem"
            key = "{{keys.Folder}}/a.test.key"
            [access_log]
            output = "{{folder.FullName}}/access.log"
            [audit]
            directory = "{{folder.CreateSubdirectory("audit").FullName}}"
            all_routers = true
            [telemetry.traces]
            ratio = 1
            [telemetry.otlp]
            endpoint = "http://127.0.0.1:1"
            [telemetry.spool]
            directory = "{{folder.FullName}}/spool"
            """,
    };

    // Half of them by HTTP/1.1, on connections that are used for a while, half as streams of HTTP/2.
    private static async Task LoadAsync(int port, TestKeys keys)
    {
        using HttpClient http2 = Http2Client(keys);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(async client =>
        {
            for (int connection = 0; connection < Requests / Clients / PerConnection; connection++)
            {
                using RawClient? http1 = client % 2 == 0 ? await RawClient.ConnectTlsAsync(port, keys) : null;
                for (int i = 0; i < PerConnection; i++)
                {
                    int status = http1 is not null
                        ? (await http1.RequestAsync(Get)).Status
                        : await StatusAsync(http2, port);
                    Assert.Equal(200, status);
                }
            }
        }));
    }

    private static HttpClient Http2Client(TestKeys keys)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = static async (context, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, context.DnsEndPoint.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        };
        handler.SslOptions.CertificateChainPolicy = keys.Trust();
        return new HttpClient(handler)
        {
            DefaultRequestVersion = HttpVersion.Version20,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = TimeSpan.FromMinutes(5),
        };
    }

    private static async Task<int> StatusAsync(HttpClient client, int port)
    {
        using HttpResponseMessage answer = await client.GetAsync(
            new Uri($"https://a.test:{port}/"), TestContext.Current.CancellationToken);
        return (int)answer.StatusCode;
    }

    /// <summary>SystemCallFilter of the unit, group by group, as the installed systemd spells them out.</summary>
    private static async Task<HashSet<string>> AllowedAsync()
    {
        HashSet<string> allowed = await GroupAsync("@system-service");
        foreach (string group in (string[])["@privileged", "@resources"])
        {
            allowed.ExceptWith(await GroupAsync(group));
        }

        Assert.NotEmpty(allowed);
        return allowed;
    }

    private static async Task<HashSet<string>> GroupAsync(string group)
    {
        CommandResult result = await CommandResult.RunAsync(
            External.Require("systemd-analyze"), ["syscall-filter", "--no-pager", group]);
        Assert.Equal(0, result.ExitCode);
        var calls = new HashSet<string>();
        foreach (string line in result.Output.Split('\n').Skip(1).Select(l => l.Trim()))
        {
            if (line.StartsWith('@'))
            {
                calls.UnionWith(await GroupAsync(line));
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                calls.Add(line);
            }
        }

        return calls;
    }

    // "1234  recvfrom(7, ..." and "1234  <... recvfrom resumed>..."
    private static string CallOf(string line)
    {
        int start = line.IndexOf(' ', StringComparison.Ordinal);
        string rest = line[(start + 1)..].TrimStart();
        int end = rest.IndexOf('(', StringComparison.Ordinal);
        return end > 0 && rest[..end].All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? rest[..end] : "";
    }
}
