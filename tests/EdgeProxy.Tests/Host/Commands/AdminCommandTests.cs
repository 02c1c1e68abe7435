using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

public sealed class AdminCommandTests
{
    [Fact]
    public async Task HealthCheck_Ready_Is0()
    {
        using var proxy = new AdminStandIn("HTTP/1.1 200 OK\r\n\r\nready\n");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(0, await run.InvokeAsync("healthcheck"));
        Assert.StartsWith("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:", await proxy.Request);
    }

    [Fact]
    public async Task HealthCheck_Draining_Is1WithTheReason()
    {
        using var proxy = new AdminStandIn("HTTP/1.1 503 Service Unavailable\r\n\r\ndraining\n");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(1, await run.InvokeAsync("healthcheck"));
        Assert.Contains("not ready: draining", run.Error);
    }

    [Fact]
    public async Task HealthCheck_NobodyThere_Is1()
    {
        // Bound, so that nobody else gets the port, and listening to nobody.
        using var closed = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        closed.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)closed.LocalEndPoint!).Port;
        using CommandRun run = Configured(port);

        Assert.Equal(1, await run.InvokeAsync("healthcheck"));
        Assert.Contains($"127.0.0.1:{port}", run.Error);
    }

    [Fact]
    public async Task HealthCheck_NotHttp_Is1()
    {
        using var proxy = new AdminStandIn("SSH-2.0-OpenSSH\r\n");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(1, await run.InvokeAsync("healthcheck"));
        Assert.Contains("does not speak HTTP/1.1", run.Error);
    }

    [Fact]
    public async Task Reload_Taken_SaysTheHashAndWhatChanged()
    {
        using var proxy = new AdminStandIn(
            "HTTP/1.1 200 OK\r\n\r\n{\"ok\":true,\"hash\":\"abcd\",\"changes\":\"routers +1\",\"faults\":[]}");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(0, await run.InvokeAsync("reload"));
        Assert.Equal("ok: configuration abcd in use: routers +1\n", run.Output);
        Assert.StartsWith("POST /api/v1/reload HTTP/1.1\r\n", await proxy.Request);
    }

    [Fact]
    public async Task Reload_FaultyFile_Is78WithEveryFault()
    {
        using var proxy = new AdminStandIn(
            "HTTP/1.1 422 Unprocessable Content\r\n\r\n{\"ok\":false,\"hash\":\"abcd\",\"changes\":\"\",\"faults\":"
            + "[{\"file\":\"a.toml\",\"line\":3,\"column\":7,\"key\":\"x.y\",\"message\":\"is wrong\"}]}");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(78, await run.InvokeAsync("reload"));
        Assert.Empty(run.Output);
        Assert.Contains("a.toml:3:7: x.y: is wrong\n", run.Error);
        Assert.Contains("in use stays 'abcd'", run.Error);
    }

    [Fact]
    public async Task Reload_EngineRefused_Is1WithTheReason()
    {
        using var proxy = new AdminStandIn(
            "HTTP/1.1 500 Internal Server Error\r\n\r\n"
            + "{\"ok\":false,\"hash\":\"abcd\",\"changes\":\"\",\"reason\":\"address in use\",\"faults\":[]}");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(1, await run.InvokeAsync("reload"));
        Assert.Contains("address in use", run.Error);
    }

    [Fact]
    public async Task Reload_Refused_Is1()
    {
        using var proxy = new AdminStandIn("HTTP/1.1 403 Forbidden\r\n\r\nHost is not one of ours\n");
        using CommandRun run = Configured(proxy.Port);

        Assert.Equal(1, await run.InvokeAsync("reload", "--format", "json"));
        Assert.Contains("refused with 403: Host is not one of ours", run.Error);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Reload_AdminOff_Is1AndSaysHowElse()
    {
        using var run = new CommandRun("[admin]\naddress = \"off\"\n[entrypoints.web]\naddress = \"127.0.0.1:8080\"\n");

        Assert.Equal(1, await run.InvokeAsync("reload"));
        Assert.Contains("SIGHUP", run.Error);
    }

    private static CommandRun Configured(int port) => new(
        $"[admin]\naddress = \"127.0.0.1:{port}\"\n[entrypoints.web]\naddress = \"127.0.0.1:8080\"\n");
}
