using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

public class MatcherTests
{
    [Theory]
    [InlineData("Host(`a.example.com`)", "a.example.com", true)]
    [InlineData("Host(`a.example.com`)", "A.Example.COM.", true)]
    [InlineData("Host(`a.example.com`)", "a.example.com:8443", true)]
    [InlineData("Host(`a.example.com`)", "b.example.com", false)]
    [InlineData("Host(`a.example.com`)", "xa.example.com", false)]
    [InlineData("Host(`*.example.com`)", "a.example.com", true)]
    [InlineData("Host(`*.example.com`)", "a.b.example.com", false)]
    [InlineData("Host(`*.example.com`)", "example.com", false)]
    [InlineData("Host(`*`)", "anything", true)]
    [InlineData("Host(`*`)", "", true)]
    [InlineData("Host(`a`)", "", false)]
    [InlineData("Host(`[2001:db8::1]`)", "[2001:DB8::1]:80", true)]
    [InlineData("HostRegexp(`^[a-z]+[.]example[.]com$`)", "shop.Example.com", true)]
    [InlineData("HostRegexp(`^[a-z]+[.]example[.]com$`)", "shop1.example.com", false)]
    [InlineData("HostRegexp(`example`)", "www.example.org", true)]
    [InlineData("!Host(`a`)", "b", true)]
    [InlineData("!Host(`a`)", "a", false)]
    public void Matches_Host_AsExpected(string rule, string host, bool expected) =>
        Check(rule, new SampleRequest("GET /", host), expected);

    [Theory]
    [InlineData("Path(`/products`)", "/products", true)]
    [InlineData("Path(`/products`)", "/products/", false)]
    [InlineData("Path(`/products`)", "/products?a=b", true)]
    [InlineData("Path(`/products`)", "/Products", false)]
    [InlineData("PathPrefix(`/products`)", "/products", true)]
    [InlineData("PathPrefix(`/products`)", "/products/", true)]
    [InlineData("PathPrefix(`/products`)", "/products/1", true)]
    [InlineData("PathPrefix(`/products`)", "/products-for-sale", false)]
    [InlineData("PathPrefix(`/products/`)", "/products/1", true)]
    [InlineData("PathPrefix(`/products/`)", "/products/", true)]
    [InlineData("PathPrefix(`/products/`)", "/products", false)]
    [InlineData("PathPrefix(`/`)", "/", true)]
    [InlineData("PathPrefix(`/`)", "/a/b", true)]
    [InlineData("PathPrefix(`/admin`)", "/%61dmin/x", true)]
    [InlineData("PathPrefix(`/admin`)", "/a/../admin/x", true)]
    [InlineData("PathPrefix(`/admin`)", "/a/%2e%2e/admin", true)]
    [InlineData("PathPrefix(`/admin`)", "//admin", true)]
    [InlineData("PathPrefix(`/admin`)", "/admin/../x", false)]
    [InlineData("PathPrefix(`/a`)", "/a%2Fb", false)]
    [InlineData("Path(`/caf\u00e9`)", "/caf%c3%A9", true)]
    [InlineData("PathRegexp(`^/v[0-9]+/`)", "/v12/x", true)]
    [InlineData("PathRegexp(`^/v[0-9]+/`)", "/x/v12/", false)]
    [InlineData("PathRegexp(`/v[0-9]+/`)", "/x/v12/", true)]
    [InlineData("PathRegexp(`(?i)^/ADMIN`)", "/admin", true)]
    [InlineData("PathRegexp(`^/a|^/b`)", "/b", true)]
    public void Matches_Path_AsExpected(string rule, string target, bool expected) =>
        Check(rule, new SampleRequest($"GET {target}", "a"), expected);

    [Theory]
    [InlineData("Method(`GET`)", "GET", true)]
    [InlineData("Method(`get`)", "GET", true)]
    [InlineData("Method(`GET`)", "get", false)]
    [InlineData("Method(`GET`)", "HEAD", false)]
    [InlineData("Method(`PURGE`)", "PURGE", true)]
    [InlineData("Method(`PURGE`)", "PURGEX", false)]
    [InlineData("!Method(`PURGE`)", "REPORT", true)]
    [InlineData("!Method(`GET`) && !Method(`HEAD`)", "POST", true)]
    [InlineData("!Method(`GET`) && !Method(`HEAD`)", "HEAD", false)]
    public void Matches_Method_AsExpected(string rule, string method, bool expected) =>
        Check(rule, new SampleRequest($"{method} /", "a"), expected);

