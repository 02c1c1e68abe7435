using System.Linq;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Pipeline;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// Extended CONNECT (RFC 8441): an answer of 2xx tells a client that there is a tunnel, so none does where there is
/// not.
/// </summary>
public sealed class Http2TunnelTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage", 502)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 502)]
    [InlineData("HTTP/1.1 299 Fine\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 502)]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 302)]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", 404)]
    public void AnswerInPlaceOfATunnel_IsNoTunnel(string answer, int expected)
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(Connect(client.Write, "websocket").Data(1, "bytes"));
        Assert.Contains("upgrade: websocket\r\n", server.WrittenText);
        server.Feed(answer);
        engine.Turn();

        Assert.Equal(expected, client.Status(1));
        Assert.DoesNotContain("page", client.Body(1));
        Assert.DoesNotContain("bytes", server.WrittenText);
        Assert.Null(client.GoAway);
    }

    [Theory]
    [InlineData("h2c")]
    [InlineData("connect-udp")]
    public void OtherProtocols_AreAskedOnlyAsUpgrades(string protocol)
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(Connect(client.Write, protocol));
        bool isAsked = server.WrittenText.Contains($"\r\nupgrade: {protocol}\r\n");

        Assert.Equal(isAsked ? 0 : 501, client.Status(1));
        Assert.Equal(isAsked, server.WrittenText.Length > 0);
    }

    [Fact]
    public void AnswerOfTheProxysOwn_IsNoTunnel()
    {
        using var engine = new Engine(middlewares: [new Greeting()]);
        var client = new Http2Client(engine);
        client.Send(Connect(client.Write, "websocket").Request(3));

        Assert.Equal((501, 200), (client.Status(1), client.Status(3)));
        Assert.DoesNotContain("welcome", client.Body(1));
        Assert.Equal("welcome", client.Body(3));
    }

    [Fact]
    public void KeyOfTheClientsOwn_IsNotPassedOn()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new Http2Client(engine);
        client.Send(Connect(client.Write, "websocket", "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ=="));

        string[] keys = [.. server.WrittenText.Split("\r\n")
            .Where(static line => line.StartsWith("sec-websocket-key:", System.StringComparison.OrdinalIgnoreCase))];
        Assert.DoesNotContain("dGhlIHNhbXBsZSBub25jZQ==", Assert.Single(keys));
    }

    private static FrameWriter Connect(FrameWriter write, string protocol, params string[] more) =>
        write.Headers(1, false, [":method: CONNECT", $":protocol: {protocol}", ":scheme: https", ":path: /chat",
            ":authority: a.test", "sec-websocket-version: 13", .. more]);

    private sealed class Greeting : Middleware
    {
        public override Verdict OnRequest(Exchange exchange) =>
            exchange.Answer(new LocalAnswer(200, "text/plain", Encoding.ASCII.GetBytes("welcome")));
    }
}
