using System;
using System.Buffers.Text;
using System.IO;
using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using System.Text;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Host;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

/// <summary>An issuer whose keys change, that fails and that lies, on a clock of the test's.</summary>
public sealed class IssuerKeysTests : IDisposable
{
    private readonly RSA _old = RSA.Create(2048);
    private readonly RSA _new = RSA.Create(2048);
    private readonly ManualTime _time = new();
    private readonly Issuer _issuer = new();
    private readonly HttpMessageInvoker _http;
    private readonly IssuerKeys _keys;
    private readonly Jwt _jwt;

    public IssuerKeysTests()
    {
        _http = new HttpMessageInvoker(_issuer);
        var settings = new IssuerSettings { Address = new Uri("https://id.test/jwks") };
        _keys = new IssuerKeys(settings, _http, _time);
        _issuer.Says(Jwks(("old", _old)));
        _jwt = new Jwt(
            new JwtSettings
            {
                Name = "m",
                Issuer = settings,
                Place = new CredentialSettings(FieldName.Of("Authorization"), "Bearer", "", ""),
            },
            new ProofGate(1, 10), _time, _keys);
    }

    public void Dispose()
    {
        _http.Dispose();
        _issuer.Dispose();
        _old.Dispose();
        _new.Dispose();
    }

    [Fact]
    public async Task NewKey_IsFetchedWhenATokenNamesIt_AndNoOftenerThanTheInterval()
    {
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        _issuer.Says(Jwks(("old", _old), ("new", _new)));
        Assert.Equal("401", await AnswerAsync(Token(_new, "new")));
        Assert.Equal(1, _issuer.Count);

        _time.Advance(IssuerKeys.IntervalMin);
        Assert.Equal("200", await AnswerAsync(Token(_new, "new")));
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        using var stranger = RSA.Create(2048);
        Assert.Equal("401", await AnswerAsync(Token(stranger, "made up")));
        Assert.Equal(2, _issuer.Count);
    }

