using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// What an entrypoint says for all routers: redirects, steps in front, defaults, ages; and a drain's delay.
/// </summary>
public sealed class EntryPointTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    [Fact]
    public async Task Redirect_SendsEveryRequestToTheOtherEntryPoint()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        int secure = Ports.Next();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "redirect = { entrypoint = \"websecure\" }",
            More = Secure(keys, secure),
        });

        RawResponse get = await RawClient.GetAsync(proxy.Port, "/a?b=c");
        RawResponse post = await RawClient.OnceAsync(
            proxy.Port, "POST /a HTTP/1.1\r\nHost: a.test:1234\r\nContent-Length: 0\r\n\r\n");
        using RawClient client = await RawClient.ConnectTlsAsync(secure, keys);
        RawResponse there = await client.RequestAsync(Get);

        Assert.Equal((301, $"https://a.test:{secure}/a?b=c"), (get.Status, get.Header("Location")));
        Assert.Equal((308, $"https://a.test:{secure}/a"), (post.Status, post.Header("Location")));
        Assert.Equal(200, there.Status);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Redirect_PortOfClients_AndTemporary()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "redirect = { entrypoint = \"websecure\", port = 443, permanent = false }",
            More = Secure(keys, Ports.Next()),
        });

        RawResponse response = await RawClient.GetAsync(proxy.Port, "/");

        Assert.Equal((302, "https://a.test/"), (response.Status, response.Header("Location")));
    }

    [Fact]
    public async Task Redirect_ClientThatIsThereAlready_IsNotSentRoundInCircles()
    {
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "redirect = { entrypoint = \"websecure\" }\ntrusted_ips = [\"127.0.0.1\"]",
            More = Secure(keys, Ports.Next()),
        });

        RawResponse response = await RawClient.GetAsync(proxy.Port, "/", "X-Forwarded-Proto: https\r\n");

        Assert.Equal(404, response.Status);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task Middlewares_OfTheEntryPoint_StandBeforeThoseOfTheRouter()
    {
        await using RawServer server = RawServer.Ok();
        int plain = Ports.Next();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "middlewares = [\"first\"]",
            Router = "middlewares = [\"second\"]",
            More = $"""
                [entrypoints.plain]
                address = "127.0.0.1:{plain}"
                [middlewares.first.add_prefix]
                prefix = "/first"
                [middlewares.second.add_prefix]
                prefix = "/second"
                """,
        });

        await RawClient.GetAsync(proxy.Port, "/a");
        await RawClient.GetAsync(plain, "/a");

        Assert.Equal(["/second/first/a", "/second/a"], server.Requests.Select(static r => r.Target));
    }

    [Fact]
    public async Task AsDefault_TakesRoutersThatNameNone_AndOthersDoNot()
    {
        await using RawServer server = RawServer.Ok();
        int other = Ports.Next();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            EntryPoint = "as_default = true",
            More = $"""
                [entrypoints.other]
                address = "127.0.0.1:{other}"
                [routers.named]
                entrypoints = ["other"]
                rule = "Path(`/named`)"
                service = "app"
                """,
        });

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/a")).Status);
        Assert.Equal(404, (await RawClient.GetAsync(other, "/a")).Status);
        Assert.Equal(200, (await RawClient.GetAsync(other, "/named")).Status);
    }

    [Fact]
    public async Task ConnectionAge_Reached_ClosesWithTheNextAnswer()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "connection_age_max = \"100ms\"" });
        using RawClient client = await proxy.ConnectAsync();

        // How many requests it takes is a matter of the machine; that one of them is the last is not.
        await Eventually.TrueAsync(
            async () => (await client.RequestAsync(Get)).Head.Lists("Connection", "close"), "the last answer");

        Assert.Empty(await client.ReadToEndAsync());
        Assert.False(client.Wire.WasReset);
    }

    [Fact]
    public async Task ConnectionAge_NotReached_KeepsTheConnection()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "connection_age_max = \"1h\"" });
        using RawClient client = await proxy.ConnectAsync();

        Assert.False((await client.RequestAsync(Get)).Head.Lists("Connection", "close"));
        Assert.Equal(200, (await client.RequestAsync(Get)).Status);
    }

    [Fact]
    public async Task DrainDelay_ServesOnWhileNotReady_AndASecondTermEndsIt()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Node = "drain_delay = \"1h\"" });

        proxy.Terminate();
        await proxy.WaitForLineAsync("serving on for 3600000 ms");
        await Eventually.TrueAsync(async () => (await proxy.AdminAsync("/readyz")).Status == 503, "not to be ready");
        RawResponse response = await RawClient.GetAsync(proxy.Port);
        proxy.Terminate();

        Assert.Equal(200, response.Status);
        Assert.False(response.Head.Lists("Connection", "close"));
        await proxy.ExitCodeAsync();
        Assert.True(proxy.HasExited);
    }

    private static string Secure(TestKeys keys, int port)
    {
        keys.Make("a.test");
        return keys.Toml("a.test") + $"""
            [entrypoints.websecure]
            address = "127.0.0.1:{port}"
            tls = {"{}"}
            """;
    }
}
