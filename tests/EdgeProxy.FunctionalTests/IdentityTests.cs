using System;
using System.Buffers.Text;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Who may pass, over real sockets: what the server is told, and how a refusal ends.</summary>
public sealed class IdentityTests
{
    private const string Key = "f2a1c9d07b6e4538a1e0";

    // "allmine", by the system's own crypt(3).
    private const string Users = """
        "alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6."
        """;

    private static readonly string Consumers = $$"""

        [consumers.shop]
        keys = [{ sha256 = "{{Hash(Key)}}" }]
        users = ["alice"]

        """;

    [Theory]
    [InlineData("header = \"Authorization\"\nscheme = \"Bearer\"", "/x", "Authorization: Bearer " + Key)]
    [InlineData("query = \"key\"", "/x?key=" + Key + "&a=1", "X-Other: 1")]
    [InlineData("cookie = \"key\"", "/x", "Cookie: a=1; key=" + Key)]
    public async Task ApiKey_Valid_ServerSeesTheConsumerAndNoKey(string place, string target, string field)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"key\"]",
            More = $"{Consumers}[middlewares.key.api_key]\n{place}\nconsumer_header = \"X-Consumer\"\n",
        });

        RawResponse answer = await RawClient.GetAsync(proxy.Port, target, $"{field}\r\nx_consumer: root\r\n");

        Assert.Equal(200, answer.Status);
        RawRequest seen = Assert.Single(server.Requests);
        Assert.Equal("shop", seen.Head.One("X-Consumer"));
        Assert.False(seen.Head.Has("x_consumer"));
        Assert.DoesNotContain(Key, seen.Head.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")]
    public async Task ApiKey_Refused_ConnectionGoesOnAfterTheUnreadBody(string request)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"key\"]",
            More = $"{Consumers}[middlewares.key.api_key]\nheader = \"X-Key\"\n",
        });
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);

        await client.SendAsync(request);
        RawResponse refused = await client.ReadResponseAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX-Key: {Key}\r\n\r\n");
        RawResponse passed = await client.ReadResponseAsync();

        Assert.Equal(401, refused.Status);
        Assert.Equal("ApiKey realm=\"key\"", refused.Head.One("WWW-Authenticate"));
        Assert.Equal(200, passed.Status);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task BasicAuth_RightAndWrong_AndTheUserIsTheConsumer()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"login\"]",
            More = $"{Consumers}[middlewares.login.basic_auth]\nusers = [{Users}]\nrealm = \"shop\"\n"
                + "user_header = \"X-User\"\nconsumer_header = \"X-Consumer\"\n",
        });
        using RawClient client = await RawClient.ConnectAsync(proxy.Port);

        string[] wrong = ["", Basic("alice:wrong"), Basic("mallory:allmine"), Basic("alice:"), Basic("alice"),
            "Authorization: Basic !\r\n", Basic("alice:allmine\0x")];
        foreach (string fields in wrong)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");
            RawResponse refused = await client.ReadResponseAsync();
            Assert.Equal(401, refused.Status);
            Assert.Equal("Basic realm=\"shop\", charset=\"UTF-8\"", refused.Head.One("WWW-Authenticate"));
        }

        // Twice: hashed, then remembered.
        for (int i = 0; i < 2; i++)
        {
            await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nX_User: root\r\n{Basic("alice:allmine")}\r\n");
            Assert.Equal(200, (await client.ReadResponseAsync()).Status);
        }

        Assert.Equal(2, server.Requests.Count);
        Assert.All(server.Requests, seen =>
        {
            Assert.Equal(("alice", "shop"), (seen.Head.One("X-User"), seen.Head.One("X-Consumer")));
            Assert.False(seen.Head.Has("Authorization") || seen.Head.Has("X_User"));
        });
    }

    // Who tries to learn what was wrong hears the same each time, but for the time of day.
    [Theory]
    [InlineData("api_key]\nheader = \"X-Key\"", "X-Key: wrong", "X-Key: " + Key + "x", "X-Key: ", "X-Other: 1")]
    [InlineData("api_key]\ncookie = \"key\"", "Cookie: key=wrong", "Cookie: key=a; key=b", "Cookie: other=1")]
    [InlineData("basic_auth]\nusers = [" + Users + "]", "Authorization: Basic YWxpY2U6d3Jvbmc=",
        "Authorization: Basic bWFsbG9yeTphbGxtaW5l", "Authorization: Basic !", "Authorization: Bearer x", "X-Other: 1")]
    [InlineData("jwt]\nsecret = \"" + Tokens.Secret + "\"", "Authorization: Bearer e30.e30.AAAA",
        "Authorization: Bearer x", "Authorization: Bearer eyJhbGciOiJub25lIn0.eyJleHAiOjQxMDI0NDQ4MDB9.",
        "Authorization: Basic YWxpY2U6d3Jvbmc=", "X-Other: 1")]
    public async Task Refusals_OfAKind_AreTheSameBytes(string middleware, params string[] fields)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"m\"]",
            More = $"{Consumers}[middlewares.m.{middleware}\n",
        });
        using RawClient client = await proxy.ConnectAsync();

        var answers = new List<string>();
        foreach (string field in fields)
        {
            RawResponse answer = await client.RequestAsync($"GET / HTTP/1.1\r\nHost: a\r\n{field}\r\n\r\n");
            Assert.Equal(401, answer.Status);
            string date = answer.Head.One("Date")!;
            answers.Add(answer.ToString().Replace(date, "now", StringComparison.Ordinal));
        }

        Assert.Single(answers.Distinct());
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task BasicAuth_UsersFile_ChangeIsAReloadAndABadOneChangesNothing()
    {
        await using RawServer server = RawServer.Ok();
        string path = Path.Combine(Path.GetTempPath(), $"users-{Guid.NewGuid():N}");
        await WriteAsync(path, "\uFEFF# nobody yet\nbob:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6.\n");
        try
        {
            var config = new ProxyConfig(server)
            {
                WatchInterval = "100ms",
                Router = "middlewares = [\"login\"]",
                More = $"[middlewares.login.basic_auth]\nusers_file = \"{path}\"\n",
            };
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(config);
            Assert.Equal(401, await StatusAsync("alice:allmine"));
            Assert.Equal(200, await StatusAsync("bob:allmine"));

            await WriteAsync(path, "alice:allmine\n");
            await Eventually.TrueAsync(
                () => proxy.Stderr.Any(line => line.Contains("line 1 of", StringComparison.Ordinal)), "the fault");
            Assert.Equal(200, await StatusAsync("bob:allmine"));

            await WriteAsync(path, $"{Users.Trim('"')}\n");
            await Eventually.TrueAsync(async () => await StatusAsync("alice:allmine") == 200, "the new users");
            Assert.Equal(401, await StatusAsync("bob:allmine"));
            Assert.DoesNotContain(proxy.Stderr, line => line.Contains("allmine", StringComparison.Ordinal));

            async Task<int> StatusAsync(string pair) =>
                (await RawClient.GetAsync(proxy.Port, "/", Basic(pair))).Status;
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task RateLimit_ByConsumer_CountsEachOnItsOwn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"key\", \"limit\"]",
            More = $$"""
                {{Consumers}}
                [consumers.other]
                keys = [{ sha256 = "{{Hash("another-key-of-theirs")}}" }]
                [middlewares.key.api_key]
                header = "X-Key"
                [middlewares.limit.rate_limit]
                average = 1
                period = "1h"
                burst = 2
                key = "consumer"
                """,
        });

        int[] expected = [200, 200, 429];
        Assert.Equal(expected, await StatusesAsync(Key, 3));
        Assert.Equal(expected, await StatusesAsync("another-key-of-theirs", 3));

        async Task<int[]> StatusesAsync(string key, int count)
        {
            int[] statuses = new int[count];
            for (int i = 0; i < count; i++)
            {
                statuses[i] = (await RawClient.GetAsync(proxy.Port, "/", $"X-Key: {key}\r\n")).Status;
            }

            return statuses;
        }
    }

    // The claim's header is the proxy's own: a client that sends one is neither another nor nobody.
    [Fact]
    public async Task RateLimit_ByClaim_CountsEachValueOnItsOwn()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"token\", \"limit\"]",
            More = $$"""
                [middlewares.token.jwt]
                secret = "{{Tokens.Secret}}"
                claim_headers = { X-Subject = "sub" }
                [middlewares.limit.rate_limit]
                average = 1
                period = "24h"
                burst = 2
                key = "header:X-Subject"
                """,
        });

        int[] expected = [200, 200, 429];
        Assert.Equal(expected, await StatusesAsync("alice"));
        Assert.Equal(expected, await StatusesAsync("bob"));

        async Task<int[]> StatusesAsync(string subject)
        {
            int[] statuses = new int[3];
            for (int i = 0; i < statuses.Length; i++)
            {
                string fields = $"Authorization: Bearer {Tokens.Of(subject, $"{i}")}\r\nX-Subject: forged-{i}\r\n";
                statuses[i] = (await RawClient.GetAsync(proxy.Port, "/", fields)).Status;
            }

            return statuses;
        }
    }

    [Fact]
    public async Task Jwt_KeySetOfAUrl_LastGoodOneStaysWhenTheIssuerIsGone()
    {
        using var rsa = RSA.Create(2048);
        RSAParameters key = rsa.ExportParameters(false);
        string jwks = $$"""{"keys":[{"kty":"RSA","kid":"k","n":"{{Base64Url.EncodeToString(key.Modulus)}}","e":"AQAB"}]}""";
        string answer = $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {jwks.Length}\r\n\r\n{jwks}";
        RawServer issuer = RawServer.Answering(answer);
        await using RawServer server = RawServer.Ok();
        using var state = new StateFolder();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Node = $"state_dir = \"{state.FullName}\"",
            Router = "middlewares = [\"token\"]",
            More = $"[middlewares.token.jwt]\njwks_url = \"http://127.0.0.1:{issuer.Port}/jwks.json\"\n",
        });

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/", Bearer("one"))).Status);
        Assert.Equal(("GET", "/jwks.json"), (issuer.Requests[0].Method, issuer.Requests[0].Target));
        await issuer.DisposeAsync();
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/", Bearer("two"))).Status);

        // Another middleware after a reload still knows them.
        await proxy.ReloadAsync(proxy.Config.ToToml().Replace("jwks.json\"", "jwks.json\"\nskew = \"2m\"",
            StringComparison.Ordinal));
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/", Bearer("three"))).Status);

        // And so does a proxy that starts while the issuer is away.
        await using ProxyProcess next = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Node = proxy.Config.Node,
            Router = proxy.Config.Router,
            More = proxy.Config.More,
        });
        Assert.Equal(200, (await RawClient.GetAsync(next.Port, "/", Bearer("four"))).Status);

        string Bearer(string subject)
        {
            string text = $"{Part("""{"alg":"RS256","kid":"k"}""")}.{Part($$"""{"sub":"{{subject}}","exp":4102444800}""")}";
            byte[] signature = rsa.SignData(
                Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            return $"Authorization: Bearer {text}.{Base64Url.EncodeToString(signature)}\r\n";
        }

        static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));
    }

    [Fact]
    public async Task Jwt_KeySetOfAFile_TokensOfItsKeysPassAndTheServerIsToldTheirClaims()
    {
        using var rsa = RSA.Create(2048);
        using var ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        RSAParameters rsaKey = rsa.ExportParameters(false);
        ECParameters ecKey = ec.ExportParameters(false);
        string path = Path.Combine(Path.GetTempPath(), $"jwks-{Guid.NewGuid():N}");
        await WriteAsync(path, $$"""
            {"keys":[
              {"kty":"RSA","kid":"r","n":"{{B64(rsaKey.Modulus!)}}","e":"{{B64(rsaKey.Exponent!)}}"},
              {"kty":"EC","kid":"e","crv":"P-256","x":"{{B64(ecKey.Q.X!)}}","y":"{{B64(ecKey.Q.Y!)}}"}]}
            """);
        try
        {
            await using RawServer server = RawServer.Ok();
            await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
            {
                Router = "middlewares = [\"token\"]",
                More = $$"""
                    [consumers.shop]
                    claims = { sub = ["alice"] }
                    [middlewares.token.jwt]
                    jwks_file = "{{path}}"
                    issuers = ["https://id"]
                    claim_headers = { X-Role = "role" }
                    consumer_header = "X-Consumer"
                    """,
            });
            string byRsa = Token("RS256", "r",
                text => rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
            string byEc = Token("ES256", "e", text => ec.SignData(text, HashAlgorithmName.SHA256));
            string forged = Token("HS256", "r", text => HMACSHA256.HashData(rsa.ExportSubjectPublicKeyInfo(), text));

            int[] statuses = [await StatusAsync(byRsa), await StatusAsync(byRsa), await StatusAsync(byEc)];
            int[] passed = [200, 200, 200];
            Assert.Equal(passed, statuses);
            Assert.Equal(401, await StatusAsync(forged));
            Assert.Equal(401, await StatusAsync(byRsa[..^4] + "AAAA"));

            Assert.Equal(3, server.Requests.Count);
            Assert.All(server.Requests, seen =>
            {
                Assert.Equal(("shop", "admin"), (seen.Head.One("X-Consumer"), seen.Head.One("X-Role")));
                Assert.False(seen.Head.Has("Authorization"));
            });

            async Task<int> StatusAsync(string token) =>
                (await RawClient.GetAsync(proxy.Port, "/", $"Authorization: Bearer {token}\r\n")).Status;
        }
        finally
        {
            File.Delete(path);
        }
    }

    private static string Token(string algorithm, string kid, Func<byte[], byte[]> sign)
    {
        long ends = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds();
        string header = B64(Encoding.UTF8.GetBytes($$"""{"alg":"{{algorithm}}","kid":"{{kid}}"}"""));
        string payload = B64(Encoding.UTF8.GetBytes(
            $$"""{"iss":"https://id","sub":"alice","role":"admin","exp":{{ends}}}"""));
        return $"{header}.{payload}.{B64(sign(Encoding.ASCII.GetBytes($"{header}.{payload}")))}";
    }

    private static string B64(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static Task WriteAsync(string path, string text) =>
        WholeFile.ReplaceAsync(path, text);

    private static string Basic(string pair) =>
        $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}\r\n";

    private static string Hash(string key) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key)));
}
