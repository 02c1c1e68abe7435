using System;
using System.Collections.Generic;
using System.Linq;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>A request reaches the server, its answer reaches the client, whatever their framing.</summary>
public sealed class ForwardingTests
{
    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("PATCH")]
    [InlineData("OPTIONS")]
    [InlineData("PURGE")]
    [InlineData("M-SEARCH")]
    public async Task Request_AnyMethod_ReachesTheServerAsSent(string method)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, $"{method} /path?q=1&r=%20 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal((method, "/path?q=1&r=%20", "HTTP/1.1"), (request.Method, request.Target, request.Version));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(65_536)]
    [InlineData(1_000_003)]
    public async Task Body_WithLength_ArrivesWhole(int size)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        byte[] body = Pattern(size);

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n\r\n");
        await client.SendAsync(body);
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal(size, request.Head.ContentLength);
        Assert.Equal(body, request.Body);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(65_536, 4_000)]
    [InlineData(1_000_003, 70_001)]
    public async Task Body_Chunked_ArrivesWhole(int size, int chunk)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        byte[] body = Pattern(size);

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
        await client.SendAsync(Chunked(body, chunk));
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        Assert.Equal(body, Assert.Single(server.WholeRequests).Body);
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Request_WithoutFraming_HasNoBodyAtTheServer(string method)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(proxy.Port, $"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(200, response.Status);
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.False(request.Head.IsChunked);
        Assert.Equal(0, request.Head.ContentLength ?? 0);
    }

    [Fact]
    public async Task Get_WithBodyThatLooksLikeARequest_KeepsItsFraming()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        const string inner = "GET /evil HTTP/1.1\r\nHost: a\r\n\r\n";

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port, $"GET /good HTTP/1.1\r\nHost: a\r\nContent-Length: {inner.Length}\r\n\r\n{inner}");

        Assert.Equal(200, response.Status);
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal(("/good", inner), (request.Target, request.BodyText));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    public async Task Request_SplitInPieces_ArrivesTheSame(int pieceBytes)
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        byte[] request = Encoding.Latin1.GetBytes(
            "POST /p HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");

        using RawClient client = await proxy.ConnectAsync();
        await client.Wire.SendSplitAsync(request, pieceBytes);
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal(200, response.Status);
        RawRequest seen = Assert.Single(server.WholeRequests);
        Assert.Equal(("/p", "hello world", "1"), (seen.Target, seen.BodyText, seen.Head.One("X-One")));
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-One: 1\r\n\r\nhello world", 1)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 11\r\nX-One: 1\r\n\r\nhello world", 13)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One: 1\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 1)]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-One: 1\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", 13)]
    [InlineData("HTTP/1.1 200 OK\r\nX-One: 1\r\n\r\nhello world", 1)]
    public async Task Response_SplitInPieces_ArrivesTheSame(string answer, int pieceBytes)
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.Wire.SendSplitAsync(Encoding.Latin1.GetBytes(answer), pieceBytes);
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal((200, "hello world", "1", true),
            (response.Status, response.BodyText, response.Header("X-One"), response.IsWhole));
    }

    [Fact]
    public async Task Head_AnswerWithLength_HasNoBodyAndTheConnectionGoesOn()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Method == "HEAD"
                    ? "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse head = await client.RequestAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
        RawResponse get = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(100, head.Head.ContentLength);
        Assert.Equal("ok", get.BodyText);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task Head_AnswerChunked_HasNoBodyAndTheConnectionGoesOn()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(request.Method == "HEAD"
                    ? "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                    : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.RequestAsync("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n", "HEAD");
        RawResponse get = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal((200, "ok"), (get.Status, get.BodyText));
    }

    [Theory]
    [InlineData("204 No Content", "")]
    [InlineData("304 Not Modified", "ETag: \"x\"\r\n")]
    [InlineData("304 Not Modified", "Content-Length: 100\r\nETag: \"x\"\r\n")]
    public async Task Answer_WithoutBody_LeavesBothConnectionsUsable(string status, string fields)
    {
        await using RawServer server = RawServer.Answering($"HTTP/1.1 {status}\r\n{fields}\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse second = await client.RequestAsync("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(int.Parse(status.AsSpan(0, 3)), first.Status);
        Assert.Equal(first.Status, second.Status);
        Assert.False(first.Head.IsChunked);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task Answer204WithLength_LosesTheLength()
    {
        // RFC 9110 section 8.6: no Content-Length in a 204. The body it announces is not one: those bytes are junk.
        await using RawServer server = RawServer.Answering("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.Equal(204, response.Status);
        Assert.False(response.Head.Has("Content-Length"));
    }

    [Fact]
    public async Task Http10Client_IsAnsweredAndClosed()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse response = await client.RequestAsync("GET / HTTP/1.0\r\n\r\n");
        byte[] rest = await client.ReadToEndAsync();

        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
        Assert.Empty(rest);
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal("HTTP/1.1", request.Version);
        Assert.False(string.IsNullOrEmpty(request.Head.One("Host")));
    }

    [Fact]
    public async Task Http10Client_ChunkedAnswer_ArrivesUntilClose()
    {
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: 1\r\n\r\n");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(proxy.Port, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");

        Assert.False(response.Head.Has("Transfer-Encoding"));
        Assert.Equal(("hello", true), (response.BodyText, response.IsWhole));
    }

    [Fact]
    public async Task Answer_UntilClose_ArrivesWhole()
    {
        byte[] body = Pattern(300_000);
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nX-A: 1\r\n\r\n");
            await connection.SendAsync(body);
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.GetAsync(proxy.Port);

        Assert.True(response.IsWhole);
        Assert.Equal(body, response.Body);
    }

    [Fact]
    public async Task Answer_Chunked_ArrivesWholeWithItsTrailers()
    {
        byte[] body = Pattern(200_000);
        byte[] answer =
        [
            .. "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"u8,
            .. Chunked(body, 9_973, "X-Sum: 42\r\n"),
        ];
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync(answer);
            }
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        RawResponse first = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\n\r\n");
        RawResponse second = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(body, first.Body);
        Assert.Contains(new KeyValuePair<string, string>("X-Sum", "42"), first.Trailers);
        Assert.Equal(body, second.Body);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task RequestTrailers_ReachTheServer_ExceptThoseThatFrameOrRoute()
    {
        // RFC 9110 section 6.5.1: framing and routing fields are never merged from a trailer.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(
            proxy.Port,
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "2\r\nhi\r\n0\r\nX-Sum: 42\r\nContent-Length: 7\r\nHost: evil.test\r\nTransfer-Encoding: chunked\r\n\r\n");

        Assert.Equal(200, response.Status);
        RawRequest request = Assert.Single(server.WholeRequests);
        Assert.Equal("hi", request.BodyText);
        Assert.Equal(["X-Sum"], request.Trailers.Select(t => t.Key));
    }

    [Fact]
    public async Task EarlyHints_ReachAnHttp11Client_BeforeTheAnswer()
    {
        var hinted = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync("HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n");
            await hinted.PassAsync("the client to see the hint");
            await connection.AnswerAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse hint = await client.ReadHeadAsync();
        hinted.Open();
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal((103, "</a.css>; rel=preload"), (hint.Status, hint.Header("Link")));
        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
    }

    [Fact]
    public async Task EarlyHints_DoNotReachAnHttp10Client()
    {
        // RFC 9110 section 15.2: no 1xx to an HTTP/1.0 client.
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        RawResponse response = await RawClient.OnceAsync(proxy.Port, "GET / HTTP/1.0\r\nHost: a\r\n\r\n");

        Assert.Empty(response.Interim);
        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
    }

    [Fact]
    public async Task InterimAnswers_WithoutEnd_AreBounded()
    {
        var hints = new StringBuilder();
        for (int i = 0; i < 1000; i++)
        {
            hints.Append("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        }

        await using RawServer server = RawServer.Answering($"{hints}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        RawResponse? final = null;
        try
        {
            final = await client.ReadResponseAsync();
        }
        catch (WireEndedException)
        {
            // Cutting the connection is an answer too: an informational head may already be out.
        }

        Assert.True(final is null || final.Status == 502 || final.Interim.Count < 1000, $"{final}");
    }

    [Fact]
    public async Task Answer_WhileTheBodyIsStillComing_IsRelayedAtOnce()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
            await connection.Wire.ReadToEndAsync();
        });
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nfirst bytes only");
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal((413, "big"), (response.Status, response.BodyText));
    }

    [Fact]
    public async Task HalfClose_AfterTheRequest_IsStillAnswered()
    {
        // RFC 9112 section 9.6: the client may close its sending side once it has nothing more to ask.
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.HalfClose();
        RawResponse response = await client.ReadResponseAsync();

        Assert.Equal((200, "ok"), (response.Status, response.BodyText));
        Assert.Empty(await client.ReadToEndAsync());
    }

    [Fact]
    public async Task ClientCloses_MidBody_ServerNeverSeesAWholeRequest()
    {
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));

        using (RawClient client = await proxy.ConnectAsync())
        {
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nhello");
            await server.WaitForRequestsAsync(1);
        }

        await server.WaitForOpenAsync(0);
        Assert.Empty(server.WholeRequests);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task LargeBodies_BothWaysAtOnce_ArriveIntact(bool chunked)
    {
        // The server echoes while it reads, so both pumps run at once.
        const int size = 32 * 1024 * 1024;
        await using RawServer server = RawServer.Start(EchoAsync);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server));
        byte[] body = Pattern(size);

        using RawClient client = await proxy.ConnectAsync();
        Task sending = SendBodyAsync(client, body, chunked);
        RawResponse response = await client.ReadResponseAsync();
        await sending;

        Assert.Equal(200, response.Status);
        Assert.True(response.IsWhole);
        Assert.Equal(SHA256.HashData(body), SHA256.HashData(response.Body));
    }

    private static async Task SendBodyAsync(RawClient client, byte[] body, bool chunked)
    {
        string framing = chunked ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
        await client.SendAsync($"POST /echo HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n");
        await client.SendAsync(chunked ? Chunked(body, 100_000) : body);
    }

    private static async Task EchoAsync(RawConnection connection)
    {
        RawRequest request = (await connection.ReadHeadAsync())!;
        await connection.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        var pieces = System.Threading.Channels.Channel.CreateUnbounded<byte[]>();
        Task writing = Task.Run(async () =>
        {
            await foreach (byte[] piece in pieces.Reader.ReadAllAsync())
            {
                await connection.SendAsync([.. Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), .. piece, .. "\r\n"u8]);
            }

            await connection.SendAsync("0\r\n\r\n");
        });
        if (request.Head.IsChunked)
        {
            await WireBody.ReadChunkedAsync(connection.Wire, piece => pieces.Writer.TryWrite(piece.ToArray()));
        }
        else
        {
            await connection.Wire.ReadExactlyAsync(
                request.Head.ContentLength!.Value, piece => pieces.Writer.TryWrite(piece.ToArray()), "a body");
        }

        pieces.Writer.Complete();
        await writing;
    }

    private static byte[] Pattern(int size)
    {
        byte[] bytes = new byte[size];
        for (int i = 0; i < size; i++)
        {
            bytes[i] = (byte)((i * 31) + (i >> 8));
        }

        return bytes;
    }

    private static byte[] Chunked(byte[] body, int chunk, string trailers = "")
    {
        using var wire = new System.IO.MemoryStream(body.Length + 1024);
        for (int at = 0; at < body.Length; at += chunk)
        {
            int size = Math.Min(chunk, body.Length - at);
            wire.Write(Encoding.ASCII.GetBytes($"{size:x}\r\n"));
            wire.Write(body, at, size);
            wire.Write("\r\n"u8);
        }

        wire.Write(Encoding.ASCII.GetBytes($"0\r\n{trailers}\r\n"));
        return wire.ToArray();
    }
}