    [Fact]
    public async Task Restart_WhileTheIssuerIsAway_KnowsTheKeysThatWereGoodLast()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("keys");
        try
        {
            var settings = new IssuerSettings { Address = new Uri("https://id.test/jwks"), Folder = folder.FullName };
            var first = new IssuerKeys(settings, _http, _time);
            Assert.Null(first.Current);
            Assert.True(await first.TryWaitAsync());
            Assert.True(first.Current!.Has("old"));

            _issuer.Says("nothing of use");
            var second = new IssuerKeys(settings, _http, _time);
            Assert.True(second.Current!.Has("old"));
            Assert.True(await second.TryWaitAsync()); // fetched at once all the same
            Assert.True(second.Current!.Has("old"));

            _issuer.Says(Jwks(("new", _new)));
            var third = new IssuerKeys(settings, _http, _time);
            Assert.True(await third.TryWaitAsync());
            Assert.Equal((false, true), (third.Current!.Has("old"), third.Current.Has("new")));
            Assert.True(new IssuerKeys(settings, _http, _time).Current!.Has("new"));

            // Another address, or others who are trusted to be it, has keys of its own.
            var other = settings with { CaPem = "x" };
            Assert.Null(new IssuerKeys(other, _http, _time).Current);
            await File.WriteAllTextAsync(
                Assert.Single(Directory.GetFiles(folder.FullName)), "cut", TestContext.Current.CancellationToken);
            Assert.Null(new IssuerKeys(settings, _http, _time).Current);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task AnswerThatNobodyThoughtOf_IsAFailure_AndTheIssuerIsAskedAgain()
    {
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        _issuer.Fails(static () => new InvalidOperationException("no charset of this name"));
        _time.Advance(IssuerKeys.IntervalMin);
        Assert.Equal("401", await AnswerAsync(Token(_new, "new")));
        Assert.Equal(2, _issuer.Count);

        _issuer.Says(Jwks(("new", _new)));
        _time.Advance(IssuerKeys.IntervalMin);
        Assert.Equal("200", await AnswerAsync(Token(_new, "new")));
        Assert.Equal(3, _issuer.Count);
    }

    [Fact]
    public async Task KeyTakenBack_TokenSeenBeforeIsRefused()
    {
        string token = Token(_old, "old");
        Assert.Equal("200", await AnswerAsync(token));

        _issuer.Says(Jwks(("new", _new)));
        _time.Advance(IssuerSettings.RefreshDefault);
        _keys.Poke();
        await FetchedAsync(2);

        Assert.Equal("401", await AnswerAsync(token));
        Assert.Equal("200", await AnswerAsync(Token(_new, "new")));
    }

    [Theory]
    [InlineData(500, "")]
    [InlineData(302, "")]
    [InlineData(200, "not json")]
    [InlineData(200, """{"keys":[]}""")]
    [InlineData(200, """{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}""")]
    [InlineData(200, "too long")]
    [InlineData(0, "unreachable")]
    public async Task Issuer_Fails_LastGoodKeysStay(int status, string body)
    {
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        TokenKeys? before = _keys.Current;
        _issuer.Says(body == "too long" ? new string(' ', IssuerKeys.BytesMax) + Jwks(("new", _new)) : body, status);

        _time.Advance(IssuerSettings.RefreshDefault);
        _keys.Poke();
        await FetchedAsync(2);

        Assert.Same(before, _keys.Current);
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        _issuer.Says(Jwks(("new", _new)));
        _time.Advance(IssuerKeys.IntervalMin); // and not only after another refresh interval
        Assert.Equal("200", await AnswerAsync(Token(_new, "new")));
    }

    [Fact]
    public async Task NeverFetched_Is503_AndAskedAgainAfterTheInterval()
    {
        await FetchedAsync(1);
        using var http = new HttpMessageInvoker(_issuer, disposeHandler: false);
        _issuer.Says("", 500);
        var keys = new IssuerKeys(new IssuerSettings { Address = new Uri("https://other.test/") }, http, _time);
        var jwt = new Jwt(
            new JwtSettings
            {
                Name = "m",
                Place = new CredentialSettings(FieldName.Of("Authorization"), "Bearer", "", ""),
            },
            new ProofGate(1, 10), _time, keys);

        Assert.Equal("503", await AnswerAsync(jwt, Token(_old, "old")));
        Assert.Equal("503", await AnswerAsync(jwt, Token(_old, null)));
        Assert.Equal(2, _issuer.Count);

        _issuer.Says(Jwks(("old", _old)));
        _time.Advance(IssuerKeys.IntervalMin);
        Assert.Equal("200", await AnswerAsync(jwt, Token(_old, "old")));
    }

    [Fact]
    public async Task MaxAge_ShorterThanTheRefresh_Counts()
    {
        _issuer.Says(Jwks(("old", _old)), maxAge: 60);
        Assert.Equal("200", await AnswerAsync(Token(_old, "old")));
        _time.Advance(IssuerSettings.RefreshDefault);
        _keys.Poke();
        await FetchedAsync(2);
        _time.Advance(TimeSpan.FromSeconds(59));
        _keys.Poke();
        Assert.Equal(2, _issuer.Count);

        _time.Advance(TimeSpan.FromSeconds(1));
        _keys.Poke();
        await FetchedAsync(3);
    }

    private static string Jwks(params (string Id, RSA Key)[] keys) =>
        $$"""{"keys":[{{string.Join(',', Array.ConvertAll(keys, key => Jwk(key.Id, key.Key)))}}]}""";

    private static string Jwk(string id, RSA key)
    {
        RSAParameters rsa = key.ExportParameters(false);
        return $$"""
            {"kty":"RSA","kid":"{{id}}","n":"{{Base64Url.EncodeToString(rsa.Modulus)}}","e":"AQAB"}
            """;
    }

    private string Token(RSA key, string? id)
    {
        string header = id is null ? """{"alg":"RS256"}""" : $$"""{"alg":"RS256","kid":"{{id}}"}""";
        string payload = $$"""{"sub":"a","exp":{{_time.GetUtcNow().AddHours(1).ToUnixTimeSeconds()}}}""";
        string text = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(header)) + "."
            + Base64Url.EncodeToString(Encoding.UTF8.GetBytes(payload));
        return text + "." + Base64Url.EncodeToString(
            key.SignData(Encoding.ASCII.GetBytes(text), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));
    }

    private Task<string> AnswerAsync(string token) => AnswerAsync(_jwt, token);

    private static async Task<string> AnswerAsync(Jwt middleware, string token)
    {
        using var engine = new Engine(middlewares: middleware);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed($"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {token}\r\n\r\n");
        while (client.WrittenText.Length == 0 && server.WrittenText.Length == 0)
        {
            engine.Turn();
            await Task.Yield();
        }

        server.Feed("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        return client.WrittenText.Split(' ')[1];
    }

    // A fetch is over once another would not begin for it.
    private async Task FetchedAsync(int count)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (_issuer.Count < count || await IsUnderWayAsync())
        {
            deadline.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private async Task<bool> IsUnderWayAsync() => await _keys.TryWaitAsync();

    private sealed class Issuer : HttpMessageHandler
    {
        private volatile Func<HttpResponseMessage> _answer = static () => throw new HttpRequestException("nobody");
        private int _count;

        public int Count => Volatile.Read(ref _count);

        public void Fails(Func<Exception> how) => _answer = () => throw how();

        public void Says(string body, int status = 200, int? maxAge = null) => _answer = () =>
        {
            if (status == 0)
            {
                throw new HttpRequestException(body);
            }

            var response = new HttpResponseMessage((HttpStatusCode)status) { Content = new StringContent(body) };
            if (maxAge is { } seconds)
            {
                response.Headers.TryAddWithoutValidation("Cache-Control", $"public, max-age={seconds}");
            }

            return response;
        };

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken stop)
        {
            Interlocked.Increment(ref _count);
            return Task.FromResult(_answer());
        }
    }
}
