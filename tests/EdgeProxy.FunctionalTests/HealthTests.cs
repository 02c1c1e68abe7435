using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Servers that fail in every way a server can, and who notices.</summary>
public sealed class HealthTests
{
    private const string Often = "interval = \"100ms\", jitter = \"0\", timeout = \"1m\"";
    private const string Briefly = "interval = \"100ms\", jitter = \"0\", timeout = \"3s\"";

    [Theory]
    [InlineData("refused")]
    [InlineData("reset")]
    [InlineData("closed")]
    [InlineData("hangs")]
    [InlineData("hangs within the head")]
    [InlineData("not http")]
    [InlineData("503")]
    public async Task BadServer_NewService_GetsNoRequest(string way)
    {
        await using RawServer good = RawServer.Ok();
        await using RawServer bad = FailingServer.Start(way);
        if (way == "refused")
        {
            bad.StopAccepting();
        }

        string check = way.StartsWith("hangs", StringComparison.Ordinal) ? Briefly : Often;
        var config = new ProxyConfig(bad, good) { Service = $"health_check = {{ path = \"/healthz\", {check} }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", good.Port);

        await GetAsync(proxy, 10, 200);

        Assert.DoesNotContain(bad.Requests, request => request.Target == "/");
        Assert.Equal(10, good.Requests.Count(request => request.Target == "/"));
        await proxy.WaitForLineAsync($"server 127.0.0.1:{bad.Port} is down");
    }

