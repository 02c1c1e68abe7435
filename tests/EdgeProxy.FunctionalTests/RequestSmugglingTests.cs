using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// The attack corpus over a socket, in clear text and over TLS, whole and byte by byte: what is refused reaches no
/// server, what is forwarded arrives in one unambiguous form. All cases share one proxy and one server, so that
/// whatever one leaves behind poisons the next.
/// </summary>
public sealed class RequestSmugglingTests(RequestSmugglingTests.OneProxy shared)
    : IClassFixture<RequestSmugglingTests.OneProxy>
{
    // Byte by byte up to this; a longer case is cut into about that many pieces.
    private const int PiecesMax = 3000;

    public static TheoryData<string> Cases => [.. CorpusCase.Names("requests")];

    [Fact]
    public void Corpus_HasTheCasesPromised() => Assert.True(CorpusCase.Names("requests").Count() >= 150);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Request_Whole_HasItsExpectedEnd(string name) => CheckAsync(name, isSplit: false, isSecure: false);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task Request_SplitAtEveryByte_HasItsExpectedEnd(string name) =>
        CheckAsync(name, isSplit: true, isSecure: false);

    [Theory]
    [MemberData(nameof(Cases))]
    public Task OverTls_Whole_HasItsExpectedEnd(string name) => CheckAsync(name, isSplit: false, isSecure: true);

    // Each piece is a record of TLS.
    [Theory]
    [MemberData(nameof(Cases))]
    public Task OverTls_SplitAtEveryByte_HasItsExpectedEnd(string name) =>
        CheckAsync(name, isSplit: true, isSecure: true);

    private async Task CheckAsync(string name, bool isSplit, bool isSecure)
    {
        CorpusCase item = CorpusCase.Load("requests", name);
        RawServer server = shared.Server;
        string from = shared.NextAddress();
        server.Faults.Clear();

        using RawClient client = await shared.ConnectAsync(isSecure, from);
        Task sending = SendAsync(client, isSecure ? Secured(item.Bytes) : item.Bytes, isSplit);
        if (isSecure)
        {
            await sending; // SslStream does not end its side while it is read
        }

        List<RawResponse> responses = await ReadAllAsync(client);
        await sending;

        int[] expected = [.. item.Expect.Select(StatusOf).Where(s => s != 0)];
        bool isIncomplete = item.Expect.Contains("incomplete");
        int forwarded = item.Expect.Count(e => e.StartsWith("forward", StringComparison.Ordinal));
        RawRequest[] heads = [.. server.Requests.Where(r => IsFrom(r, from))];
        RawRequest[] whole = [.. server.WholeRequests.Where(r => IsFrom(r, from))];

        Assert.Equal([], server.Faults.Select(f => f.Message));
        Assert.Equal(forwarded, whole.Length);
        if (!isIncomplete)
        {
            Assert.Equal(expected, responses.Select(r => r.Status));
        }

        if (!isIncomplete && !item.Expect.Any(e => e.StartsWith("reject_body", StringComparison.Ordinal)))
        {
            Assert.Equal(forwarded, heads.Length);
        }

        string[] paths = [.. whole.Select(r => r.Target.Split('?')[0])];
        for (int i = 0; i < Math.Min(paths.Length, item.Paths.Length); i++)
        {
            Assert.True(item.Paths[i] == "@long" || item.Paths[i] == paths[i], $"{paths[i]} is not {item.Paths[i]}");
        }

        Assert.Equal(200, (await RawClient.GetAsync(shared.Proxy.Port, "/bystander")).Status);
    }

    // An absolute target has the connection's scheme, or is refused for another.
    private static byte[] Secured(byte[] request)
    {
        string text = Encoding.Latin1.GetString(request);
        int space = text.IndexOf(' ');
        Match scheme = Regex.Match(text[(space + 1)..], "^https?(?=://)", RegexOptions.IgnoreCase);
        return scheme.Success
            ? Encoding.Latin1.GetBytes(
                text[..(space + 1)] + (scheme.Length == 4 ? scheme.Value + "s" : scheme.Value[..4])
                + text[(space + 1 + scheme.Length)..])
            : request;
    }

    private static bool IsFrom(RawRequest request, string address) =>
        request.Head.All("X-Forwarded-For") is [string sender] && sender == address;

    private static int StatusOf(string step) => step switch
    {
        "forward" or "forward_canonical" => 200,
        "incomplete" => 0,
        _ => int.Parse(step.AsSpan(step.IndexOf(' ') + 1)),
    };

    private static async Task SendAsync(RawClient client, byte[] bytes, bool isSplit)
    {
        try
        {
            int piece = isSplit ? 1 + (bytes.Length / PiecesMax) : Math.Max(1, bytes.Length);
            await client.Wire.SendSplitAsync(bytes, piece);
            await client.Wire.HalfCloseAsync();
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            // The proxy had seen enough.
        }
    }

    private static async Task<List<RawResponse>> ReadAllAsync(RawClient client)
    {
        var responses = new List<RawResponse>();
        while (client.Wire.HasBuffered || await client.Wire.FillAsync("the proxy to answer or close"))
        {
            RawResponse response = await client.ReadHeadAsync();
            if (response.Status >= 200)
            {
                await client.Wire.ReadExactlyAsync(response.Head.ContentLength ?? 0, _ => { }, "a body");
                responses.Add(response);
            }
        }

        return responses;
    }

    /// <summary>One proxy and one server for all cases. Every answer has no body, so that HEAD needs no care.</summary>
    public sealed class OneProxy : IAsyncLifetime
    {
        internal RawServer Server { get; } = RawServer.Start(async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            }
        });

        internal ProxyProcess Proxy { get; private set; } = null!;

        private readonly TestKeys _keys = new();
        private readonly int _securePort = Ports.Next();
        private int _addresses;

        internal Task<RawClient> ConnectAsync(bool isSecure, string from) => !isSecure
            ? RawClient.ConnectAsync(Proxy.Port, from)
            : RawClient.ConnectTlsAsync(
                _securePort, _keys, static ask => ask.ApplicationProtocols = [SslApplicationProtocol.Http11], from);

        // Each case comes from an address of its own and owns what is forwarded for it: the half request of a refused
        // case may reach the server when the next case has begun.
        internal string NextAddress()
        {
            int number = Interlocked.Increment(ref _addresses);
            return $"127.1.{number / 250}.{1 + (number % 250)}";
        }

        // "OPTIONS *" has no path, so a rule about paths does not take it.
        public async ValueTask InitializeAsync()
        {
            const string Slow = "head_timeout = \"1m\""; // of heads that come byte by byte
            _keys.Make("a.test").Dispose();
            Proxy = await ProxyProcess.StartAsync(new ProxyConfig(Server)
            {
                Rule = "PathPrefix(`/`) || Method(`OPTIONS`)",
                EntryPoint = Slow,
                More = $"{_keys.Toml("a.test")}\n[entrypoints.secure]\naddress = \"127.0.0.1:{_securePort}\"\n"
                    + $"{Slow}\ntls = {{}}\n",
            });
        }

        public async ValueTask DisposeAsync()
        {
            Server.ToleratesFaults = true;
            await Proxy.DisposeAsync();
            await Server.DisposeAsync();
            _keys.Dispose();
        }
    }
}
