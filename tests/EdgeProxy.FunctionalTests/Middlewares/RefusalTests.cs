using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests.Middlewares;

/// <summary>
/// Each way of each middleware to answer by itself, with each kind of body, by HTTP/1.1 and HTTP/2, with and without
/// TLS: the client has the answer, its connection goes on or ends as it was told, the next request is answered, and no
/// byte of a body that nobody read is taken for a request (CVE-2019-20372, CVE-2025-4366).
/// </summary>
public sealed class RefusalTests
{
    // The rest of a body is waited for so long, and no longer; a test that was held up is told nothing by its end.
    private static readonly TimeSpan s_bodyWaited = TimeSpan.FromSeconds(4);

    // A connection that ends reads so long what still comes; what comes later meets a reset.
    private static readonly TimeSpan s_lingered = TimeSpan.FromSeconds(1.5);

    // What an unread body holds.
    private const string Evil = "GET /evil HTTP/1.1\r\nHost: plain.test\r\n\r\n";
    private const string Next = "GET /next HTTP/1.1\r\nHost: plain.test\r\n\r\n";
    private const string Hold = "/hold";

    // More than is thrown away, less than a connection that ends waits for.
    private const int LongBytes = 200 * 1024;

    private enum Body
    {
        None,

        /// <summary>Of a declared length, together with the head.</summary>
        Short,

        /// <summary>As above, once the answer was read.</summary>
        Late,

        /// <summary>Declared, and longer than anybody would throw away; never sent.</summary>
        Long,

        /// <summary>With its end.</summary>
        Chunked,

        /// <summary>The head, then once the answer was read the body with its end.</summary>
        ChunkedLate,

        /// <summary>Without an end.</summary>
        ChunkedOpen,

        /// <summary>Longer than anybody throws away, as shows once the answer was read.</summary>
        ChunkedLong,

        /// <summary>Waits for a 100.</summary>
        Expected,

        /// <summary>Longer than anybody throws away, and all of it sent: for those that read it.</summary>
        Held,

