using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>Absolute targets (RFC 9112 section 3.2.2), in clear text and over TLS.</summary>
public sealed class AbsoluteFormTests
{
    [Theory]
    [InlineData(false, "http", "", 200)]
    [InlineData(false, "https", "", 400)]
    [InlineData(true, "https", "", 200)]
    [InlineData(true, "HTTPS", "", 200)]
    [InlineData(true, "http", "", 400)]
    [InlineData(true, "ftp", "", 400)]
    [InlineData(false, "https", "trusted_ips = [\"127.0.0.1\"]", 200)]
    [InlineData(true, "http", "trusted_ips = [\"127.0.0.1\"]", 200)]
    public async Task Target_OfTheConnectionsScheme_IsTaken(bool isSecure, string scheme, string entry, int status)
    {
        using var keys = new TestKeys();
        keys.Make("a.test").Dispose();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(new ProxyConfig(server)
        {
            Rule = "Host(`a.test`)",
            EntryPoint = (isSecure ? "tls = {}\n" : "") + entry,
            More = keys.Toml("a.test"),
        });
        using RawClient client = isSecure
            ? await RawClient.ConnectTlsAsync(proxy.Port, keys)
            : await proxy.ConnectAsync();
        for (int i = 0; i < (status == 200 ? 2 : 1); i++)
        {
            RawResponse answer = await client.RequestAsync(
                $"GET {scheme}://a.test:8443/b?c HTTP/1.1\r\nHost: other.test\r\n\r\n");
            Assert.Equal(status, answer.Status);
        }

        Assert.Equal(status == 200 ? 2 : 0, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal(
            ("/b?c", "a.test:8443", "a.test:8443", isSecure ? "https" : "http"),
            (request.Target, request.Head.One("Host"), request.Head.One("X-Forwarded-Host"),
                request.Head.One("X-Forwarded-Proto"))));
    }
}