    [Theory]
    [InlineData("Header(`X-Canary`, `1`)", "x-canary: 1", true)]
    [InlineData("Header(`X-Canary`, `1`)", "X-CANARY:   1  ", true)]
    [InlineData("Header(`X-Canary`, `1`)", "X-Canary: 2\r\nX-Canary: 1", true)]
    [InlineData("Header(`X-Canary`, `1`)", "X-Canary: 2, 1", false)]
    [InlineData("Header(`X-Canary`, `1`)", "X-Canary: 11", false)]
    [InlineData("Header(`X-Canary`, `1`)", "X_Canary: 1", false)]
    [InlineData("Header(`X-Canary`, `1`)", "X.Canary: 1", false)]
    [InlineData("Header(`X-Canary`, ``)", "X-Canary:", true)]
    [InlineData("Header(`X-Canary`, ``)", "X-Other: 1", false)]
    [InlineData("!Header(`X-Canary`, `1`)", "X-Other: 1", true)]
    [InlineData("Header(`Content-Type`, `Text/Html`)", "Content-Type: text/html", false)]
    [InlineData("HeaderRegexp(`Cookie`, `(^|; )beta=1(;|$)`)", "Cookie: a=b; beta=1", true)]
    [InlineData("HeaderRegexp(`Cookie`, `(^|; )beta=1(;|$)`)", "Cookie: a=b; beta=12", false)]
    [InlineData("HeaderRegexp(`X`, `^.$`)", "X: \u00c3\u00a9", true)]
    [InlineData("HeaderRegexp(`X`, `^.$`)", "X: \u00ff", true)]
    public void Matches_Header_AsExpected(string rule, string fields, bool expected) =>
        Check(rule, new SampleRequest("GET /", "a", fields: fields.Split("\r\n")), expected);

    [Theory]
    [InlineData("Query(`a`, `1`)", "a=1", true)]
    [InlineData("Query(`a`, `1`)", "b=2&a=1", true)]
    [InlineData("Query(`a`, `1`)", "a=2&a=1", true)]
    [InlineData("Query(`a`, `1`)", "%61=%31", true)]
    [InlineData("Query(`a`, `1`)", "A=1", false)]
    [InlineData("Query(`a`, `1`)", "a=11", false)]
    [InlineData("Query(`a`, `1`)", "", false)]
    [InlineData("Query(`a b`, `c+d`)", "a+b=c%2Bd", true)]
    [InlineData("Query(`a`, `x y`)", "a=x%20y", true)]
    [InlineData("Query(`a`, `1=2`)", "a=1=2", true)]
    [InlineData("Query(`a`)", "a", true)]
    [InlineData("Query(`a`)", "a=", true)]
    [InlineData("Query(`a`)", "a=1", false)]
    [InlineData("Query(`a`, `1`)", "a=1;b=2", false)]
    [InlineData("Query(`a`, `1`)", "a=1%zz", false)]
    [InlineData("Query(`a`, `1`)", "x=%&a=1", true)]
    [InlineData("Query(`a`, `\u00e9`)", "a=%c3%a9", true)]
    [InlineData("QueryRegexp(`a`, `^[0-9]+$`)", "a=12", true)]
    [InlineData("QueryRegexp(`a`, `^[0-9]+$`)", "a=12%0A", false)]
    [InlineData("QueryRegexp(`a`, `^[0-9]+$`)", "a=%31%32", true)]
    [InlineData("QueryRegexp(`a`, `^[0-9]+$`)", "a=x&a=12", true)]
    [InlineData("QueryRegexp(`a`, `^x y$`)", "a=x+y", true)]
    public void Matches_Query_AsExpected(string rule, string query, bool expected) =>
        Check(rule, new SampleRequest($"GET /?{query}", "a"), expected);

    [Theory]
    [InlineData("ClientIP(`10.0.0.0/8`)", "10.1.2.3", true)]
    [InlineData("ClientIP(`10.0.0.0/8`)", "::ffff:10.1.2.3", true)]
    [InlineData("ClientIP(`10.0.0.0/8`)", "11.1.2.3", false)]
    [InlineData("ClientIP(`10.0.0.1`)", "10.0.0.1", true)]
    [InlineData("ClientIP(`2001:db8::/32`)", "2001:db8::1", true)]
    [InlineData("!ClientIP(`10.0.0.0/8`)", "2001:db8::1", true)]
    public void Matches_ClientIp_AsExpected(string rule, string client, bool expected) =>
        Check(rule, new SampleRequest("GET /", "a", client), expected);

    [Fact]
    public void Matches_ClientIp_NeverBelievesAHeader() =>
        Check("ClientIP(`10.0.0.1`)", new SampleRequest("GET /", "a", "192.0.2.1", "X-Forwarded-For: 10.0.0.1"), false);

    // Over RuleLimits.StackCharsMax the buffers are rented.
    [Theory]
    [InlineData(500)]
    [InlineData(513)]
    [InlineData(3_000)]
    public void Matches_LongValues_AsShortOnes(int length)
    {
        string text = new('x', length);
        var request = new SampleRequest($"GET /{text}1?a={text}+1", "a", fields: $"X: {text}1");

        Check("PathRegexp(`^/x+1$`)", request, true);
        Check("HeaderRegexp(`X`, `^x+1$`)", request, true);
        Check("QueryRegexp(`a`, `^x+ 1$`)", request, true);
        Check("QueryRegexp(`a`, `^x+1$`)", request, false);
    }

    [Fact]
    public void Matches_AsteriskTarget_HasNoPathToMatch()
    {
        var request = new SampleRequest("OPTIONS *", "a");

        Check("Host(`a`)", request, true);
        Check("PathPrefix(`/`)", request, false);
    }

    // The rule as written and the compiled table must say the same.
    private static void Check(string text, SampleRequest request, bool expected)
    {
        Rule rule = SampleRequest.Rule(text);
        Assert.Equal(expected, RuleEvaluator.Matches(rule, request.Query));
        Assert.Equal(expected, RuleEvaluator.FirstFailure(rule, request.Query) is null);
        Assert.Equal(expected ? 0 : -1, SampleRequest.Table(text).Match(request.Query));
    }
}
