using System;
using System.IO;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.Host;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

/// <summary>Whom commands ask, with what, and what they make of no answer.</summary>
public sealed class AdminAskTests : IDisposable
{
    private const string Rubbish = "SSH-2.0-OpenSSH\r\n";
    private const string Reloaded =
        "HTTP/1.1 200 OK\r\n\r\n{\"ok\":true,\"hash\":\"abcd\",\"changes\":\"\",\"faults\":[]}";

    private readonly string _state = Directory.CreateTempSubdirectory("edgeproxy-ask-").FullName;

    [Fact]
    public async Task HealthCheck_ShowsNoToken_WhatIsRefusedWithoutDoes()
    {
        using var ready = new AdminStandIn("HTTP/1.1 200 OK\r\n\r\nready\n");
        using (CommandRun run = Configured($"127.0.0.1:{ready.Port}"))
        {
            Assert.Equal(0, await run.InvokeAsync("healthcheck"));
        }

        using var proxy = new AdminStandIn(Reloaded);
        using (CommandRun run = Configured($"127.0.0.1:{proxy.Port}"))
        {
            Assert.Equal(0, await run.InvokeAsync("reload"));
        }

        Assert.DoesNotContain("authorization", await ready.Request, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("\r\nAuthorization: Bearer ", await proxy.Request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("0.0.0.0")]
    public async Task NobodyAtTheFilesAddress_TheNotedOneOfThisMachineIsAsked(string noted)
    {
        using Socket closed = Closed(out int port);
        using var proxy = new AdminStandIn(Reloaded);
        Assert.Null(AdminNote.Write(_state, IPEndPoint.Parse($"{noted}:{proxy.Port}")));
        using CommandRun run = Configured($"127.0.0.1:{port}");

        Assert.Equal(0, await run.InvokeAsync("reload"));
        Assert.Contains($"Host: 127.0.0.1:{proxy.Port}\r\n", await proxy.Request, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NobodyAtTheFilesAddress_ANotedHostThatTheFileDoesNotNameIsNotAsked()
    {
        using Socket closed = Closed(out int port);
        Assert.Null(AdminNote.Write(_state, IPEndPoint.Parse("192.0.2.1:9090"))); // RFC 5737: nobody's
        using CommandRun run = Configured($"127.0.0.1:{port}");

        Assert.Equal(1, await run.InvokeAsync("reload"));
        Assert.Contains("at 192.0.2.1:9090, which is asked only where the file names its host", run.Error);
    }

    /// <summary>Who was reached may have done it: a POST is not sent twice.</summary>
    [Fact]
    public async Task SomebodyAtTheFilesAddressWithoutAnAnswer_TheNotedOneIsNotAsked()
    {
        using var first = new AdminStandIn(Rubbish);
        using var second = new AdminStandIn(Reloaded);
        Assert.Null(AdminNote.Write(_state, new IPEndPoint(IPAddress.Loopback, second.Port)));
        using CommandRun run = Configured($"127.0.0.1:{first.Port}");

        Assert.Equal(1, await run.InvokeAsync("reload"));
        Assert.StartsWith("POST /api/v1/reload", await first.Request, StringComparison.Ordinal);
        Assert.False(second.Request.IsCompleted);
    }

    [Fact]
    public async Task Erase_ReachedWithoutAnAnswer_SaysSoAndOpensNoChain()
    {
        string chain = Path.Combine(_state, "chain");
        using var proxy = new AdminStandIn(Rubbish);
        using CommandRun run = Configured(
            $"127.0.0.1:{proxy.Port}", $"[audit]\ndirectory = \"{chain}\"\nall_routers = true\n");

        Assert.Equal(1, await run.InvokeAsync("audit", "erase", "--consumer", "ann"));

        Assert.Contains("the proxy may go on with it", run.Error);
        Assert.False(Directory.Exists(chain));
    }

    [Fact]
    public async Task Send_NoAnswerInTime_WasReached()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var address = (IPEndPoint)silent.LocalEndpoint;

        AskOutcome outcome = await OneRequest.SendAsync(
            address, "POST", "/", limit: TimeSpan.FromMilliseconds(20), stop: TestContext.Current.CancellationToken);

        Assert.Equal(new AskOutcome(null, $"{address}: no answer within 0.02 s", IsReached: true), outcome);
    }

    [Fact]
    public async Task Send_NobodyThere_WasNotReached()
    {
        using Socket closed = Closed(out int port);

        AskOutcome outcome = await OneRequest.SendAsync(
            new IPEndPoint(IPAddress.Loopback, port), "POST", "/", stop: TestContext.Current.CancellationToken);

        Assert.Null(outcome.Answer);
        Assert.False(outcome.IsReached);
    }

    public void Dispose() => Directory.Delete(_state, recursive: true);

    // Bound, so that nobody else gets the port, and listening to nobody.
    private static Socket Closed(out int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        return socket;
    }

    private CommandRun Configured(string admin, string more = "") => new(
        $"[node]\nstate_dir = \"{_state}\"\n[admin]\naddress = \"{admin}\"\ntoken = \"sixteen-characters-or-more\"\n"
        + $"[entrypoints.web]\naddress = \"127.0.0.1:8080\"\n{more}");
}
