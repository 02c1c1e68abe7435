using System;
using System.Linq;
using System.Threading;
using EdgeProxy.Config;
using EdgeProxy.Pipeline;
using EdgeProxy.Tests.Config;
using EdgeProxy.Tests.Middlewares.Model;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>
/// What middlewares may allocate for a request that goes through them: nothing. Configured as users do, by themselves
/// and together.
/// </summary>
public class MiddlewareCostTests
{
    private const string Limit = "rate_limit = { average = 1000000, key = \"client_ip\" }";
    private const string Fields =
        "headers = { request = { set = { X-Client = \"{client_ip}\" }, append = { Via = \"edge\" }"
        + ", remove = [\"X-Debug\"] }, response = { set = { X-Router = \"{router}\" }, remove = [\"Server\"] } }";

    private const string Strip = "strip_prefix = { prefixes = [\"/other\", \"/api\"] }";
    private const string Allow =
        "ip_allow_list = { source_range = [\"10.0.0.0/8\", \"192.0.2.0/24\", \"2001:db8::/32\"] }";

    private const string Deny = "ip_deny_list = { source_range = [\"10.0.0.0/8\", \"198.51.100.0/24\"] }";

    [Theory]
    [InlineData(Limit)]
    [InlineData("rate_limit = { average = 1000000, key = \"header:X-Tenant\", report_only = true }")]
    [InlineData("in_flight = { max = 1, key = \"host\" }")]
    [InlineData(Fields)]
    [InlineData(Strip)]
    [InlineData(Allow)]
    [InlineData(Deny)]
    [InlineData("rate_limit = { average = 1000000, key = \"client_ip+header:X-Tenant\" }")]
    [InlineData("in_flight = { max = 1, queue = 1 }")]
    [InlineData("compress = {}")]
    [InlineData("buffering = {}")]
    [InlineData("api_key = { header = \"X-Key\", consumer_header = \"X-Consumer\" }")]
    [InlineData("jwt = { secret = \"a secret of thirty-two characters or more\", claim_headers = { X-Sub = \"sub\" } }")]
    [InlineData("headers = { request = { set = { X-Id = \"{request_id} {consumer}{client_cert_sha256}\" } } }")]
    [InlineData(Limit, Fields, Strip, Allow)]
    public void Pass_Warm_AllocatesNothing(params string[] kinds)
    {
        ProxySettings settings = ConfigCorpus.Parse(ConfigCorpus.Small + RandomIdentity.Consumers(new string('a', 64))
            + string.Concat(kinds.Select((kind, i) => $"[middlewares.m{i}]\n{kind}\n")));
        using var bench = MiddlewareBench.Get("/api/users?id=1", "X-Tenant: t\r\nX-Debug: 1\r\n"
            + $"X-Key: {RandomIdentity.Key}\r\nAuthorization: Bearer {RandomIdentity.Token}\r\n");
        Exchange exchange = bench.Exchange;
        exchange.Route = exchange.Route! with
        {
            Middlewares = [.. settings.Middlewares.Select(MiddlewareBuilder.Build)],
        };

        // A token is proved off the loop, once.
        Assert.True(SpinWait.SpinUntil(() => IsPassed(exchange), TimeSpan.FromMinutes(1)));
        int refused = 0;

        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                refused += IsPassed(exchange) ? 0 : 1;
            }
        });
        Assert.Equal(0, refused);
    }

    private static bool IsPassed(Exchange exchange)
    {
        bool isPassed = MiddlewareChain.Enter(exchange) == Verdict.Next;
        MiddlewareChain.Leave(exchange);
        MiddlewareChain.End(exchange);
        exchange.TryRewritePath("/api/users"u8);
        exchange.RequestEdits.Reset();
        exchange.ResponseEdits.Reset();
        return isPassed;
    }
}
