using System;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Host;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Middlewares.Identity;

/// <summary>Tokens made here by the framework's own cryptography, not by the library that reads them.</summary>
public sealed class JwtTests : IDisposable
{
    private const string Secret = "a secret of sixty-four characters or more, so that HS512 may use it";
    private const string Good = """{"sub":"alice","iss":"https://id","aud":"shop","exp":EXP,"role":["user","admin"]}""";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private static readonly byte[] s_secret = Encoding.UTF8.GetBytes(Secret);

    private readonly RSA _rsa = RSA.Create(2048);
    private readonly ECDsa _ec = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly ManualTime _time = new();

    public void Dispose()
    {
        _rsa.Dispose();
        _ec.Dispose();
    }

    [Theory]
    [InlineData("HS256")]
    [InlineData("HS512")]
    [InlineData("RS256")]
    [InlineData("PS384")]
    [InlineData("ES256")]
    public async Task GoodToken_Passes(string algorithm)
    {
        Assert.Equal("200", await AnswerAsync(SettingsFor(algorithm), Token(algorithm, Good)));
    }

    // RFC 8725: what has gone wrong elsewhere.
    [Theory]
    [InlineData("""{"alg":"none"}""")]
    [InlineData("""{"alg":"None"}""")]
    [InlineData("""{"alg":"HS256","crit":["exp"],"exp":1}""")]
    [InlineData("""{"alg":"HS256","alg":"none"}""")]
    [InlineData("""{"typ":"JWT"}""")]
    [InlineData("""["HS256"]""")]
    [InlineData("not json")]
    [InlineData("""{"alg":"HS256","\ud800":0}""")] // half of a pair: an exception of its own kind
    public async Task Header_NotOurs_Is401(string header)
    {
        string signed = Signed(header, Good, HmacOf);
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), signed));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), signed[..(signed.LastIndexOf('.') + 1)]));
    }

    [Theory]
    [InlineData("RS256")]
    [InlineData("ES256")]
    public async Task PublicKeyAsASecret_IsNoKey(string algorithm)
    {
        string pem = algorithm == "RS256" ? _rsa.ExportSubjectPublicKeyInfoPem() : _ec.ExportSubjectPublicKeyInfoPem();
        byte[] der = algorithm == "RS256" ? _rsa.ExportSubjectPublicKeyInfo() : _ec.ExportSubjectPublicKeyInfo();

        foreach (byte[] key in new[] { Encoding.ASCII.GetBytes(pem), Encoding.ASCII.GetBytes(pem.Trim()), der })
        {
            string forged = Signed("""{"alg":"HS256"}""", Good, text => HMACSHA256.HashData(key, text));
            Assert.Equal("401", await AnswerAsync(SettingsFor(algorithm), forged));
        }
    }

    [Fact]
    public async Task Signature_Changed_Is401()
    {
        string token = Token("HS256", Good);
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), token[..^2]));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), token[..^1] + (token[^1] == 'A' ? 'E' : 'A')));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), Token("HS256", Good).Replace("eyJ", "eyK")));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), token + ".x.y"));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), "x"));
        Assert.Equal("401", await AnswerAsync(SettingsFor("RS256"), Token("RS256", Good, RSA.Create(2048))));
    }

    [Theory]
    [InlineData("""{"sub":"alice","iss":"https://id","aud":"shop"}""")] // no end
    [InlineData("""{"iss":"https://id","aud":"shop","exp":"EXP"}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":EXP,"exp":EXP}""")]
    [InlineData("""{"iss":"https://other","aud":"shop","exp":EXP}""")]
    [InlineData("""{"aud":"shop","exp":EXP}""")]
    [InlineData("""{"iss":"https://id","exp":EXP}""")]
    [InlineData("""{"iss":"https://id","aud":["a","b"],"exp":EXP}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":EXP,"nbf":EXP}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":EXP,"nbf":"now"}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":1e300}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":-1}""")]
    [InlineData("""{"iss":"https://id","aud":"shop","exp":EXP,"\ud800":0}""")]
    [InlineData("[]")]
    public async Task Claims_NotValid_Is401(string payload)
    {
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), Token("HS256", payload)));
    }

    [Fact]
    public async Task Times_AreJudgedAtEachRequestWithTheSkew()
    {
        Jwt middleware = Create(SettingsFor("HS256"));
        string token = Token("HS256", Good);
        Assert.Equal("200", await AnswerAsync(middleware, token));

        _time.Advance(TimeSpan.FromSeconds(3600 + 59));
        Assert.Equal("200", await AnswerAsync(middleware, token));
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("401", await AnswerAsync(middleware, token));
        Assert.Equal("401", await AnswerAsync(SettingsFor("HS256"), token));
    }

    [Theory]
    [InlineData("role", "admin", "200")]
    [InlineData("sub", "alice", "200")]
    [InlineData("sub", "Alice", "403")]
    [InlineData("role", "root", "403")]
    [InlineData("tenant", "a", "403")]
    public async Task Rule_ClaimWithoutTheValue_Is403(string claim, string value, string status)
    {
        JwtSettings settings = SettingsFor("HS256") with { Claims = Rules(claim, "never", value) };
        Assert.Equal(status, await AnswerAsync(settings, Token("HS256", Good)));
    }

    [Fact]
    public async Task Claim_HalfOfASurrogatePair_Is401AndNoCrash()
    {
        JwtSettings settings = SettingsFor("HS256") with { Claims = Rules("name", "x") };
        string token = Token("HS256", """{"iss":"https://id","aud":"shop","exp":EXP,"name":"\ud83d"}""");
        Assert.Equal("401", await AnswerAsync(settings, token));
    }

    // With the issuer among the claims another issuer's alice is not ours, and two consumers at once are none.
    [Theory]
    [InlineData("https://id", "root", "200")]
    [InlineData("https://other", "root", "403")]
    [InlineData("https://id", "admin", "403")]
    public async Task Consumer_AllItsClaimsAndNoOthersConsumer(string issuer, string role, string status)
    {
        JwtSettings settings = SettingsFor("HS256") with
        {
            Allowed = new Sequence<string>(["alice", "admins"]),
            Consumers = new Sequence<ConsumerSettings>(
            [
                new ConsumerSettings
                {
                    Name = "alice",
                    Claims = new Sequence<ClaimRule>([.. Rules("iss", issuer), .. Rules("sub", "alice")]),
                },
                new ConsumerSettings { Name = "admins", Claims = Rules("role", role) },
            ]),
        };
        Assert.Equal(status, await AnswerAsync(settings, Token("HS256", Good)));
    }

    [Fact]
    public async Task Consumer_ByClaim_AndClaimsToHeaders()
    {
        const string Payload = """
            {"exp":EXP,"iss":"https://id","aud":"shop","realm":{"id":7,"tags":["a","b"]},"x.y":"z","bad":"a\r\nb: c","list":["a","b,c"]}
            """;
        JwtSettings settings = SettingsFor("HS256") with
        {
            Consumers = new Sequence<ConsumerSettings>(
            [
                new ConsumerSettings { Name = "till" },
                new ConsumerSettings { Name = "shop", Claims = Rules("realm.id", "7") },
            ]),
            ConsumerHeader = FieldName.Of("X-Consumer"),
            Headers = new Sequence<ClaimHeader>(
            [
                new(FieldName.Of("X-Tags"), "realm.tags"), new(FieldName.Of("X-Dotted"), "x.y"),
                new(FieldName.Of("X-Bad"), "bad"), new(FieldName.Of("X-None"), "none"),
                new(FieldName.Of("X-List"), "list"),
            ]),
        };
        Jwt middleware = Create(settings);
        string token = Token("HS256", Payload);
        Assert.Equal("200", await AnswerAsync(middleware, token));

        using var bench = MiddlewareBench.Get("/", $"Authorization: Bearer {token}\r\nX_None: forged\r\n");
        Assert.Equal(Verdict.Next, bench.Run(middleware));

        Assert.Equal(["X-Tags: a,b", "X-Dotted: z", "X-Consumer: shop"], bench.Sent);
        Assert.True(bench.Exchange.RequestEdits.Drops("x_none"u8));
        Assert.True(bench.Exchange.RequestEdits.Drops("authorization"u8));
        Assert.Equal(("shop", 1), (bench.Exchange.Consumer?.Name, bench.Exchange.Consumer?.Index));
        bench.AssertNoAllocations(middleware);
    }

    [Fact]
    public async Task KeySet_KidChoosesAndWithoutOneEachIsTried()
    {
        RSAParameters rsa = _rsa.ExportParameters(false);
        ECParameters ec = _ec.ExportParameters(false);
        string jwks = $$"""
            {"keys":[
              {"kty":"RSA","kid":"r","use":"sig","n":"{{B64(rsa.Modulus!)}}","e":"{{B64(rsa.Exponent!)}}"},
              {"kty":"EC","kid":"e","crv":"P-256","x":"{{B64(ec.Q.X!)}}","y":"{{B64(ec.Q.Y!)}}"},
              {"kty":"OKP","kid":"o","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
              {"kty":"RSA","kid":"old","n":"AQAB","e":"AQAB"},
              {"kty":"RSA","kid":"x","use":"enc","n":"AQAB","e":"AQAB"}]}
            """;
        Assert.Null(TokenKeys.OfJwks(jwks, out TokenKeys? keys));
        JwtSettings settings = SettingsFor("HS256") with { Keys = keys! };

        Assert.Equal("200", await AnswerAsync(settings, Token("RS256", Good, kid: "r")));
        Assert.Equal("200", await AnswerAsync(settings, Token("ES256", Good, kid: "e")));
        Assert.Equal("200", await AnswerAsync(settings, Token("RS256", Good)));
        Assert.Equal("200", await AnswerAsync(settings, Token("ES256", Good)));
        Assert.Equal("401", await AnswerAsync(settings, Token("RS256", Good, kid: "e")));
        Assert.Equal("401", await AnswerAsync(settings, Token("HS256", Good, kid: "r")));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("not json")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[{"kty":"oct","k":"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""")]
    [InlineData("""{"keys":[{"kty":"RSA","n":"***","e":"AQAB"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"AQAB","y":"AQAB"}]}""")]
    [InlineData("""{"keys":[{"kty":"EC","crv":"P-256","x":"AQAB"}]}""")]
    [InlineData("""{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}""")]
    public void KeySet_NoUsableKeys_SaysWhy(string json)
    {
        Assert.NotNull(TokenKeys.OfJwks(json, out TokenKeys? keys));
        Assert.Null(keys);
    }

    [Fact]
    public void KeySet_PrivateKey_IsRefused()
    {
        RSAParameters rsa = _rsa.ExportParameters(true);
        string json = $$"""
            {"keys":[{"kty":"RSA","n":"{{B64(rsa.Modulus!)}}","e":"{{B64(rsa.Exponent!)}}","d":"{{B64(rsa.D!)}}",
              "p":"{{B64(rsa.P!)}}","q":"{{B64(rsa.Q!)}}","dp":"{{B64(rsa.DP!)}}","dq":"{{B64(rsa.DQ!)}}",
              "qi":"{{B64(rsa.InverseQ!)}}"}]}
            """;
        Assert.Equal("has a key that is secret", TokenKeys.OfJwks(json, out _));
    }

    [Theory]
    [InlineData("1.3.132.0.10")] // secp256k1
    [InlineData("1.3.36.3.3.2.8.1.1.7")] // brainpoolP256r1
    public void Pem_OtherCurve_IsRefused(string curve)
    {
        using var ec = ECDsa.Create(ECCurve.CreateFromValue(curve));
        Assert.NotNull(TokenKeys.OfPem(ec.ExportSubjectPublicKeyInfoPem(), out TokenKeys? keys));
        Assert.Null(keys);
    }

    // Whoever has the public key could sign with it.
    [Fact]
    public void Secret_ThatIsAPublicKey_IsRefused()
    {
        Assert.NotNull(TokenKeys.OfSecret(_rsa.ExportSubjectPublicKeyInfoPem(), out TokenKeys? keys));
        Assert.Null(keys);
        Assert.NotNull(TokenKeys.OfSecret("""{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}""", out _));
    }

    [Fact]
    public void Keys_SameText_AreEqual()
    {
        Assert.Null(TokenKeys.OfSecret(Secret, out TokenKeys? one));
        Assert.Null(TokenKeys.OfSecret(Secret, out TokenKeys? same));
        Assert.Null(TokenKeys.OfSecret(Secret + "x", out TokenKeys? other));
        Assert.Equal(one, same);
        Assert.NotEqual(one, other);
    }

    [Fact]
    public void GateFull_Is503()
    {
        var gate = new ProofGate(1, 0);
        Assert.True(gate.TryEnter());
        using var bench = MiddlewareBench.Get("/", $"Authorization: Bearer {Token("HS256", Good)}\r\n");

        Assert.Equal(Verdict.Answered, bench.Run(new Jwt(SettingsFor("HS256"), gate, _time)));
        Assert.Equal(503, bench.Status);
    }

    private static Sequence<ClaimRule> Rules(string claim, params string[] values) =>
        new([new ClaimRule(claim, new Sequence<string>(values))]);

    private static byte[] HmacOf(byte[] text) => HMACSHA256.HashData(s_secret, text);

    private static string B64(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static string Signed(string header, string payload, Func<byte[], byte[]> sign)
    {
        string text = $"{B64(Encoding.UTF8.GetBytes(header))}.{B64(Encoding.UTF8.GetBytes(payload))}";
        return $"{text}.{B64(sign(Encoding.ASCII.GetBytes(text)))}";
    }

    private Jwt Create(JwtSettings settings) => new(settings, new ProofGate(1, 10), _time);

    private Task<string> AnswerAsync(JwtSettings settings, string token) => AnswerAsync(Create(settings), token);

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

        server.Feed(Ok);
        return client.WrittenText.Split(' ')[1];
    }

    private string Token(string algorithm, string payload, RSA? rsa = null, string? kid = null)
    {
        long ends = _time.GetUtcNow().AddHours(1).ToUnixTimeSeconds();
        string header = kid is null ? $$"""{"alg":"{{algorithm}}"}""" : $$"""{"alg":"{{algorithm}}","kid":"{{kid}}"}""";
        rsa ??= _rsa;
        return Signed(header, payload.Replace("EXP", $"{ends}", StringComparison.Ordinal), algorithm switch
        {
            "HS256" => HmacOf,
            "HS512" => text => HMACSHA512.HashData(s_secret, text),
            "RS256" => text => rsa.SignData(text, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1),
            "PS384" => text => rsa.SignData(text, HashAlgorithmName.SHA384, RSASignaturePadding.Pss),
            _ => text => _ec.SignData(text, HashAlgorithmName.SHA256),
        });
    }

    private JwtSettings SettingsFor(string algorithm)
    {
        TokenKeys? keys;
        Assert.Null(algorithm[..2] switch
        {
            "HS" => TokenKeys.OfSecret(Secret, out keys),
            "ES" => TokenKeys.OfPem(_ec.ExportSubjectPublicKeyInfoPem(), out keys),
            _ => TokenKeys.OfPem(_rsa.ExportSubjectPublicKeyInfoPem(), out keys),
        });
        return new JwtSettings
        {
            Name = "m",
            Keys = keys!,
            Place = new CredentialSettings(FieldName.Of("Authorization"), "Bearer", "", ""),
            Issuers = new Sequence<string>(["https://id"]),
            Audiences = new Sequence<string>(["shop", "other"]),
        };
    }
}