        /// <summary>As above, in chunks.</summary>
        ChunkedHeld,
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Http1_AnswerComes_AndTheConnectionGoesOnOrEnds(bool isSecure)
    {
        await using Rig rig = await Rig.StartAsync(isSecure);
        var wrong = new List<string>();
        int kept = 0;
        foreach (Refusal refusal in rig.Refusals)
        {
            foreach (Body body in Enum.GetValues<Body>())
            {
                if (IsLeftOut(refusal, body))
                {
                    continue;
                }

                try
                {
                    kept += await AskAsync(rig, refusal, body) ? 1 : 0;
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    wrong.Add($"{refusal.Name}, {body}: {e.Message}");
                }
            }
        }

        Assert.Empty(wrong);
        rig.AssertServed(kept);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Http2_AnswerComes_AndTheConnectionGoesOn(bool isSecure)
    {
        await using Rig rig = await Rig.StartAsync(isSecure);
        var wrong = new List<string>();
        int served = 0;
        foreach (Refusal refusal in rig.Refusals)
        {
            foreach (Body body in (Body[])[Body.None, Body.Short, Body.Late])
            {
                if (IsLeftOut(refusal, body))
                {
                    continue;
                }

                try
                {
                    await AskByStreamAsync(rig, refusal, body);
                    served++;
                }
                catch (Exception e) when (e is not OutOfMemoryException)
                {
                    wrong.Add($"{refusal.Name}, {body}: {e.Message}");
                }
            }
        }

        Assert.Empty(wrong);
        rig.AssertServed(served);
    }

    // There is nothing to refuse, or what is waited for before never comes.
    private static bool IsLeftOut(Refusal refusal, Body body) =>
        (refusal.IsOfTheBody && body is (Body.None or Body.ChunkedLate or Body.ChunkedLong))
        || (refusal.ReadsTheBody
            && body is not (Body.None or Body.Short or Body.Chunked or Body.Held or Body.ChunkedHeld))
        || (body is Body.Held or Body.ChunkedHeld && (!refusal.ReadsTheBody || refusal.IsOfTheBody));

    // A redirect of GET says so.
    private static int StatusOf(Refusal refusal, string method) => refusal.Status switch
    {
        307 when method == "GET" => 302,
        308 when method == "GET" => 301,
        int status => status,
    };

    // True: the connection went on, and another request was answered on it.
    private static async Task<bool> AskAsync(Rig rig, Refusal refusal, Body body)
    {
        using RawClient client = await rig.ConnectAsync();
        long startedAt = Stopwatch.GetTimestamp();
        string method = body == Body.None && refusal.Method == "POST" ? "GET" : refusal.Method;
        string head = $"{method} {refusal.Path} HTTP/1.1\r\nHost: {refusal.Name}.test\r\n{refusal.Fields}";
        await client.SendAsync(head + body switch
        {
            Body.None => "\r\n",
            Body.Short => $"Content-Length: {Evil.Length}\r\n\r\n{Evil}",
            Body.Late => $"Content-Length: {Evil.Length}\r\n\r\n",
            Body.Long => "Content-Length: 1000000\r\n\r\n",
            Body.Chunked => $"Transfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n0\r\n\r\n",
            Body.ChunkedOpen => $"Transfer-Encoding: chunked\r\n\r\n{Evil.Length:x}\r\n{Evil}\r\n",
            Body.ChunkedLate or Body.ChunkedLong => "Transfer-Encoding: chunked\r\n\r\n",
            Body.Held => $"Content-Length: {LongBytes}\r\n\r\n{new string('x', LongBytes)}",
            Body.ChunkedHeld => "Transfer-Encoding: chunked\r\n\r\n"
                + $"{LongBytes:x}\r\n{new string('x', LongBytes)}\r\n0\r\n\r\n",
            _ => $"Expect: 100-continue\r\nContent-Length: {Evil.Length}\r\n\r\n",
        });
        RawResponse answer = await client.ReadResponseAsync();
        Assert.Equal(StatusOf(refusal, method), answer.Status);
        Assert.True(answer.IsWhole);
        Assert.Empty(answer.Interim);

        bool isKept = !answer.Head.Lists("Connection", "close");
        bool mayStay = !refusal.IsOfTheRequest
            && body is not (Body.Long or Body.Expected)
            && (body is Body.None or Body.Short or Body.Late || !refusal.IsOfTheBody || refusal.ReadsTheBody);
        Assert.Equal(mayStay, isKept);
        if (!isKept)
        {
            await client.SendAsync(Next); // of whoever did not read that it was the last answer
            Assert.Empty(await client.ReadToEndAsync());
            return false;
        }

        string rest = body switch
        {
            Body.Late => Evil,
            Body.ChunkedLate => $"{Evil.Length:x};a=b\r\n{Evil}\r\n0\r\nX-Trailer: 1\r\n\r\n",
            Body.ChunkedLong => $"{LongBytes:x}\r\n{new string('x', LongBytes)}\r\n0\r\n\r\n",
            _ => "",
        };
        bool isLast = body is Body.ChunkedOpen or Body.ChunkedLong;
        TimeSpan waited = isLast ? s_lingered
            : rest.Length > 0 ? s_bodyWaited
            : TimeSpan.MaxValue;
        try
        {
            if (isLast)
            {
                // A request where a chunk should be is none, and neither is one behind a body that is too long.
                await client.SendAsync(rest + Next);
                Assert.Empty(await client.ReadToEndAsync());
                return false;
            }

            RawResponse next = await client.RequestAsync(rest + Next);
            Assert.Equal((200, "ok"), (next.Status, next.BodyText));
            return true;
        }
        catch (Exception e) when ((e is IOException or SocketException)
            && Stopwatch.GetElapsedTime(startedAt) > waited)
        {
            return false;
        }
    }

    private static async Task AskByStreamAsync(Rig rig, Refusal refusal, Body body)
    {
        using Http2Wire client = await rig.ConnectByHttp2Async();
        string method = body == Body.None && refusal.Method == "POST" ? "GET" : refusal.Method;
        IEnumerable<string> fields =
            refusal.Fields.Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Select(LowerName);
        client.Write.Headers(1, body == Body.None,
            [
                $":method: {method}", $":scheme: {rig.Scheme}", $":path: {refusal.Path}",
                $":authority: {refusal.Name}.test", .. fields,
                .. body == Body.None ? (string[])[] : [$"content-length: {Evil.Length}"],
            ]);
        if (body == Body.Short)
        {
            client.Write.Data(1, Evil, isEnd: true);
        }

        await client.SendAsync();
        await client.EndOfAsync(1);
        Assert.Equal(StatusOf(refusal, method), client.Status(1));

        if (body == Body.Late)
        {
            client.Write.Data(1, Evil, isEnd: true); // it may not know yet that nobody wants it
        }

        client.Write.Headers(
            3, true, ":method: GET", $":scheme: {rig.Scheme}", ":path: /next", ":authority: plain.test");
        await client.SendAsync();
        await client.EndOfAsync(3);
        Assert.Equal((200, "ok"), (client.Status(3), client.Body(3)));
        Assert.DoesNotContain(client.Frames, static frame => frame.Type == FrameType.GoAway);
    }

    private static string LowerName(string line)
    {
        int colon = line.IndexOf(':', StringComparison.Ordinal);
        return line[..colon].ToLowerInvariant() + line[colon..];
    }

    /// <summary>A proxy with all refusals, and those whom they need.</summary>
    private sealed class Rig : IAsyncDisposable
    {
        private readonly TestKeys _keys = new();
        private readonly bool _isSecure;
        private readonly RawServer _server;
        private readonly RawServer _pages = RawServer.Ok("a page");
        private readonly RawServer _auth =
            RawServer.Answering("HTTP/1.1 401 No\r\nWWW-Authenticate: Form\r\nContent-Length: 2\r\n\r\nno");

        private readonly List<RawClient> _held = [];
        private ProxyProcess? _proxy;

        private Rig(bool isSecure)
        {
            _isSecure = isSecure;
            Refusals = [.. Refusal.All.Where(one => one.OnlySecure is not { } only || only == isSecure)];
            _server = RawServer.Start(static async connection =>
            {
                while (await connection.ReadRequestAsync() is { } request)
                {
                    // Held until the test ends, however long it takes.
                    await (request.Target == Hold
                        ? connection.Wire.ReadToEndAsync("the end of the test", TimeSpan.FromMinutes(10))
                        : connection.AnswerAsync());
                }
            });
        }

        public IReadOnlyList<Refusal> Refusals { get; }

        public string Scheme => _isSecure ? "https" : "http";

        public static async Task<Rig> StartAsync(bool isSecure)
        {
            var rig = new Rig(isSecure);
            await rig.StartAsync();
            return rig;
        }

        public Task<RawClient> ConnectAsync() =>
            _isSecure ? RawClient.ConnectTlsAsync(_proxy!.Port, _keys) : _proxy!.ConnectAsync();

        public Task<Http2Wire> ConnectByHttp2Async() =>
            _isSecure ? Http2Wire.ConnectTlsAsync(_proxy!.Port, _keys) : Http2Wire.ConnectAsync(_proxy!.Port);

        /// <summary>The server had these requests that were let through, and no others.</summary>
        public void AssertServed(int next)
        {
            // A chunked body is found to be too long when the server was asked already.
            Assert.All(
                _server.Requests.Where(static seen => seen.Head.One("Host") != "body-limit.test"),
                static seen => Assert.Contains(seen.Target, (string[])["/next", "/one", Hold]));
            Assert.Equal(next, _server.Requests.Count(static seen => seen.Target == "/next"));
            Assert.DoesNotContain(_pages.Requests, static seen => seen.Target != "/418");
        }

        public async ValueTask DisposeAsync()
        {
            foreach (RawClient client in _held)
            {
                client.Dispose();
            }

            if (_proxy is not null)
            {
                await _proxy.DisposeAsync();
            }

            await _server.DisposeAsync();
            await _pages.DisposeAsync();
            await _auth.DisposeAsync();
            _keys.Dispose();
        }

        // The one request that rate_limit grants is used up, and a request is under way for each in_flight.
        private async Task StartAsync()
        {
            _keys.Make("a.test").Dispose();
            int gone = Ports.Next();
            string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Refusal.Key)));
            _proxy = await ProxyProcess.StartAsync(new ProxyConfig(_server)
            {
                Rule = "Host(`plain.test`)",
                Service = "response_timeout = \"10m\"",
                EntryPoint = _isSecure
                    ? $"tls = {{ client_auth = \"request\", client_ca = \"{_keys.AuthorityFile}\" }}"
                    : "h2c = true",
                More = $$"""
                    [services.pages]
                    {{ProxyConfig.ServerList(_pages.Port)}}
                    [consumers.shop]
                    keys = [{ sha256 = "{{hash}}" }]
                    [consumers.till]
                    users = ["alice"]
                    {{(_isSecure ? _keys.Toml("a.test") : "")}}
                    {{string.Concat(Refusals.Select(one => one.ToToml(_auth.Port, gone)))}}
                    """,
            });
            using (RawClient client = await ConnectAsync())
            {
                RawResponse first = await client.RequestAsync("GET /one HTTP/1.1\r\nHost: rate-limit.test\r\n\r\n");
                Assert.Equal(200, first.Status);
            }

            foreach (Refusal one in Refusals.Where(static one => one.Name.StartsWith("in-flight")))
            {
                RawClient client = await ConnectAsync();
                _held.Add(client);
                await client.SendAsync($"GET {Hold} HTTP/1.1\r\nHost: {one.Name}.test\r\n\r\n");
            }

            await _server.WaitForRequestsAsync(1 + _held.Count);
        }
    }
}
