using System.Linq;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Servers that authenticate a connection (NTLM, Negotiate): it is its client's for as long as that is there, and
/// nobody else's request is ever on it.
/// </summary>
public sealed class ConnectionAuthTests
{
    private const string Unauthorized = "401 @";

    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(false, true)]
    [InlineData(true, true)]
    public async Task Connection_IsItsClientsAlone_AndEndsWithIt(bool isSecure, bool isServerSecure)
    {
        using var keys = new TestKeys();
        keys.Make("a.test").Dispose();
        using X509Certificate2 own = keys.Make("server", ["127.0.0.1"]);
        await using RawServer server = NtlmServer.Start(isServerSecure ? TestKeys.Server(own) : null);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = isSecure ? "tls = {}" : "",
            More = $$"""
                {{keys.Toml("a.test")}}
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"
                [services.app]
                servers = [{ url = "{{(isServerSecure ? "https" : "http")}}://127.0.0.1:{{server.Port}}" }]
                {{(isServerSecure ? $"tls = {{ ca = \"{keys.AuthorityFile}\" }}" : "")}}
                """,
        });
        Task<RawClient> ConnectAsync(string from) => isSecure
            ? RawClient.ConnectTlsAsync(proxy.Port, keys, from: from)
            : RawClient.ConnectAsync(proxy.Port, from);

        RawClient alice = await ConnectAsync("127.0.0.11");
        using RawClient bob = await ConnectAsync("127.0.0.12");
        string ofAlice = await NtlmServer.LogInAsync(alice, "alice");
        string ofBob = await NtlmServer.LogInAsync(bob, "bob");
        Assert.StartsWith("200 alice@", ofAlice);
        Assert.StartsWith("200 bob@", ofBob);
        for (int i = 0; i < 5; i++)
        {
            using RawClient other = await ConnectAsync("127.0.0.13");
            Assert.StartsWith(Unauthorized, await AskAsync(other));
            Assert.StartsWith("200 @", await AskAsync(other, "/open"));
            Assert.Equal(ofAlice, await AskAsync(alice));
            Assert.Equal(ofBob, await AskAsync(bob));
        }

        Assert.All(
            server.Requests.GroupBy(static one => one.Connection),
            static one => Assert.Single(one.Select(static r => r.Head.One("X-Forwarded-For")).Distinct()));
        alice.Dispose();
        await server.WaitForOpenAsync(1);
        Assert.Equal(ofBob, await AskAsync(bob));
    }

    [Theory]
    [InlineData("servers")]
    [InlineData("weighted")]
    [InlineData("failover")]
    [InlineData("mirror")]
    public async Task Client_StaysWithTheServer_OfItsConnection(string kind)
    {
        await using RawServer one = NtlmServer.Start();
        await using RawServer two = NtlmServer.Start();
        await using RawServer other = RawServer.Ok();
        string Member(string name, RawServer server) => kind switch
        {
            "failover" => $$"""
                [services.{{name}}]
                failover = { service = "{{name}}-main", fallback = "other", statuses = ["503"] }
                [services.{{name}}-main]
                {{ProxyConfig.ServerList(server.Port)}}

                """,
            "mirror" => $$"""
                [services.{{name}}]
                mirror = { service = "{{name}}-main", mirrors = [{ name = "other" }] }
                [services.{{name}}-main]
                {{ProxyConfig.ServerList(server.Port)}}

                """,
            _ => $"[services.{name}]\n{ProxyConfig.ServerList(server.Port)}\n",
        };
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                {{Member("one", one)}}{{Member("two", two)}}
                [services.other]
                {{ProxyConfig.ServerList(other.Port)}}
                [services.all]
                {{(kind == "servers"
                    ? ProxyConfig.ServerList(one.Port, two.Port)
                    : """weighted = { services = [{ name = "one" }, { name = "two" }] }""")}}
                """,
        });
        using RawClient alice = await proxy.ConnectAsync();
        using RawClient nobody = await proxy.ConnectAsync();
        for (int i = 0; i < 7; i++)
        {
            Assert.StartsWith("200 @", await AskAsync(nobody, "/open"));
            string ofAlice = await NtlmServer.LogInAsync(alice, "alice");
            Assert.StartsWith("200 alice@", ofAlice);
            Assert.Equal(ofAlice, await AskAsync(alice));
        }

        Assert.Single(
            new[] { one, two }, static server => server.Requests.Any(static r => r.Head.Has("Authorization")));
        Assert.All([one, two], static server => Assert.Contains(server.Requests, static r => r.Target == "/open"));
    }

    [Fact]
    public async Task ClientOfHttp2_HasNoConnection_SoNobodyHasItAfterIt()
    {
        await using RawServer server = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { EntryPoint = "h2c = true" });
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        for (int id = 1; id < 12; id += 2)
        {
            string[] more = (id % 4) switch
            {
                1 => ["authorization: NTLM one"],
                _ => [],
            };
            client.Write.Request(id, more: more);
            await client.SendAsync();
            await client.EndOfAsync(id);
            Assert.Equal(401, client.Status(id));
        }

        Assert.Equal(6, server.ConnectionCount);
        await server.WaitForOpenAsync(0);
        client.Write.Request(13, path: "/open").Request(15, path: "/open");
        await client.SendAsync();
        await client.EndOfAsync(13);
        await client.EndOfAsync(15);
        Assert.Equal((200, 200), (client.Status(13), client.Status(15)));
    }

    [Fact]
    public async Task Reload_LeavesItToItsClient_UnlessItsServerGoes()
    {
        await using RawServer server = NtlmServer.Start();
        await using RawServer next = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient alice = await proxy.ConnectAsync();
        string ofAlice = await NtlmServer.LogInAsync(alice, "alice");

        proxy.Config.Service = "idle_timeout = \"50s\"";
        await proxy.ReloadAsync();
        Assert.Equal(ofAlice, await AskAsync(alice));

        await proxy.ReloadAsync(proxy.Config.With(next.Port).ToToml());
        await server.WaitForOpenAsync(0);
        Assert.StartsWith(Unauthorized, await AskAsync(alice));
        Assert.StartsWith("200 alice@", await NtlmServer.LogInAsync(alice, "alice"));
        Assert.Equal(3, next.Requests.Count);
    }

    [Fact]
    public async Task Retry_TakesNothingToAnotherServer()
    {
        await using RawServer one = NtlmServer.Start();
        await using RawServer two = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(one, two)
        {
            Service = "retry = { attempts = 2, on = [\"connect\", \"reset\", \"503\"], budget_min = 10 }",
        });
        int Asked(string path) =>
            one.Requests.Concat(two.Requests).Count(request => request.Target == path);
        using RawClient alice = await proxy.ConnectAsync();
        using RawClient bob = await proxy.ConnectAsync();

        Assert.StartsWith("503 @", await AskAsync(bob, "/busy"));
        Assert.Equal(2, Asked("/busy"));
        Assert.StartsWith("200 alice@", await NtlmServer.LogInAsync(alice, "alice"));
        Assert.StartsWith("503 alice@", await AskAsync(alice, "/busy"));
        Assert.Equal(3, Asked("/busy"));

        Assert.Equal(502, (await bob.RequestAsync(NtlmServer.Get("/gone", "Negotiate YII="))).Status);
        Assert.Equal(1, Asked("/gone"));
    }

    [Fact]
    public async Task SlowAnswer_ThatNoOtherServerCanGive_IsWaitedFor()
    {
        var gate = new Gate();
        await using RawServer server = NtlmServer.Start(gate: gate);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Service = "retry = { attempts = 1, on = [\"timeout\"], per_try_timeout = \"100ms\" }",
        });
        using RawClient alice = await proxy.ConnectAsync();
        string ofAlice = await NtlmServer.LogInAsync(alice, "alice");
        int asked = server.Requests.Count;
        Task<string> slow = AskAsync(alice, "/slow");
        await server.WaitForRequestsAsync(asked + 1);

        // Sent later, by who is not logged in: given up.
        Assert.Equal(504, (await RawClient.GetAsync(proxy.Port, "/slow")).Status);
        gate.Open();
        Assert.Equal(ofAlice, await slow);
    }

    [Theory]
    [InlineData("")]
    [InlineData("service = \"pages\"")]
    public async Task StepOfAHandshake_IsNotReplacedByAPage(string service)
    {
        var gate = new Gate();
        await using RawServer server = NtlmServer.Start(gate: gate);
        await using RawServer pages = RawServer.Ok("a page");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\"]",
            More = $"""
                [middlewares.m.errors]
                status = ["401"]
                body = "a page"
                {service}
                [services.pages]
                {ProxyConfig.ServerList(pages.Port)}
                """,
        });
        using RawClient alice = await proxy.ConnectAsync();
        Assert.Equal("401 a page", await AskAsync(alice));

        // The challenge's head is here, its body is not.
        await alice.SendAsync(NtlmServer.Get("/parts", "NTLM one"));
        RawResponse asked = await alice.ReadHeadAsync();
        gate.Open();
        string challenge = asked.Head.One("WWW-Authenticate")!;
        string number = challenge["NTLM two-".Length..];
        await alice.Wire.ReadExactlyAsync(
            asked.Head.ContentLength!.Value, static _ => { }, "the challenge's body");
        RawResponse done = await alice.RequestAsync(NtlmServer.Get("/", $"NTLM three-{number} alice"));
        Assert.Equal($"200 alice@{number}", $"{done.Status} {done.BodyText}");
        Assert.Equal($"200 alice@{number}", await AskAsync(alice));
    }

    [Fact]
    public async Task ServerThatClosesIt_IsAskedOnAnother_AsNobody()
    {
        await using RawServer server = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient alice = await proxy.ConnectAsync();
        await NtlmServer.LogInAsync(alice, "alice");
        server.CloseAll();
        await server.WaitForOpenAsync(0);

        Assert.StartsWith(Unauthorized, await AskAsync(alice));
        Assert.Equal("200 alice@2", await NtlmServer.LogInAsync(alice, "alice"));
    }

    [Fact]
    public async Task Connections_OfClients_LeaveRoomForThoseOfEverybody()
    {
        await using RawServer server = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server) { Service = "idle_connections_max = 4" });
        using RawClient alice = await proxy.ConnectAsync();
        using RawClient bob = await proxy.ConnectAsync();
        using RawClient carol = await proxy.ConnectAsync();
        string ofAlice = await NtlmServer.LogInAsync(alice, "alice");
        string ofBob = await NtlmServer.LogInAsync(bob, "bob");
        string ofCarol = await NtlmServer.LogInAsync(carol, "carol");

        // Half of four are theirs: the one that was quiet for longest made room.
        await server.WaitForOpenAsync(2);
        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("200 @4", await OnceAsync(proxy, "/open"));
            Assert.Equal((ofBob, ofCarol), (await AskAsync(bob), await AskAsync(carol)));
        }

        await proxy.ExpectMetricAsync(
            3, "http_client_open_connections", "http_connection_state=\"idle\",edgeproxy_service=\"app\"");
        string again = await AskAsync(alice);
        Assert.StartsWith(Unauthorized, again);
        Assert.NotEqual(ofAlice, again);
    }

    [Fact]
    public async Task CredentialsOnEachRequest_TakeOneConnection()
    {
        await using RawServer server = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < 50; i++)
        {
            Assert.Equal(401, (await client.RequestAsync(NtlmServer.Get("/", "Negotiate YII="))).Status);
        }

        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task CopyOfARequest_LeavesNoConnectionBehind()
    {
        await using RawServer main = NtlmServer.Start();
        await using RawServer mirror = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "all"
                [services.all.mirror]
                service = "main"
                mirrors = [{ name = "shadow", percent = 100 }]
                [services.main]
                {{ProxyConfig.ServerList(main.Port)}}
                [services.shadow]
                {{ProxyConfig.ServerList(mirror.Port)}}
                """,
        });
        using RawClient alice = await proxy.ConnectAsync();
        Assert.StartsWith("200 alice@", await NtlmServer.LogInAsync(alice, "alice"));
        await mirror.WaitForWholeAsync(2);
        await mirror.WaitForOpenAsync(0);
        await AskAsync(alice);
        await mirror.WaitForWholeAsync(3);

        Assert.Equal([1, 2, 3], mirror.Requests.Select(static one => one.Connection).Order());
    }

    [Fact]
    public async Task AuthServer_IsToldOnAConnectionOfItsOwn()
    {
        await using RawServer auth = RawServer.Ok();
        await using RawServer server = NtlmServer.Start();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"sso\"]",
            More = $"""
                [middlewares.sso.forward_auth]
                address = "http://127.0.0.1:{auth.Port}/verify"
                request_headers = ["Authorization"]
                """,
        });
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync(NtlmServer.Get("/open", "Negotiate YII="));
        await client.RequestAsync(NtlmServer.Get("/open", "Negotiate YIJ="));
        await client.RequestAsync(NtlmServer.Get("/open", "Bearer a"));
        await client.RequestAsync(NtlmServer.Get("/open", "Bearer b"));

        Assert.Equal(4, auth.Requests.Count);
        Assert.All(
            auth.Requests.Take(2),
            asked => Assert.Single(auth.Requests, other => other.Connection == asked.Connection));
    }

    private static async Task<string> AskAsync(RawClient client, string path = "/")
    {
        RawResponse answer = await client.RequestAsync(NtlmServer.Get(path));
        return $"{answer.Status} {answer.BodyText}";
    }

    private static async Task<string> OnceAsync(ProxyProcess proxy, string path)
    {
        using RawClient client = await proxy.ConnectAsync();
        return await AskAsync(client, path);
    }
}
