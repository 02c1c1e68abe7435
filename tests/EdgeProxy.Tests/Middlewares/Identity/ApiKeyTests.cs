using System;
using System.Text;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

public class ApiKeyTests
{
    private static readonly CredentialSettings Bearer = new(FieldName.Of("Authorization"), "Bearer", "", "");
    private static readonly CredentialSettings Header = new(FieldName.Of("X-Api-Key"), "", "", "");
    private static readonly CredentialSettings Query = new(null, "", "api_key", "");
    private static readonly CredentialSettings Cookie = new(null, "", "", "key");

    [Theory]
    [InlineData("Authorization: Bearer key-of-alice\r\n")]
    [InlineData("authorization: bearer   key-of-alice\r\n")]
    public void Scheme_AnyCase_IsNoPartOfTheKey(string fields) => Passes(Bearer, "/", fields);

    [Theory]
    [InlineData("")]
    [InlineData("Authorization: Bearer\r\n")]
    [InlineData("Authorization: Bearer \r\n")]
    [InlineData("Authorization: key-of-alice\r\n")]
    [InlineData("Authorization: Bearerkey-of-alice\r\n")]
    [InlineData("Authorization: Basic key-of-alice\r\n")]
    [InlineData("Authorization: Bearer key-of-alice2\r\n")]
    [InlineData("Authorization: Bearer key-of-alic\r\n")]
    [InlineData("Authorization: Bearer KEY-OF-ALICE\r\n")]
    [InlineData("Authorization: Bearer key-of-alice\r\nAuthorization: Bearer key-of-alice\r\n")]
    [InlineData("Authorization: Bearer key-of-alice\r\nauthorization: Bearer other\r\n")]
    public void Header_NotTheKey_Is401(string fields) => Fails(Bearer, "/", fields);

    [Theory]
    [InlineData("/?api_key=key-of-alice")]
    [InlineData("/?a=1&api_key=key-of-alice&b=2")]
    [InlineData("/?api%5Fkey=key%2Dof-alice")]
    [InlineData("/?a=1;api_key=key-of-alice")]
    public void Query_AnyEncoding_IsFound(string target) => Passes(Query, target, "");

    [Theory]
    [InlineData("/")]
    [InlineData("/?api_key")]
    [InlineData("/?api_key=")]
    [InlineData("/?API_KEY=key-of-alice")]
    [InlineData("/?api_key=key-of-alice&api_key=key-of-alice")]
    [InlineData("/?api_key=key-of-alice&api%5fkey=other")]
    public void Query_NotTheKey_Is401(string target) => Fails(Query, target, "");

    [Theory]
    [InlineData("Cookie: key=key-of-alice\r\n")]
    [InlineData("Cookie: a=1;  key=key-of-alice ;b=2\r\n")]
    [InlineData("Cookie: a=1\r\nCookie: key=\"key-of-alice\"\r\n")]
    public void Cookie_AnyPlace_IsFound(string fields) => Passes(Cookie, "/", fields);

    [Theory]
    [InlineData("Cookie: akey=key-of-alice\r\n")]
    [InlineData("Cookie: KEY=key-of-alice\r\n")]
    [InlineData("Cookie: key=key-of-alice; key=key-of-alice\r\n")]
    [InlineData("Cookie: key=key-of-alice\r\nCookie: key=other\r\n")]
    [InlineData("Cookie: key\r\n")]
    [InlineData("Cookie: ;;=;\r\n")]
    public void Cookie_NotTheKey_Is401(string fields) => Fails(Cookie, "/", fields);

