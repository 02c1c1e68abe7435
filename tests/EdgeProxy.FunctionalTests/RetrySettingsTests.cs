using System;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>[services.NAME.retry]: what is sent again, where to, how often, and what never is.</summary>
public sealed class RetrySettingsTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    // Only who never answers is not waited for.
    private static string TimeoutFor(string way) =>
        way.StartsWith("hangs", StringComparison.Ordinal) ? "1s" : "1m";

    [Theory]
    [InlineData("reset", "[\"reset\"]")]
    [InlineData("closed", "[\"reset\"]")]
    [InlineData("hangs", "[\"timeout\"]")]
    [InlineData("hangs within the head", "[\"timeout\"]")]
    [InlineData("503", "[\"502-504\"]")]
    [InlineData("500", "[\"500\", \"502-504\"]")]
    [InlineData("503 and hangs", "[\"503\"]")]
    public async Task ServerFails_AnotherAnswers(string way, string on)
    {
        await using RawServer bad = FailingServer.Start(way);
        await using RawServer good = RawServer.Ok("good");
        var config = new ProxyConfig(bad, good) { Service = $"retry = {{ on = {on}, per_try_timeout = \"{TimeoutFor(way)}\" }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        for (int i = 0; i < 4; i++)
        {
            RawResponse response = await RawClient.GetAsync(proxy.Port);
            Assert.Equal((200, "good"), (response.Status, response.BodyText));
        }

        await bad.WaitForRequestsAsync(2);
        Assert.Equal((2, 4), (bad.Requests.Count, good.Requests.Count));
        await proxy.ExpectMetricAsync(2, "edgeproxy_retries_total");
        await proxy.ExpectMetricAsync(0, "edgeproxy_server_exchanges_in_flight");
    }

    [Theory]
    [InlineData("reset", "[\"503\", \"timeout\", \"connect\"]", 502)]
    [InlineData("hangs", "[\"503\", \"reset\", \"connect\"]", 504)]
    [InlineData("503", "[\"500-502\", \"504\", \"reset\", \"timeout\"]", 503)]
    [InlineData("not http", "[\"reset\", \"timeout\", \"500-599\"]", 502)]
    public async Task FailureThatIsNoCause_IsTheAnswer(string way, string on, int status)
    {
        await using RawServer bad = FailingServer.Start(way);
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(bad, good) { Service = $"retry = {{ on = {on}, per_try_timeout = \"{TimeoutFor(way)}\" }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(status, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Empty(good.Requests);
    }

    [Theory]
    [InlineData("POST", "", false)]
    [InlineData("PATCH", "", false)]
    [InlineData("PURGE", "", false)]
    [InlineData("POST", "Idempotency-Key: 7\r\n", false)]
    [InlineData("POST", "Idempotency-Key: 7\r\n", true)]
    [InlineData("PUT", "", false)]
    [InlineData("DELETE", "", false)]
    public async Task Methods_OnlyWhatMayBeRepeatedIs(string method, string fields, bool hasKeys)
    {
        await using RawServer bad = FailingServer.Start("reset");
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(bad, good)
        {
            Service = $"retry = {{ idempotency_key = {(hasKeys ? "true" : "false")} }}",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, $"{method} / HTTP/1.1\r\nHost: a\r\n{fields}Content-Length: 5\r\n\r\nhello");

        bool isRepeated = hasKeys || method is "PUT" or "DELETE";
        Assert.Equal((isRepeated ? 200 : 502, 1), (response.Status, bad.Requests.Count));
        Assert.Equal(isRepeated ? ["hello"] : [], good.WholeRequests.Select(request => request.BodyText));
    }

    [Theory]
    [InlineData(3_000, false, true)]
    [InlineData(60_000, false, true)]
    [InlineData(60_000, true, true)]
    [InlineData(70_000, false, false)]
    [InlineData(200_000, true, false)]
    public async Task Body_IsKeptUpToTheLimit(int length, bool isChunked, bool isRepeated)
    {
        // The server takes all of it, then fails.
        await using RawServer bad = FailingServer.Start("reset");
        await using RawServer good = RawServer.Ok("good");
        var config = new ProxyConfig(bad, good) { Service = "retry = { body_bytes_max = \"64KiB\" }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        string body = string.Concat(Enumerable.Range(0, length).Select(i => (char)('a' + (i * 7 % 26))));
        string framed = isChunked
            ? string.Concat(body.Chunk(5_000).Select(c => $"{c.Length:x}\r\n{new string(c)}\r\n")) + "0\r\n\r\n"
            : body;
        string framing = isChunked ? "Transfer-Encoding: chunked" : $"Content-Length: {length}";

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync($"PUT / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n{framed}");

        Assert.Equal(isRepeated ? 200 : 502, response.Status);
        Assert.Equal(body, Assert.Single(bad.WholeRequests).BodyText);
        Assert.Equal(isRepeated ? [body] : [], good.WholeRequests.Select(request => request.BodyText));

        // The connection's next request starts with nothing kept of the one before.
        if (isRepeated)
        {
            Assert.Equal("good", (await client.RequestAsync(Get)).BodyText);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 3)]
    [InlineData(8, 4)]
    public async Task Attempts_EachOnAnotherServer(int attempts, int seen)
    {
        RawServer[] servers = [.. Enumerable.Range(0, 4).Select(_ => FailingServer.Start("reset"))];
        var config = new ProxyConfig(servers) { Service = $"retry = {{ attempts = {attempts} }}" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(502, (await RawClient.GetAsync(proxy.Port)).Status);

        Assert.Equal(attempts, servers.Sum(server => server.Requests.Count));
        Assert.Equal(seen, servers.Count(server => server.Requests.Count > 0));
        foreach (RawServer server in servers)
        {
            await server.DisposeAsync();
        }
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("Retry-After: 0\r\n", 3)]
    [InlineData("Retry-After: 5\r\n", 1)]
    [InlineData("Retry-After: Wed, 21 Oct 2015 07:28:00 GMT\r\n", 1)]
    public async Task OnlyServer_IsAskedAgainUnlessItSaidWhen(string fields, int requests)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync("busy", fields, "503 Busy");
            }
        });
        var config = new ProxyConfig(server) { Service = "retry = { on = [\"503\"] }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((503, "busy", requests), (response.Status, response.BodyText, server.Requests.Count));
        Assert.Equal(fields.Length > 0, response.Header("Retry-After") is not null);

        // An answer that was not passed on was read to its end: its connection went on.
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task RetryAfter_AnotherServer_MayBeAsked()
    {
        await using RawServer busy = RawServer.Answering("HTTP/1.1 503 B\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n");
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(busy, good) { Service = "retry = { on = [\"503\"], attempts = 8 }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal((1, 1), (busy.Requests.Count, good.Requests.Count));
    }

    [Fact]
    public async Task AnswerBegun_IsNeverTriedAgain()
    {
        await using RawServer bad = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        });
        await using RawServer good = RawServer.Ok();
        var config = new ProxyConfig(bad, good) { Service = "retry = { on = [\"reset\", \"timeout\", \"500-599\"] }" };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.False(response.IsWhole);
        Assert.Empty(good.Requests);
    }

    [Fact]
    public async Task PerTryTimeout_NotRepeatable_WaitsForTheAnswer()
    {
        var gate = new Gate();
        await using RawServer slow = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await gate.PassAsync("the repeatable one to have timed out");
            await connection.AnswerAsync("late");
        });
        var config = new ProxyConfig(slow)
        {
            Service = "retry = { attempts = 1, on = [\"timeout\"], per_try_timeout = \"100ms\" }",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Task<RawResponse> post = RawClient.OnceAsync(
            proxy.Port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        await slow.WaitForRequestsAsync(1);
        Assert.Equal(504, (await RawClient.GetAsync(proxy.Port)).Status);
        gate.Open();

        Assert.Equal("late", (await post).BodyText);
    }

    [Fact]
    public async Task Budget_ManyFailAtOnce_FewAreTriedAgain()
    {
        // All arrive, all fail at once, and the second tries are held: the budget is what may be in a second try.
        const int clients = 20;
        var arrived = new Gate();
        var held = new Gate();
        await using RawServer bad = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await arrived.PassAsync("all clients to be there");
            connection.Wire.Reset();
        });
        await using RawServer good = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await held.PassAsync("the others to have failed");
            await connection.AnswerAsync();
        });
        var config = new ProxyConfig(bad)
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [
                  { url = "http://127.0.0.1:{{bad.Port}}", weight = 1000 },
                  { url = "http://127.0.0.1:{{good.Port}}", weight = 1 },
                ]
                retry = { budget_share = 10, budget_min = 1 }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);

        Task<RawResponse>[] answers = [.. Enumerable.Range(0, clients).Select(_ => RawClient.GetAsync(proxy.Port))];
        await bad.WaitForRequestsAsync(clients);
        arrived.Open();
        await Eventually.TrueAsync(() => answers.Count(answer => answer.IsCompleted) >= clients - 2, "the others to fail");
        held.Open();
        RawResponse[] all = await Task.WhenAll(answers);

        // 10 % of 20.
        Assert.Equal(2, all.Count(answer => answer.Status == 200));
        Assert.Equal(clients - 2, all.Count(answer => answer.Status == 502));
        await proxy.ExpectMetricAsync(clients - 2, "edgeproxy_retries_over_budget_total");

        // Those that are over free the budget.
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Theory]
    [InlineData("10m", 12)]
    [InlineData("0", 2)]
    public async Task Budget_ManyFailAtOnce_WhatWentWellBeforeEarnedRetries(string window, int succeeded)
    {
        // As above, after 50 requests that went well: at 20 % they earn 10 retries beside the two of 12 in flight.
        const int clients = 14;
        const int before = 50;
        var arrived = new Gate();
        var held = new Gate();
        await using RawServer first = RawServer.Start(async connection =>
        {
            RawRequest? request;
            while ((request = await connection.ReadRequestAsync()) is not null)
            {
                if (request.Target == "/well")
                {
                    await connection.AnswerAsync();
                    continue;
                }

                await arrived.PassAsync("all clients to be there");
                connection.Wire.Reset();
                return;
            }
        });
        await using RawServer good = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await held.PassAsync("the others to have failed");
            await connection.AnswerAsync();
        });
        var config = new ProxyConfig(first)
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [
                  { url = "http://127.0.0.1:{{first.Port}}", weight = 1000 },
                  { url = "http://127.0.0.1:{{good.Port}}", weight = 1 },
                ]
                retry = { budget_share = 20, budget_min = 1, budget_window = "{{window}}" }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        using (RawClient client = await proxy.ConnectAsync())
        {
            for (int i = 0; i < before; i++)
            {
                Assert.Equal(200, (await client.RequestAsync(Get.Replace("/ ", "/well ", StringComparison.Ordinal))).Status);
            }
        }

        Task<RawResponse>[] answers = [.. Enumerable.Range(0, clients).Select(_ => RawClient.GetAsync(proxy.Port))];
        await first.WaitForRequestsAsync(before + clients);
        arrived.Open();
        await Eventually.TrueAsync(
            () => answers.Count(answer => answer.IsCompleted) >= clients - succeeded, "the others to fail");
        held.Open();
        RawResponse[] all = await Task.WhenAll(answers);

        Assert.Equal(succeeded, all.Count(answer => answer.Status == 200));
        await proxy.ExpectMetricAsync(clients - succeeded, "edgeproxy_retries_over_budget_total");
    }

    [Fact]
    public async Task OneServerKilledUnderLoad_RepeatableRequestsAllSucceed()
    {
        await using RawServer one = RawServer.Ok("one");
        await using RawServer two = RawServer.Ok("two");
        var config = new ProxyConfig(one, two)
        {
            Service = """
                retry = { attempts = 3, budget_share = 100 }
                passive_health_check = { consecutive_faults = 2, ejection_time = "1m" }
                """,
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
        int done = 0;
        Task<int>[] clients = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            int failed = 0;
            using RawClient client = await proxy.ConnectAsync();
            for (int i = 0; i < 100; i++)
            {
                failed += (await client.RequestAsync(Get)).Status == 200 ? 0 : 1;
                Interlocked.Increment(ref done);
            }

            return failed;
        }))];

        await Eventually.TrueAsync(() => Volatile.Read(ref done) > 200, "load");
        one.StopAccepting();
        one.CloseAll(reset: true);

        Assert.Equal(0, (await Task.WhenAll(clients)).Sum());
        Assert.True(one.Requests.Count > 0);
    }
}