    [Fact]
    public async Task NoHealthyServer_Is503AndSaysSo()
    {
        await using RawServer server = FailingServer.Start("503");
        var config = new ProxyConfig(server) { Service = $"health_check = {{ {Often} }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port, "/page");

        Assert.Equal((503, "503: no server of the service is healthy\n"), (response.Status, response.BodyText));
        Assert.Equal("1", response.Header("Retry-After"));
        Assert.DoesNotContain(server.Requests, request => request.Target == "/page");
        await proxy.ExpectMetricAsync(1, "edgeproxy_requests_unserved_total");
    }

    [Fact]
    public async Task FlappingServer_IsTakenOutAndBackOncePerChange()
    {
        bool isWell = true;
        await using RawServer flapping = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(status: Volatile.Read(ref isWell) ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(flapping, good)
        {
            Service = $"health_check = {{ path = \"/healthz\", {Often}, rise = 2, fall = 2 }}",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", flapping.Port, good.Port);
        string up = $"edgeproxy_server_up{{service=\"app\",server=\"127.0.0.1:{flapping.Port}\"}}";
        Assert.Contains($"{up} 1", (await proxy.AdminAsync("/metrics")).BodyText, StringComparison.Ordinal);

        for (int round = 1; round <= 2; round++)
        {
            Volatile.Write(ref isWell, false);
            await WaitForStateAsync(proxy, flapping, "down");
            int before = flapping.Requests.Count(request => request.Target == "/");
            await GetAsync(proxy, 6, 200);
            Assert.Equal(before, flapping.Requests.Count(request => request.Target == "/"));

            Volatile.Write(ref isWell, true);
            await WaitForStateAsync(proxy, flapping, "up");
            await GetAsync(proxy, 6, 200);
            Assert.Equal(before + 3, flapping.Requests.Count(request => request.Target == "/"));

            int rounds = round;
            await Eventually.TrueAsync(
                () => proxy.Stderr.Count(line => line.Contains("is down (probe: status 500)")) == rounds,
                "one line per change");
            await proxy.ExpectMetricAsync(round, "edgeproxy_server_health_changes_total", "to=\"down\"");
        }

        // Both came up at the start, and one of them twice again.
        await proxy.ExpectMetricAsync(4, "edgeproxy_server_health_changes_total", "to=\"up\"");
    }

    [Fact]
    public async Task Probe_IsWrittenAsConfigured()
    {
        await using RawServer health = RawServer.Ok("all is well");
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server)
        {
            Service = $$"""
                health_check = { path = "/healthz?a=b", host = "app.test", port = {{health.Port}}, {{Often}},
                  headers = { X-Probe = "yes" }, statuses = ["200-204"], body = "is well" }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", server.Port);
        await GetAsync(proxy, 1, 200);

        RawRequest probe = health.Requests[0];
        Assert.Equal(("GET", "/healthz?a=b"), (probe.Method, probe.Target));
        Assert.Equal(
            ("app.test", "yes", "close"),
            (probe.Head.One("Host"), probe.Head.One("X-Probe"), probe.Head.One("Connection")));
        Assert.DoesNotContain(server.Requests, request => request.Target != "/");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nall bad", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nis well", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nis well.", true)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nis \r\n4\r\nwell\r\n0\r\n\r\n", true)]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nis well", true)]
    [InlineData("HTTP/1.0 200 OK\r\n\r\nis well", true)]
    public async Task ProbeBody_TextThatMustBeThere(string answer, bool isUp)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
            if (answer.Contains(": 100\r\n", StringComparison.Ordinal))
            {
                await connection.ReadHeadAsync(); // the rest never comes
            }
        });
        string check = answer.Contains(": 100\r\n", StringComparison.Ordinal) ? Briefly : Often;
        var config = new ProxyConfig(server) { Service = $"health_check = {{ body = \"is well\", {check} }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await WaitForStateAsync(proxy, server, isUp ? "up" : "down");
    }

    [Fact]
    public async Task TcpProbe_ConnectsOnly()
    {
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server)
        {
            Service = $"health_check = {{ kind = \"tcp\", {Often}, fall = 1, rise = 1 }}",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", server.Port);
        await GetAsync(proxy, 1, 200);
        await Eventually.TrueAsync(() => server.ConnectionCount > 3, "more probes");

        server.StopAccepting();
        await WaitForStateAsync(proxy, server, "down");
        await using RawServer again = RawServer.Ok(port: server.Port);
        await WaitForStateAsync(proxy, server, "up");

        Assert.Single(server.Requests);
        Assert.Empty(again.Requests);
    }

    [Theory]
    [InlineData("up", 200)]
    [InlineData("down", 503)]
    public async Task Initial_IsTakenForSo(string initial, int status)
    {
        // The probes go to a port where nobody ever answers.
        await using RawServer silent = RawServer.Start(connection => connection.ReadRequestAsync());
        await using RawServer server = RawServer.Ok();
        var config = new ProxyConfig(server)
        {
            Service = $"health_check = {{ initial = \"{initial}\", port = {silent.Port}, timeout = \"1m\", fall = 100 }}",
        };
        silent.ToleratesFaults = true;
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await GetAsync(proxy, 1, status);
    }

    [Fact]
    public async Task Reload_HealthOfServersThatStay_Survives()
    {
        bool isWell = false;
        await using RawServer sick = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(status: Volatile.Read(ref isWell) ? "200 OK" : "500 Broken");
            }
        });
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(sick, good)
        {
            Service = $"health_check = {{ path = \"/healthz\", initial = \"up\", {Often}, fall = 1, rise = 3 }}",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await WaitForStateAsync(proxy, sick, "down");

        for (int i = 1; i <= 10; i++)
        {
            config.Router = $"priority = {i}";
            await proxy.ReloadAsync();
            Assert.Equal("down", await StateAsync(proxy, sick));
            await GetAsync(proxy, 2, 200);
        }

        Assert.DoesNotContain(sick.Requests, request => request.Target == "/");
        await proxy.WaitForLineAsync("is down");
        Assert.Single(proxy.Stderr, line => line.Contains("is down", StringComparison.Ordinal));
        Volatile.Write(ref isWell, true);
        await WaitForStateAsync(proxy, sick, "up");
    }

    [Fact]
    public async Task Reload_NewServer_GetsNoRequestBeforeItsProbe()
    {
        var gate = new Gate();
        await using RawServer fresh = RawServer.Start(async connection =>
        {
            RawRequest? request = await connection.ReadRequestAsync();
            await gate.PassAsync("the test to see that no request came");
            await connection.AnswerAsync();
        });
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(good)
        {
            Service = "health_check = { path = \"/healthz\", interval = \"100ms\", timeout = \"1m\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await proxy.WaitForServersAsync("up", good.Port);
        config.Servers.Add(fresh.Port);
        await proxy.ReloadAsync();

        await GetAsync(proxy, 6, 200);
        Assert.Equal("unknown", await StateAsync(proxy, fresh));
        Assert.DoesNotContain(fresh.Requests, request => request.Target == "/");

        gate.Open();
        await WaitForStateAsync(proxy, fresh, "up");
    }

    [Fact]
    public async Task Reload_WithoutHealthCheck_EndsProbesAndTrustsServers()
    {
        await using RawServer server = FailingServer.Start("503");
        var config = new ProxyConfig(server) { Service = $"health_check = {{ path = \"/healthz\", {Often} }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        await WaitForStateAsync(proxy, server, "down");

        config.Service = "";
        await proxy.ReloadAsync();
        Assert.Equal("up", await StateAsync(proxy, server));
        await GetAsync(proxy, 3, 503);

        // What was on its way when they ended has closed by the time that only the connection of requests is left.
        await server.WaitForOpenAsync(1);
        int probes = server.Requests.Count;
        await GetAsync(proxy, 3, 503);
        Assert.Equal(probes + 3, server.Requests.Count);
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("closed")]
    [InlineData("hangs")]
    [InlineData("not http")]
    [InlineData("503")]
    [InlineData("refused")]
    [InlineData("hangs within the head")]
    [InlineData("503 and hangs")]
    [InlineData("hangs within the body")]
    [InlineData("gone within the body")]
    [InlineData("wrong chunks")]
    public async Task Passive_FaultsInARow_EjectForAWhile(string way)
    {
        await using RawServer good = RawServer.Ok();
        await using RawServer bad = FailingServer.Start(way);
        if (way == "refused")
        {
            bad.StopAccepting();
        }

        var config = new ProxyConfig(bad, good)
        {
            Service = $$"""
                {{FailingServer.Limits(way, "1s")}}
                passive_health_check = { consecutive_faults = 3, ejection_time = "30m" }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 6; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        await WaitForStateAsync(proxy, bad, "ejected");
        await bad.WaitForRequestsAsync(way == "refused" ? 0 : 3);
        config.Service = config.Service.Replace("\"1s\"", "\"1m\"", StringComparison.Ordinal);
        await proxy.ReloadAsync();
        int before = bad.Requests.Count;
        await GetAsync(proxy, 10, 200);
        Assert.Equal(before, bad.Requests.Count);
        await proxy.WaitForLineAsync("is ejected for 1800000 ms");
        Assert.Single(proxy.Stderr, line => line.Contains("is ejected for 1800000 ms", StringComparison.Ordinal));
        await proxy.ExpectMetricAsync(1, "edgeproxy_server_health_changes_total", "to=\"ejected\"");

        // Nor does a reload let it off.
        config.Router = "priority = 3";
        await proxy.ReloadAsync();
        Assert.Equal("ejected", await StateAsync(proxy, bad));
    }

    [Fact]
    public async Task Passive_AfterItsTime_IsUsedAgain()
    {
        int failures = 2;
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                bool fails = Interlocked.Decrement(ref failures) >= 0;
                await connection.AnswerAsync(status: fails ? "502 Bad" : "200 OK");
            }
        });
        await using RawServer good = RawServer.Ok("good");
        var config = new ProxyConfig(server, good)
        {
            Service = "passive_health_check = { consecutive_faults = 2, ejection_time = \"300ms\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        for (int i = 0; i < 4; i++)
        {
            await RawClient.GetAsync(proxy.Port);
        }

        await proxy.WaitForLineAsync("is ejected for 300 ms");
        await WaitForStateAsync(proxy, server, "up");
        int before = server.Requests.Count;
        await GetAsync(proxy, 4, 200);
        Assert.Equal(before + 2, server.Requests.Count);
        await proxy.WaitForLineAsync($"server 127.0.0.1:{server.Port} is used again");
    }

    [Fact]
    public async Task Passive_AllServersBad_HalfOfThemStay()
    {
        await using RawServer one = FailingServer.Start("503");
        await using RawServer other = FailingServer.Start("503");
        var config = new ProxyConfig(one, other)
        {
            Service = "passive_health_check = { consecutive_faults = 1, ejection_time = \"1m\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await GetAsync(proxy, 10, 503);

        Assert.Equal(10, one.Requests.Count + other.Requests.Count);
        Assert.Equal(1, Math.Min(one.Requests.Count, other.Requests.Count));
    }

    [Fact]
    public async Task Passive_SlowServer_IsEjected()
    {
        await using RawServer slow = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                using var timer = new PeriodicTimer(TimeSpan.FromSeconds(3));
                await timer.WaitForNextTickAsync(); // the server's work, not a wait for something
                await connection.AnswerAsync();
            }
        });
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(slow, good)
        {
            Service = "passive_health_check = { consecutive_faults = 2, latency_max = \"2s\", ejection_time = \"30m\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        await GetAsync(proxy, 12, 200);

        await WaitForStateAsync(proxy, slow, "ejected");
        Assert.Equal(2, slow.Requests.Count);
    }

    private static async Task GetAsync(ProxyProcess proxy, int count, int status)
    {
        for (int i = 0; i < count; i++)
        {
            Assert.Equal(status, (await RawClient.GetAsync(proxy.Port)).Status);
        }
    }

    private static Task<string> WaitForStateAsync(ProxyProcess proxy, RawServer server, string state) =>
        Eventually.GetAsync(
            () => StateAsync(proxy, server), seen => seen == state, $"the server to be {state}");

    private static async Task<string> StateAsync(ProxyProcess proxy, RawServer server)
    {
        RawResponse response = await proxy.AdminAsync("/api/v1/services");
        using var services = System.Text.Json.JsonDocument.Parse(response.BodyText);
        return services.RootElement[0].GetProperty("servers").EnumerateArray()
            .Single(s => s.GetProperty("name").GetString() == $"127.0.0.1:{server.Port}")
            .GetProperty("state").GetString()!;
    }
}
