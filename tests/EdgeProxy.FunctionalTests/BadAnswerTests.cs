using System;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Broken answers over a socket: 502, or visibly cut, and never a byte of them in somebody else's answer. All cases
/// share one proxy and one server address, so that a connection kept by mistake is used by the next.
/// </summary>
public sealed class BadAnswerTests(BadAnswerTests.OneProxy shared) : IClassFixture<BadAnswerTests.OneProxy>
{
    private const int PiecesMax = 3000;

    public static TheoryData<string> Cases => [.. CorpusCase.Names("responses")];

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Answer_WholeThenClosed_HasItsExpectedEnd(string name) => CheckAsync(name, "whole");

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Answer_SplitAtEveryByte_HasItsExpectedEnd(string name) => CheckAsync(name, "split");

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n\r\nhello")]
    public async Task Answer_EndedByReset_IsVisiblyCut(string answer)
    {
        // HAProxy and Caddy show a read-until-close answer that ended in RST as complete.
        var seen = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(answer);
            await seen.PassAsync("the client to see the beginning");
            connection.Wire.Reset();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        await client.Wire.FillAsync("the beginning of the answer");
        seen.Open();
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal((200, false), (response.Status, response.IsWhole));
        Assert.StartsWith(response.BodyText, "hello");
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 6\r\n\r\npoison")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")]
    public async Task Answer_WithBytesBehindIt_PoisonsNobody(string answer)
    {
        int asked = 0;
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                asked++;
                await connection.SendAsync(
                    request.Target == "/bad" ? answer : "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal("good", (await RawClient.GetAsync(proxy.Port, "/good")).BodyText);
        }

        Assert.Equal(4, asked);
        Assert.True(server.ConnectionCount >= 2);
    }

    private async Task CheckAsync(string name, string mode)
    {
        CorpusCase item = CorpusCase.Load("responses", name);
        string request = $"{item.Method} /{mode}/{name} HTTP/1.1\r\nHost: a.test\r\n\r\n";

        using RawClient client = await RawClient.ConnectAsync(shared.Proxy.Port);
        RawResponse? response = null;
        try
        {
            response = await client.RequestAsync(request, item.Method);
        }
        catch (WireEndedException)
        {
            // Cut before its head: as visible as can be.
        }

        switch (item.Expect.Single())
        {
            case "pass":
                Assert.NotNull(response);
                Assert.True(response.IsWhole, $"{response}");
                Assert.NotEqual(502, response.Status);
                await SameAsDirectAsync(item, request, response);
                break;
            case "502":
                Assert.True(response is { Status: 502, IsWhole: true }, $"{response}");
                break;
            default:
                Assert.True(response is null || !response.IsWhole || response.Status == 502, $"{response}");
                break;
        }

        Assert.Equal("good", (await RawClient.GetAsync(shared.Proxy.Port, "/bystander")).BodyText);
    }

    /// <summary>What passes is what the server sent, body and end-to-end fields alike.</summary>
    private async Task SameAsDirectAsync(CorpusCase item, string request, RawResponse response)
    {
        RawResponse direct;
        try
        {
            direct = await RawClient.OnceAsync(shared.Server.Port, request, item.Method);
        }
        catch (FormatException)
        {
            // The server's form is valid and not canonical; the harness reads canonical form only.
            return;
        }

        if (direct.IsWhole)
        {
            Assert.Equal(direct.Status, response.Status);
            Assert.Equal(direct.BodyText, response.BodyText);
        }
    }

    /// <summary>
    /// One proxy, one server: /whole/NAME and /split/NAME answer with the bytes of that case, anything else is good.
    /// </summary>
    public sealed class OneProxy : IAsyncLifetime
    {
        internal RawServer Server { get; } = RawServer.Start(AnswerAsync);

        internal ProxyProcess Proxy { get; private set; } = null!;

        public async ValueTask InitializeAsync() => Proxy = await ProxyProcess.StartAsync(new ProxyConfig(Server));

        public async ValueTask DisposeAsync()
        {
            await Proxy.DisposeAsync();
            await Server.DisposeAsync();
        }

        private static async Task AnswerAsync(RawConnection connection)
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                string[] parts = request.Target.Split('/');
                if (parts.Length < 3)
                {
                    await connection.AnswerAsync("good");
                    continue;
                }

                byte[] bytes = CorpusCase.Load("responses", parts[2]).Bytes;
                await connection.Wire.SendSplitAsync(
                    bytes, parts[1] == "split" ? 1 + (bytes.Length / PiecesMax) : Math.Max(1, bytes.Length));
                connection.Wire.HalfClose();
                await connection.Wire.ReadToEndAsync();
                return;
            }
        }
    }
}
