using System;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>compress over real sockets: what clients get is what servers sent, in fewer bytes, or untouched.</summary>
public sealed class CompressTests
{
    private static readonly string s_text = string.Concat(Enumerable.Range(0, 3000).Select(i => $"line {i}\n"));

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    [InlineData("gzip, br", "br")]
    [InlineData("gzip, br;q=0.5", "gzip")]
    [InlineData("*", "br")]
    [InlineData("*;q=0.5, identity", null)]
    [InlineData("gzip;q=0, br;q=0", null)]
    [InlineData("deflate, zstd", null)]
    [InlineData(null, null)]
    public async Task Coding_IsWhatTheClientWeighsHighest(string? accepts, string? coding)
    {
        await using RawServer server = Serving("Content-Type: text/html\r\nETag: \"v1\"\r\nAccept-Ranges: bytes\r\n");
        await using ProxyProcess proxy = await StartAsync(server);

        RawResponse answer = await RawClient.GetAsync(
            proxy.Port, "/", accepts is null ? "" : $"Accept-Encoding: {accepts}\r\n");

        Assert.Equal(coding, answer.Head.One("Content-Encoding"));
        Assert.Equal(s_text, Decode(answer.Body, coding));
        Assert.Equal("Accept-Encoding", answer.Head.One("Vary"));
        Assert.Equal(coding is null ? "\"v1\"" : "W/\"v1\"", answer.Head.One("ETag"));
        Assert.Equal(coding is null, answer.Head.Has("Accept-Ranges"));
        Assert.Equal(coding is null, answer.Head.Has("Content-Length"));
        Assert.True(coding is null || answer.Body.Length < s_text.Length / 3);
    }

    [Theory]
    [InlineData("")] // no type: nothing is guessed
    [InlineData("Content-Type: image/png\r\n")]
    [InlineData("Content-Type: text/event-stream\r\n")]
    [InlineData("Content-Type: application/grpc+proto\r\n")]
    [InlineData("Content-Type: text/html\r\nContent-Encoding: identity\r\n")]
    [InlineData("Content-Type: text/html\r\nCache-Control: max-age=1, No-Transform\r\n")]
    public async Task Answer_ThatIsNotToBeChanged_PassesAsItCame(string fields)
    {
        await using RawServer server = Serving(fields);
        await using ProxyProcess proxy = await StartAsync(server, "types = [\"text/*\", \"application/*\"]\n");

        RawResponse answer = await RawClient.GetAsync(proxy.Port, "/", "Accept-Encoding: gzip, br\r\n");

        Assert.Equal(s_text, answer.BodyText);
        Assert.Equal(s_text.Length, answer.Head.ContentLength);
        Assert.False(answer.Head.Has("Vary"));
    }

    [Theory]
    [InlineData("HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-4/100\r\nContent-Length: 5\r\n", "hello")]
    [InlineData("HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n", "")]
    [InlineData("HTTP/1.1 204 No Content\r\n", "")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", "hello")] // shorter than bytes_min
    public async Task Part_NoBody_AndShort_AreLeftAlone(string head, string body)
    {
        await using RawServer server = RawServer.Answering($"{head}Content-Type: text/plain\r\n\r\n{body}");
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
            Assert.Equal(body, answer.BodyText);
            Assert.False(answer.Head.Has("Content-Encoding"));
        }
    }

