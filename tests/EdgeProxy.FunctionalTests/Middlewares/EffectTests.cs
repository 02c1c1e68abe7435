using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Compression;
using System.Linq;
using System.Net;
using System.Net.Http;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.Config.Tables;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests.Middlewares;

/// <summary>
/// What each middleware does, it does alike by HTTP/1.1 and HTTP/2, with and without TLS, for a client of another's
/// make.
/// </summary>
public sealed class EffectTests
{
    // Has tests of its own: it looks into what models are asked and answer.
    private static readonly string[] s_others = ["ai_guard"];

    [Fact]
    public void EachKind_HasARow() => Assert.Equal(
        MiddlewareTable.Declaration.Names().Except(s_others).Order(),
        Effect.All.Select(static effect => effect.Kind).Distinct().Order());

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task EachMiddleware_DoesWhatItIsFor(bool isSecure, bool isHttp2)
    {
        using var keys = new TestKeys();
        keys.Make("a.test", ["*.edge.test", "127.0.0.1"]).Dispose();
        using X509Certificate2 own = keys.Make("client");
        await using RawServer auth =
            RawServer.Answering("HTTP/1.1 200 OK\r\nRemote-User: alice\r\nContent-Length: 0\r\n\r\n");
        await using RawServer server = Scripted();
        Effect[] effects = [.. Effect.All.Where(one => one.OnlySecure is not { } only || only == isSecure)];
        await using ProxyProcess proxy = await StartAsync(server, auth, isSecure ? keys : null, effects);
        using HttpClient client = Client(keys, own, isHttp2 ? HttpVersion.Version20 : HttpVersion.Version11);

        foreach (Effect effect in effects)
        {
            string before = $"{effect.Kind}: ";
            int asked = server.WholeRequests.Count;
            using HttpRequestMessage request =
                RequestOf(effect, $"http{(isSecure ? "s" : "")}://127.0.0.1:{proxy.Port}");
            using HttpResponseMessage answer = await client.SendAsync(request, TestContext.Current.CancellationToken);
            string text = await TextAsync(answer);

            Assert.Equal($"{before}{effect.Status}", $"{before}{(int)answer.StatusCode}");
            Assert.Equal(before + effect.Text, before + text);
            if (effect.Answered is { } field)
            {
                Assert.Equal($"{before}{field.Value}", before + FieldOf(answer, field.Name));
            }

            string[] targets = effect.Target.Length > 0 ? [before + effect.Target] : [];
            Assert.Equal(targets, server.WholeRequests.Skip(asked).Select(seen => before + seen.Target));
            AssertSent(effect, server.WholeRequests.Skip(asked).SingleOrDefault());
        }
    }

    private static void AssertSent(Effect effect, RawRequest? seen)
    {
        if (seen is not null)
        {
            Assert.Equal(effect.Body ?? "", seen.BodyText);
            Assert.False(seen.Head.Has("X-Key") || seen.Head.Has("Authorization"));
            Assert.DoesNotContain(seen.Head.Fields, static field => field.Value == "root");
        }

        if (effect.Sent is { } sent)
        {
            Assert.Equal([sent.Value], seen!.Head.All(sent.Name));
        }
    }

    private static HttpRequestMessage RequestOf(Effect effect, string origin)
    {
        var request = new HttpRequestMessage(
            effect.Body is null ? HttpMethod.Get : HttpMethod.Post, new Uri(origin + effect.Path));
        request.Headers.Host = effect.Host;
        request.Content = effect.Body is { } body ? new StringContent(body) : null;
        if (effect.Field is { } field)
        {
            request.Headers.TryAddWithoutValidation(field.Name, field.Value);
        }

        return request;
    }

    private static async Task<string> TextAsync(HttpResponseMessage answer)
    {
        await using Stream stream = await answer.Content.ReadAsStreamAsync();
        await using Stream uncoded = answer.Content.Headers.ContentEncoding.Contains("gzip")
            ? new GZipStream(stream, CompressionMode.Decompress)
            : stream;
        using var reader = new StreamReader(uncoded, Encoding.Latin1);
        return await reader.ReadToEndAsync();
    }

    private static string FieldOf(HttpResponseMessage answer, string name) =>
        answer.Headers.NonValidated.TryGetValues(name, out System.Net.Http.Headers.HeaderStringValues values)
        || answer.Content.Headers.NonValidated.TryGetValues(name, out values)
            ? values.ToString()
            : "";

    private static Task<ProxyProcess> StartAsync(
        RawServer server, RawServer auth, TestKeys? keys, IEnumerable<Effect> effects)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(Refusal.Key)));
        return ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "Host(`plain.test`)",
            EntryPoint = keys is null
                ? "h2c = true"
                : $"tls = {{ client_auth = \"request\", client_ca = \"{keys.AuthorityFile}\" }}",
            More = $$"""
                [consumers.shop]
                keys = [{ sha256 = "{{hash}}" }]
                [consumers.till]
                users = ["alice"]
                {{keys?.Toml("a.test")}}
                {{string.Concat(effects.Select(effect => effect.ToToml(auth.Port)))}}
                """,
        });
    }

    private static HttpClient Client(TestKeys keys, X509Certificate2 own, Version version)
    {
        var handler = new SocketsHttpHandler { AllowAutoRedirect = false };
        handler.SslOptions.CertificateChainPolicy = keys.Trust();
        handler.SslOptions.ClientCertificates = [own];
        return new HttpClient(handler)
        {
            DefaultRequestVersion = version,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Timeout = Deadline.Default,
        };
    }

    private static RawServer Scripted() => RawServer.Start(static async connection =>
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            await (request.Target switch
            {
                "/fail" => connection.AnswerAsync("no", status: "500 No"),
                "/long" => connection.AnswerAsync(
                    string.Concat(Enumerable.Repeat(Effect.Long, 1_000)), "Content-Type: text/plain\r\n"),
                _ => connection.AnswerAsync(),
            });
        }
    });
}
