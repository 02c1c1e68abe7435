using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Globalization;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Text;
using System.Threading;
using CsCheck;
using EdgeProxy.Config;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Routing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Tests.Config;
using EdgeProxy.Tests.Middlewares.Model;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Routing;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>
/// Random routers, each with a random chain of random middlewares, configured as users do and run by the engine over
/// memory, against a model that knows of no edits, blocks or exchanges: the same answer, and the same request at the
/// server. Clients keep their connections, so that what one request leaves behind shows in the next.
/// </summary>
public sealed class MiddlewarePropertyTests : IDisposable
{
    private const int RoutersMax = 3;
    private const int RequestsMax = 10;
    private const int TimedTurns = 100;
    private static readonly TimeSpan s_turn = TimeSpan.FromMicroseconds(100);
    private static readonly TimeSpan s_answerMax = TimeSpan.FromMinutes(1);

    private static readonly bool s_isLong = Environment.GetEnvironmentVariable("EDGEPROXY_LONG") == "1";

    // Written by the proxy whatever the middlewares say.
    private static readonly string[] OfTheProxy =
    [
        "Host", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Port", "X-Real-Ip",
        "Forwarded", "X-Request-Id", "Content-Length", "Date", "Connection", "Transfer-Encoding",
        "X-Forwarded-Tls-Client-Cert", "X-Forwarded-Tls-Client-Cert-Info",
    ];

    private static readonly (string Name, string Value)[] ClientFields =
    [
        ("X-A", "c"), ("x_a", "alias"), ("X.A", "alias"), ("X-Forwarded-Prefix", "/evil"), ("X-Replaced-Path", "/evil"),
        ("X-Key", RandomIdentity.Key), ("X-Key", "bad"), ("Authorization", $"Bearer {RandomIdentity.Token}"),
        ("Authorization", "Bearer bad"), ("Authorization", RandomIdentity.Basic("alice", "right")),
        ("Authorization", RandomIdentity.Basic("bob", "right")), ("Authorization", RandomIdentity.Basic("carol", "right")),
        ("Authorization", RandomIdentity.Basic("bob", "wrong")), ("X-User", "evil"), ("Remote-User", "evil"),
        ("X-Told", "evil"), ("X-Consumer", "evil"), ("X-Subject", "evil"), ("Accept-Encoding", "gzip"),
        ("Origin", "https://app.test"), ("Origin", "https://evil.test"), ("Access-Control-Request-Method", "GET"),
    ];

    private static readonly (string Name, string Value)[] ServerFields =
    [
        ("Server", "s"), ("X-Up", "1"), ("Vary", "Accept"), ("Cache-Control", "max-age=9"), ("X-A", "up"),
        ("X-Frame-Options", "ALLOWALL"), ("Access-Control-Allow-Origin", "https://evil.test"), ("Retry-After", "7"),
        ("WWW-Authenticate", "Basic"), ("Content-Type", "text/html"), ("RateLimit", "x"),
    ];

    private readonly ModelAuth _auth = new();
    private readonly ModelClients _clients = new();

    public void Dispose()
    {
        _auth.Dispose();
        _clients.Dispose();
    }

    [Fact]
    public void Chain_AnyMiddlewaresAndRequests_DoesWhatTheModelDoes()
    {
        var ends = new List<bool>();
        Gen.Int.SampleSame(seed => Check(new Random(seed), ends), iter: s_isLong ? 60_000 : 600, threads: 1);

        // Neither is rare: chains that stop everything, or nothing, would show little.
        Assert.InRange(ends.Count(isForwarded => isForwarded), ends.Count / 4, ends.Count * 3 / 4);
    }

    private void Check(Random random, List<bool> ends)
    {
        var made = new RandomRule(random);
        List<Router> routers = Routers(random, made, out string toml);
        ProxySettings settings = _clients.Parse(toml);
        Dictionary<string, Middleware> running = settings.Middlewares.ToDictionary(one => one.Name, Build);
        using var engine = new Engine();
        var table = new RouteTableBuilder();
        var routes = new List<Route>();
        foreach (Router router in routers)
        {
            Sequence<string> chain = settings.Routers.Single(one => one.Name == router.Name).Middlewares;
            table.Add(routes.Count, router.Rule, priority: RoutersMax - routes.Count);
            routes.Add(new Route(router.Name, engine.Snapshots.Current.Routes[0].Service, EncodedBytes.None)
            {
                Middlewares = [.. chain.Select(name => running[name])],
            });
        }

        engine.Snapshots.Publish(new Snapshot
        {
            Hash = "m",
            Routes = [.. routes],
            Tables = [table.Build(out _)],
            Services = new Dictionary<string, ServiceNode> { ["app"] = engine.Snapshots.Current.Routes[0].Service },
        });
        var clients = new Dictionary<string, MemoryLink>();
        var server = new ModelServer(engine);
        for (int i = random.Next(1, RequestsMax + 1); i > 0; i--)
        {
            ModelRequest request = Request(random, made);
            var answer = new ModelAnswer(Of(random, [200, 200, 204, 401, 404, 503]), "up", Some(random, ServerFields));
            answer = answer.Status == 204 ? answer with { Body = "" } : answer;
            string expected = Expected(routers, request, answer);
            string found = Found(engine, clients, server, request, answer)
                ?? throw new InvalidOperationException($"{toml}\n{request.Text}\n-- is not answered");
            ends.Add(server.Head is not null);
            Assert.True(expected == found,
                $"{toml}\n{request.Text}\n-- the server would answer {answer.Status}"
                + $" {string.Join(", ", answer.Fields)}\n-- the model has\n{expected}\n-- the engine has\n{found}");
        }
    }