    [Fact]
    public async Task Head_AndHttp10_AreNotCompressed_AndTheConnectionGoesOn()
    {
        await using RawServer server = Serving("Content-Type: text/plain\r\n");
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        await client.SendAsync("HEAD / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
        RawResponse head = await client.ReadResponseAsync("HEAD");
        RawResponse get = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");

        Assert.Equal((200, false), (head.Status, head.Head.Has("Content-Encoding")));
        Assert.Equal(s_text, Decode(get.Body, get.Head.One("Content-Encoding")));
        RawResponse old = await RawClient.OnceAsync(
            proxy.Port, "GET / HTTP/1.0\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        Assert.Equal(s_text, old.BodyText);
    }

    [Theory]
    [InlineData("gzip", "gzip")]
    [InlineData("br", "br")]
    public async Task EmptyBody_OfUnknownLength_IsAWholeOne(string accepts, string coding)
    {
        await using RawServer server = RawServer.Answering(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        await using ProxyProcess proxy = await StartAsync(server);

        RawResponse answer = await RawClient.GetAsync(proxy.Port, "/", $"Accept-Encoding: {accepts}\r\n");

        Assert.Equal(coding, answer.Head.One("Content-Encoding"));
        Assert.NotEmpty(answer.Body);
        Assert.Empty(Decode(answer.Body, coding));
    }

    // RFC 9110 section 5.3: two lines are one list.
    [Fact]
    public async Task TwoLines_NameCountsBeforeStar()
    {
        await using RawServer server = Serving("Content-Type: text/plain\r\n");
        await using ProxyProcess proxy = await StartAsync(server, "encodings = [\"gzip\"]\n");

        RawResponse answer = await RawClient.GetAsync(
            proxy.Port, "/", "Accept-Encoding: gzip;q=0\r\nAccept-Encoding: *\r\n");

        Assert.False(answer.Head.Has("Content-Encoding"));
    }

    // By the time of the answer the head is gone: a long body took its room.
    [Fact]
    public async Task LongRequest_AnswerIsCompressed()
    {
        await using RawServer server = Serving("Content-Type: text/plain\r\n");
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync(
                "POST / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\nContent-Length: 200000\r\n\r\n"
                + new string('x', 200_000));
            Assert.Equal(s_text, Decode(answer.Body, answer.Head.One("Content-Encoding")));
            Assert.Equal("gzip", answer.Head.One("Content-Encoding"));
        }

        await proxy.ExpectMetricAsync(0, "edgeproxy_loop_exceptions_total");
    }

    // Each piece is the client's before the next one is made.
    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task Chunked_ComesPieceByPiece(string coding)
    {
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            await go.PassAsync("the first piece at the client");
            await connection.SendAsync("6\r\nsecond\r\n0\r\nX-Trailer: t\r\n\r\n");
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync($"GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n");

        RawResponse head = await client.ReadHeadAsync();
        using var pieces = new MemoryStream();
        Task reading = WireBody.ReadChunkedAsync(client.Wire, piece =>
        {
            lock (pieces)
            {
                pieces.Write(piece);
            }
        });
        await Eventually.TrueAsync(() => DecodeAll(isWhole: false) == "first", "the first piece");
        go.Open();
        await reading;

        Assert.Equal(coding, head.Head.One("Content-Encoding"));
        Assert.Equal("firstsecond", DecodeAll(isWhole: true));

        string DecodeAll(bool isWhole)
        {
            lock (pieces)
            {
                return Decode(pieces.ToArray(), coding, isWhole);
            }
        }
    }

    [Fact]
    public async Task ServerThatBreaksOff_ClientCanTell()
    {
        await using RawServer server = RawServer.Start(async connection =>
        {
            await connection.ReadRequestAsync();
            await connection.SendAsync(
                $"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100000\r\n\r\n{s_text}");
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");

        RawResponse answer = await client.ReadResponseAsync();

        Assert.False(answer.IsWhole);
    }

    [Fact]
    public async Task StreamsMax_OneMorePassesAsItIs()
    {
        var go = new Gate();
        await using RawServer server = RawServer.Start(async connection =>
        {
            RawRequest? request = await connection.ReadRequestAsync();
            await connection.SendAsync(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n4\r\ntext\r\n");
            if (request!.Target == "/slow")
            {
                await go.PassAsync("the test");
            }

            await connection.SendAsync("0\r\n\r\n");
        });
        await using ProxyProcess proxy = await StartAsync(server, "streams_max = 1\n");
        using RawClient slow = await proxy.ConnectAsync();
        await slow.SendAsync("GET /slow HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
        await Eventually.TrueAsync(
            async () => await proxy.MetricAsync("edgeproxy_answers_compressed_total") == 1, "the first answer");

        RawResponse plain = await RawClient.GetAsync(proxy.Port, "/", "Accept-Encoding: gzip\r\n");
        go.Open();
        RawResponse coded = await slow.ReadResponseAsync();
        RawResponse again = await RawClient.GetAsync(proxy.Port, "/", "Accept-Encoding: gzip\r\n");

        Assert.Equal(("text", false), (plain.BodyText, plain.Head.Has("Content-Encoding")));
        Assert.Equal("text", Decode(coded.Body, "gzip"));
        Assert.Equal("gzip", again.Head.One("Content-Encoding"));
        await proxy.ExpectMetricAsync(1, "edgeproxy_answers_not_compressed_total");
    }

    // An answer of the proxy's own takes the place of one that was about to be compressed.
    [Fact]
    public async Task ErrorsAround_BodyIsTheirs_Uncoded()
    {
        await using RawServer server = Serving("Content-Type: text/plain\r\n", status: "500 Oops");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"sorry\", \"small\"]",
            More = "[middlewares.small.compress]\n[middlewares.sorry.errors]\nstatus = [\"500\"]\nbody = \"sorry\"\n",
        });
        using RawClient client = await proxy.ConnectAsync();

        for (int i = 0; i < 2; i++)
        {
            RawResponse answer = await client.RequestAsync("GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: br\r\n\r\n");
            Assert.Equal((500, "sorry"), (answer.Status, answer.BodyText));
            Assert.False(answer.Head.Has("Content-Encoding"));
        }
    }

    private static string Decode(byte[] body, string? coding, bool isWhole = true)
    {
        using var coded = new MemoryStream(body);
        using Stream decoded = coding switch
        {
            "gzip" => new GZipStream(coded, CompressionMode.Decompress),
            "br" => new BrotliStream(coded, CompressionMode.Decompress),
            _ => coded,
        };
        byte[] room = new byte[s_text.Length + 1];
        int length = 0;
        try
        {
            int read;
            while ((read = decoded.Read(room.AsSpan(length))) > 0)
            {
                length += read;
            }
        }
        catch (InvalidDataException) when (!isWhole)
        {
            // The rest has not come yet.
        }

        return Encoding.ASCII.GetString(room, 0, length);
    }

    private static RawServer Serving(string fields, string status = "200 OK") => RawServer.Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            string body = request.Method == "HEAD" ? "" : s_text;
            await connection.SendAsync(
                $"HTTP/1.1 {status}\r\n{fields}Content-Length: {s_text.Length}\r\n\r\n{body}");
        }
    });

    private static Task<ProxyProcess> StartAsync(RawServer server, string keys = "") =>
        ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Router = "middlewares = [\"small\"]",
            More = $"[middlewares.small.compress]\n{keys}",
        });
}
