using System;
using System.Collections.Concurrent;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

public class BasicAuthTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    // "allmine", by crypt(3).
    private const string Alice = "alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6.";

    [Theory]
    [InlineData("")]
    [InlineData("Basic")]
    [InlineData("Basic ")]
    [InlineData("Basic !!!!")]
    [InlineData("Basic YWxpY2U=")] // alice
    [InlineData("Basic OmFsbG1pbmU=")] // :allmine
    [InlineData("Basic YWxpY2U6YWxsbWluZQBY")] // alice:allmine\0X
    [InlineData("Bearer YWxpY2U6YWxsbWluZQ==")]
    public void NoPair_Is401AtOnce(string value)
    {
        using var bench = MiddlewareBench.Get("/", value.Length > 0 ? $"Authorization: {value}\r\n" : "");

        Assert.Equal(Verdict.Answered, bench.Run(new BasicAuth(Settings())));

        Assert.Equal(401, bench.Status);
        Assert.Equal(["WWW-Authenticate: Basic realm=\"a \\\"b\\\"\", charset=\"UTF-8\""], bench.Answered);
    }

    [Fact]
    public void LongPair_Is401AtOnce()
    {
        string pair = Convert.ToBase64String(Encoding.ASCII.GetBytes($"alice:{new string('x', 600)}"));
        using var bench = MiddlewareBench.Get("/", $"Authorization: Basic {pair}\r\n");

        Assert.Equal(Verdict.Answered, bench.Run(new BasicAuth(Settings())));
        Assert.Equal(401, bench.Status);
    }

    // Whether there is such a user or not: the slow hash is waited for.
    [Theory]
    [InlineData("alice:allmine")]
    [InlineData("alice:wrong")]
    [InlineData("mallory:allmine")]
    public void GateFull_Is503WithRetryAfter(string pair)
    {
        var gate = new ProofGate(runningMax: 1, waitingMax: 0);
        Assert.True(gate.TryEnter());
        using var bench = MiddlewareBench.Get("/", Pair(pair));

        Assert.Equal(Verdict.Answered, bench.Run(new BasicAuth(Settings(), gate)));

        Assert.Equal(503, bench.Status);
        Assert.Equal(["Retry-After: 1"], bench.Answered);
        gate.Leave();
        Assert.True(gate.TryEnter());
    }

    [Fact]
    public async Task RightPair_IsHashedOnceAndThenAllocatesNothing()
    {
        var middleware = new BasicAuth(Settings(), new ProofGate(runningMax: 1, waitingMax: 0));
        Assert.Equal("200", await AnswerAsync(middleware, "alice:allmine"));
        Assert.Equal("401", await AnswerAsync(middleware, "alice:allmin"));
        Assert.Equal("401", await AnswerAsync(middleware, "bob:allmine"));

        using var bench = MiddlewareBench.Get("/", Pair("alice:allmine"));
        Assert.Equal(Verdict.Next, bench.Run(middleware));
        bench.AssertNoAllocations(middleware);
    }

    [Fact]
    public async Task CacheTimeZero_EachRequestIsHashed()
    {
        var middleware = new BasicAuth(Settings() with { CacheTime = TimeSpan.Zero });
        Assert.Equal("200", await AnswerAsync(middleware, "alice:allmine"));

        using var bench = MiddlewareBench.Get("/", Pair("alice:allmine"));

        Assert.Equal(Verdict.Pending, bench.Run(middleware));
    }

    // The time an answer takes must not say who is a user.
    [Fact]
    public async Task UnknownUser_CostsOneHash_AsAKnownOneDoes()
    {
        var seen = new ConcurrentQueue<(PasswordHash Hash, string Password)>();
        var middleware = new BasicAuth(
            TwoUsers(), new ProofGate(runningMax: 1, waitingMax: 0),
            (hash, password) =>
            {
                seen.Enqueue((hash, password));
                return hash.Verify(password);
            });
        PasswordHash[] hashes = [.. TwoUsers().Users.Select(static user => user.Hash)];

        foreach (string pair in (string[])["alice:wrong", "mallory:wrong", "mallory:wrong", "mallory:allmine", "eve:x"])
        {
            Assert.Equal("401", await AnswerAsync(middleware, pair));
        }

        Assert.Equal(["wrong", "wrong", "wrong", "allmine", "x"], seen.Select(static one => one.Password));
        Assert.All(seen, one => Assert.Contains(one.Hash, hashes));
        Assert.Equal(hashes[0], seen.First().Hash);
        Assert.Single(seen.Skip(1).Take(3).Select(static one => one.Hash).Distinct()); // a name has one cost

        // What is right is remembered, whoever else it would be right for is not.
        Assert.Equal("200", await AnswerAsync(middleware, "alice:allmine"));
        Assert.Equal("200", await AnswerAsync(middleware, "alice:allmine"));
        Assert.Equal("401", await AnswerAsync(middleware, "mallory:allmine"));
        Assert.Equal(7, seen.Count);
    }

    [Fact]
    public async Task Consumer_HasItsPlaceAmongAll()
    {
        var middleware = new BasicAuth(Settings() with
        {
            Consumers = new Sequence<ConsumerSettings>(
            [
                new ConsumerSettings { Name = "till" },
                new ConsumerSettings { Name = "shop", Users = new Sequence<string>(["alice"]) },
            ]),
        });
        Assert.Equal("200", await AnswerAsync(middleware, "alice:allmine"));

        using var bench = MiddlewareBench.Get("/", Pair("alice:allmine"));
        Assert.Equal(Verdict.Next, bench.Run(middleware));
        Assert.Equal(("shop", 1), (bench.Exchange.Consumer?.Name, bench.Exchange.Consumer?.Index));
    }

    private static async Task<string> AnswerAsync(BasicAuth middleware, string pair)
    {
        using var engine = new Engine(middlewares: middleware);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed($"GET / HTTP/1.1\r\nHost: a\r\n{Pair(pair)}\r\n");
        while (client.WrittenText.Length == 0 && server.WrittenText.Length == 0)
        {
            engine.Turn();
            await Task.Yield();
        }

        server.Feed(Ok);
        return client.WrittenText.Split(' ')[1];
    }

    private static string Pair(string pair) =>
        $"Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(pair))}\r\n";

    // Of unlike costs.
    private static BasicAuthSettings TwoUsers()
    {
        Assert.Null(UserSettings.Refusal(
            "bob:" + Alice["alice:".Length..].Replace("$08$", "$09$", StringComparison.Ordinal), out UserSettings? bob));
        BasicAuthSettings one = Settings();
        return one with { Users = new Sequence<UserSettings>([.. one.Users, bob!]) };
    }

    private static BasicAuthSettings Settings()
    {
        Assert.Null(UserSettings.Refusal(Alice, out UserSettings? alice));
        return new BasicAuthSettings
        {
            Name = "m",
            Realm = "a \"b\"",
            Users = new Sequence<UserSettings>([alice!]),
        };
    }
}