    // Signatures are checked behind a gate that all share: others who test at the same time must not close it.
    private static Middleware Build(MiddlewareSettings settings) => settings switch
    {
        JwtSettings jwt => new Jwt(jwt, new ProofGate(1, 10), TimeProvider.System),
        BasicAuthSettings basic => new BasicAuth(basic, new ProofGate(1, 10)),
        _ => MiddlewareBuilder.Build(settings),
    };

    private List<Router> Routers(Random random, RandomRule made, out string toml)
    {
        var steps = new RandomStep(random, _auth);
        var named = new Dictionary<string, IReadOnlyList<ModelStep>>();
        toml = ConfigCorpus.Small.Replace("\n\n[routers", $"\n{_clients.EntryPoint}\n\n[routers", StringComparison.Ordinal)
            + _clients.Certificates + RandomIdentity.Consumers(_clients.Fingerprint);
        for (int i = random.Next(1, 9); i > 0; i--)
        {
            ModelStep step = steps.Next($"m{i}", random.Next(RandomStep.Kinds));
            named.Add($"m{i}", [step]);
            toml += $"\n[middlewares.m{i}]\n{step.Toml}\n";
        }

        string[] members = Several(random, named.Keys);
        named.Add("all", [.. members.SelectMany(name => named[name])]);
        toml += $"\n[middlewares.all.chain]\nmiddlewares = [\"{string.Join("\", \"", members)}\"]\n";
        var routers = new List<Router>();
        for (int i = 0; i < RoutersMax; i++)
        {
            (string text, Func<PlainRequest, bool> takes) = i == 1
                ? ("PathPrefix(`/`)", static _ => true) : made.Next(depth: random.Next(3));
            if (RuleParser.Parse(text, out _) is { } rule)
            {
                string[] chain = Several(random, named.Keys);
                chain = chain.Contains("all") ? [.. chain.Except(members)] : chain;
                routers.Add(new Router($"r{i}", rule, takes, [.. chain.SelectMany(name => named[name])]));
                toml += $"\n[routers.r{i}] # {text}\nrule = \"Path(`/r{i}`)\"\nservice = \"app\"\n"
                    + $"middlewares = [\"{string.Join("\", \"", chain)}\"]\n";
            }
        }

        return routers;
    }

    private static ModelRequest Request(Random random, RandomRule made)
    {
        PlainRequest plain = made.Request();
        string target = string.Join('&', plain.Query.Select(
            pair => $"{Escaped(random, pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        string method = random.Next(4) == 0 ? "OPTIONS" : plain.Method;
        return new ModelRequest(
            method, plain.Host.Length == 0 ? "a" : plain.Host, plain.Path, target,
            [.. plain.Fields, .. Some(random, Shuffled(random, ClientFields)).DistinctBy(field => field.Name)],
            plain.Client, method == "POST" ? new string('b', random.Next(12)) : null);
    }

    private static string Expected(List<Router> routers, ModelRequest request, ModelAnswer answer)
    {
        (string Key, string Value)[] query =
        [
            .. request.Query.Split('&', StringSplitOptions.RemoveEmptyEntries).Select(one => one.Split('='))
                .Select(pair => (Uri.UnescapeDataString(pair[0]), Uri.UnescapeDataString(pair[1]))),
        ];
        var plain = new PlainRequest(
            request.Method, request.Host, request.Path, query, request.Fields, request.Client);
        Router? router = routers.FirstOrDefault(one => one.Takes(plain));
        var exchange = new ModelExchange(request, router?.Name ?? "");
        bool isForwarded = router is not null && ModelStep.Run(router.Steps, exchange, answer);
        string head = !isForwarded ? ""
            : $"{request.Method} {ModelRequest.TargetOf(exchange.Path, exchange.Query)} {request.Host}\n"
                + $"{Sorted(exchange.Fields)}\n{request.Body}\n";
        string body = request.Method == "HEAD" ? "" : exchange.Answer.Body ?? "?";
        return $"{head}{exchange.Answer.Status}\n{Sorted(exchange.AnswerFields())}\n{body}";
    }

    // Null: there is no answer.
    private string? Found(
        Engine engine, Dictionary<string, MemoryLink> clients, ModelServer server, ModelRequest request,
        ModelAnswer answer)
    {
        server.Expect(answer);
        if (!clients.TryGetValue(request.Client, out MemoryLink? client) || client.IsClosed)
        {
            client = engine.Accept(
                new MemoryLink
                {
                    Remote = new IPEndPoint(IPAddress.Parse(request.Client), 40_000),
                    Of = _clients.At(request.Client),
                });
            clients[request.Client] = client;
        }

        client.Feed(request.Text);
        string text = "";
        var clock = Stopwatch.StartNew();
        for (int turn = 0; !IsWhole(text, request.Method) && clock.Elapsed < s_answerMax; turn++)
        {
            // What a loop spends on filters is counted by its clock, but limits must not see much of it pass.
            text += Encoding.Latin1.GetString(client.TakeWritten());
            engine.Pass(turn < TimedTurns ? s_turn : TimeSpan.Zero);
            engine.Turn();
            Thread.Yield(); // to who decides off the loop
        }

        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (end < 4)
        {
            return null;
        }

        WireHead head = WireHead.Parse(text[..end]);
        if (head.Lists("Connection", "close"))
        {
            client.FeedEnd();
            engine.Turn();
            Assert.True(client.IsClosed, "a connection that should close does not");
        }

        string body = head.Lists("Transfer-Encoding", "chunked") ? Decoded(text[end..])
            : IsRefusal(text[end..]) ? "?"
            : text[end..];
        Assert.True(server.PageHead is not { } page || Sorted(page.Fields).Length == 0, "a page is asked for with fields");
        string got = server.Head is not { } sent ? ""
            : $"{sent.StartLine[..^" HTTP/1.1".Length]} {sent.One("Host")}\n{Sorted(sent.Fields)}\n{server.Body}\n";
        return $"{got}{head.StartLine.Split(' ')[1]}\n{Sorted(head.Fields)}\n{body}";
    }

    // One chunk or some, of gzip.
    private static string Decoded(string chunks)
    {
        var bytes = new MemoryStream();
        int length;
        do
        {
            int end = chunks.IndexOf("\r\n", StringComparison.Ordinal);
            length = int.Parse(chunks[..end], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            bytes.Write(Encoding.Latin1.GetBytes(chunks.Substring(end + 2, length)));
            chunks = chunks[(end + 2 + length + 2)..];
        }
        while (length > 0);

        bytes.Position = 0;
        using var plain = new StreamReader(new GZipStream(bytes, CompressionMode.Decompress), Encoding.Latin1);
        return plain.ReadToEnd();
    }

    // "403: this address may not ask": the model knows no such texts.
    private static bool IsRefusal(string body) => body.Length > 4 && body[3] == ':' && body[..3].All(char.IsAsciiDigit);

    private static bool IsWhole(string text, string method)
    {
        int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4;
        if (end >= 4 && WireHead.Parse(text[..end]).Lists("Transfer-Encoding", "chunked"))
        {
            return text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
        }

        return end >= 4
            && text.Length >= end + (method == "HEAD" ? 0 : WireHead.Parse(text[..end]).ContentLength ?? 0);
    }

    private static string Sorted(IEnumerable<(string Name, string Value)> fields) => string.Join('\n', fields
        .Where(field => !OfTheProxy.Contains(field.Name, StringComparer.OrdinalIgnoreCase))
        .Select(field => $"  {field.Name.ToLowerInvariant()}: {field.Value}").Order(StringComparer.Ordinal));

    private static string Sorted(IEnumerable<KeyValuePair<string, string>> fields) =>
        Sorted(fields.Select(field => (field.Key, field.Value)));

    // As it is, or with each byte encoded: the same name to a server.
    private static string Escaped(Random random, string name) =>
        random.Next(2) == 0 ? name : string.Concat(name.Select(c => $"%{(int)c:x2}"));

    private static T[] Some<T>(Random random, T[] pool) => [.. pool.Where(_ => random.Next(3) == 0)];

    private static T[] Shuffled<T>(Random random, T[] pool)
    {
        T[] all = [.. pool];
        random.Shuffle(all);
        return all;
    }

    private static string[] Several(Random random, IEnumerable<string> names)
    {
        string[] all = [.. names];
        random.Shuffle(all);
        return all[..random.Next(1, Math.Min(all.Length, 5) + 1)];
    }

    private static T Of<T>(Random random, T[] pool) => pool[random.Next(pool.Length)];

    private sealed record Router(
        string Name, Rule Rule, Func<PlainRequest, bool> Takes, IReadOnlyList<ModelStep> Steps);
}