    [Fact]
    public void Header_Key_DoesNotReachTheServerInAnySpelling()
    {
        using var bench = MiddlewareBench.Get("/", "X-Api-Key: key-of-alice\r\nX_API_KEY: other\r\n");

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Header))));

        Assert.True(bench.Exchange.RequestEdits.Drops("x-api-key"u8));
        Assert.True(bench.Exchange.RequestEdits.Drops("X_API.KEY"u8));
    }

    [Theory]
    [InlineData("/?api_key=key-of-alice", "")]
    [InlineData("/?a=1&api_key=key-of-alice&b=2", "?a=1&b=2")]
    public void Query_Key_DoesNotReachTheServer(string target, string query)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Query))));

        Assert.Equal(query, bench.Query);
    }

    [Theory]
    [InlineData("Cookie: key=key-of-alice\r\n")]
    [InlineData("Cookie: a=1;key=key-of-alice\r\nCookie: b=2\r\n", "Cookie: a=1; b=2")]
    public void Cookie_Key_DoesNotReachTheServerAndTheOthersDo(string fields, params string[] sent)
    {
        using var bench = MiddlewareBench.Get("/", fields);

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Cookie))));

        Assert.True(bench.Exchange.RequestEdits.Drops("cookie"u8));
        Assert.Equal(sent, bench.Sent);
    }

    [Fact]
    public void Cookie_ManyShortOnesWithoutSpaces_AllGoOn()
    {
        string others = string.Join(';', System.Linq.Enumerable.Repeat("a", 2_000));
        using var bench = MiddlewareBench.Get("/", $"Cookie: key=key-of-alice;{others}\r\n");

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Cookie))));

        Assert.Equal(["Cookie: " + others.Replace(";", "; ", StringComparison.Ordinal)], bench.Sent);
    }

    // A server that puts trailers among the fields would take the client's word for ours, or see the key.
    [Fact]
    public void Trailers_OfWhatIsAssertedOrTakenOut_DoNotReachTheServer()
    {
        ApiKeySettings settings = Settings(Header) with { ConsumerHeader = FieldName.Of("X-Consumer") };
        using var engine = new Engine(middlewares: new ApiKey(settings));
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed("POST / HTTP/1.1\r\nHost: a\r\nX-Api-Key: key-of-bob\r\nTransfer-Encoding: chunked\r\n\r\n"
            + "1\r\nx\r\n0\r\nX_Consumer: root\r\nx-api-key: key-of-bob\r\nX-Sum: 1\r\n\r\n");

        Assert.EndsWith("\r\n0\r\nX-Sum: 1\r\n\r\n", server.WrittenText);
        server.Feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        Assert.EndsWith("ok", client.WrittenText);
    }

    [Fact]
    public void Cookie_TwoMiddlewares_EachTakesItsOwn()
    {
        using var bench = MiddlewareBench.Get("/", "Cookie: key=key-of-bob; a=1; second=key-of-bob\r\n");

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Cookie))));
        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Cookie with { Cookie = "second" }))));

        Assert.Equal(["Cookie: a=1"], bench.Sent);
        Assert.Equal("bob", bench.Exchange.Consumer?.Name);
    }

    [Fact]
    public void Forward_KeyStays()
    {
        using var bench = MiddlewareBench.Get("/", "X-Api-Key: key-of-alice\r\n");

        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(Header) with { IsForwarded = true })));

        Assert.False(bench.Exchange.RequestEdits.Drops("x-api-key"u8));
    }

    [Fact]
    public void Consumer_IsNotedAndAssertedInThePlaceOfTheClientsOwn()
    {
        using var bench = MiddlewareBench.Get("/", "X-Api-Key: key-of-bob\r\nX_Consumer: root\r\n");

        Assert.Equal(Verdict.Next, bench.Run(
            new ApiKey(Settings(Header) with { ConsumerHeader = FieldName.Of("X-Consumer") })));

        Assert.Equal(("bob", 1), (bench.Exchange.Consumer?.Name, bench.Exchange.Consumer?.Index));
        Assert.Equal(["X-Consumer: bob"], bench.Sent);
        Assert.True(bench.Exchange.RequestEdits.Drops("X_Consumer"u8));
    }

    // A server would take a request without the header for one of nobody.
    [Fact]
    public void Consumer_HeaderDoesNotFit_IsRefused()
    {
        using var bench = MiddlewareBench.Get("/", "X-Api-Key: key-of-bob\r\n");
        byte[] filler = new byte[HeaderEdits.AddedBytesMax - 20];
        filler.AsSpan().Fill((byte)'x');
        Assert.True(bench.Exchange.RequestEdits.Append(FieldName.Of("X-Filler"), filler));

        Assert.Equal(Verdict.Answered, bench.Run(
            new ApiKey(Settings(Header) with { ConsumerHeader = FieldName.Of("X-Consumer") })));

        Assert.Equal(431, bench.Status);
    }

    [Fact]
    public void Consumers_NotAmongThem_Is403()
    {
        using var bench = MiddlewareBench.Get("/", "X-Api-Key: key-of-bob\r\n");

        Assert.Equal(Verdict.Answered, bench.Run(
            new ApiKey(Settings(Header) with { Allowed = new Sequence<string>(["alice"]) })));

        Assert.Equal(403, bench.Status);
        Assert.Null(bench.Exchange.Consumer);
    }

    [Fact]
    public void Refusals_AreAllAlike()
    {
        var middleware = new ApiKey(Settings(Bearer));
        string[] seen = [.. Array.ConvertAll(
            ["", "Authorization: Bearer wrong\r\n", "Authorization: Basic x\r\n"], Refusal)];

        Assert.All(seen, refusal => Assert.Equal(seen[0], refusal));
        Assert.StartsWith("401 WWW-Authenticate: Bearer realm=\"m\" ", seen[0]);

        string Refusal(string fields)
        {
            using var bench = MiddlewareBench.Get("/", fields);
            bench.Run(middleware);
            return $"{bench.Status} {string.Join(", ", bench.Answered)} "
                + Encoding.UTF8.GetString(bench.Exchange.LocalAnswer!.Body.Span);
        }
    }

    [Theory]
    [InlineData("header")]
    [InlineData("query")]
    [InlineData("cookie")]
    public void Warm_AllocatesNothing(string place)
    {
        using var bench = MiddlewareBench.Get("/p?a=1&api_key=key-of-alice",
            "X-Api-Key: key-of-alice\r\nCookie: a=1; key=key-of-alice\r\nX-Consumer: root\r\n");
        CredentialSettings settings = place switch { "header" => Header, "query" => Query, _ => Cookie };

        bench.AssertNoAllocations(
            new ApiKey(Settings(settings) with { ConsumerHeader = FieldName.Of("X-Consumer") }));
    }

    private static void Passes(CredentialSettings place, string target, string fields)
    {
        using var bench = MiddlewareBench.Get(target, fields);
        Assert.Equal(Verdict.Next, bench.Run(new ApiKey(Settings(place))));
        Assert.Equal("alice", bench.Exchange.Consumer?.Name);
    }

    private static void Fails(CredentialSettings place, string target, string fields)
    {
        using var bench = MiddlewareBench.Get(target, fields);
        Assert.Equal(Verdict.Answered, bench.Run(new ApiKey(Settings(place))));
        Assert.Equal(401, bench.Status);
        Assert.Null(bench.Exchange.Consumer);
    }

    private static ApiKeySettings Settings(CredentialSettings place) => new()
    {
        Name = "m",
        Place = place,
        Consumers = new Sequence<ConsumerSettings>([Consumer("alice"), Consumer("bob")]),
    };

    private static ConsumerSettings Consumer(string name) => new()
    {
        Name = name,
        Keys = new Sequence<Digest256>([Digest256.Of(Encoding.ASCII.GetBytes($"key-of-{name}"))]),
    };
}
