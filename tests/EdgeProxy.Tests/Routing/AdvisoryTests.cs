using System;
using System.Collections.Generic;
using EdgeProxy.Routing;
using Xunit;

namespace EdgeProxy.Tests.Routing;

/// <summary>What went wrong in Traefik's rules, by advisory; each must not be possible here.</summary>
public class AdvisoryTests
{
    // CVE-2026-114656: a host under "!" counted as a name the router serves.
    [Fact]
    public void Expand_NegatedHost_IsNotANameTheRuleServes()
    {
        foreach (string text in (string[])["!Host(`a`)", "!(Host(`a`) || Path(`/x`))", "Path(`/x`) && !Host(`*.a`)"])
        {
            Conjunction only = Assert.Single(RuleExpansion.Expand(SampleRequest.Rule(text))!);
            Assert.Null(only.Host);
        }
    }

    // CVE-2022-23632, CVE-2026-53622: "host.", case and wildcard chose another router than the plain name.
    [Theory]
    [InlineData("shop.example.com")]
    [InlineData("SHOP.Example.Com")]
    [InlineData("shop.example.com.")]
    [InlineData("shop.example.com:443")]
    public void Match_SpellingOfAHost_FindsTheSameRouter(string host)
    {
        string[] rules = ["Host(`shop.example.com.`)", "Host(`*.EXAMPLE.com`)", "HostRegexp(`^shop[.]`)"];
        foreach (string rule in rules)
        {
            Assert.Equal(0, SampleRequest.Table(rule, "PathPrefix(`/`)").Match(new SampleRequest("GET /", host).Query));
        }
    }

    // CVE-2025-66490, CVE-2025-47952, CVE-2025-32431: an encoded or dotted path went around the guarded router.
    [Theory]
    [InlineData("/admin", true)]
    [InlineData("/%61dmin", true)]
    [InlineData("/%61%64%6D%69%6e/users", true)]
    [InlineData("//admin", true)]
    [InlineData("/./admin", true)]
    [InlineData("/x/../admin", true)]
    [InlineData("/x/%2e%2e/admin", true)]
    [InlineData("/x/.%2E/admin/", true)]
    [InlineData("/../../admin", true)]
    [InlineData("/admin/../public", false)]
    [InlineData("/admin%2Fusers", false)]
    [InlineData("/admin%5Cusers", false)]
    [InlineData("/%2561dmin", false)]
    [InlineData("/administrator", false)]
    [InlineData("/ADMIN", false)]
    public void Match_SpellingOfAPath_IsRoutedAsTheServerWillSeeIt(string target, bool guarded)
    {
        RouteTable table = SampleRequest.Table("PathPrefix(`/admin`)", "PathPrefix(`/`)");
        var request = new SampleRequest($"GET {target}", "a");

        Assert.Equal(guarded ? 0 : 1, table.Match(request.Query));
        Assert.Equal(guarded, $"{request.Path}/".StartsWith("/admin/", StringComparison.Ordinal));
    }

    // CVE-2026-88011, CVE-2026-54763: other spellings of a header's name were taken for the header.
    [Theory]
    [InlineData("X-User-Role: admin", true)]
    [InlineData("x-user-role: admin", true)]
    [InlineData("X_User_Role: admin", false)]
    [InlineData("X.User.Role: admin", false)]
    [InlineData("X-User_Role: admin", false)]
    public void Match_AliasOfAHeaderName_IsAnotherHeader(string field, bool expected)
    {
        RouteTable table = SampleRequest.Table("Header(`X-User-Role`, `admin`)");

        Assert.Equal(expected ? 0 : -1, table.Match(new SampleRequest("GET /", "a", fields: field).Query));
    }

    // GO-2024-2917: an IPv4-mapped address was in no IPv4 network.
    [Fact]
    public void Match_MappedClient_IsInItsIPv4Network() =>
        Assert.Equal(0, SampleRequest.Table("ClientIP(`10.0.0.0/8`)")
            .Match(new SampleRequest("GET /", "a", "::ffff:10.9.9.9").Query));

    // CVE-2026-32695: text put into a rule broke out of its quotes.
    [Theory]
    [InlineData("Host(\"a`) || Host(`b\")")]
    [InlineData("Host(`a\") || PathPrefix(\"/`)")]
    [InlineData("Host(\"a\\\") || PathPrefix(\\\"/\")")]
    public void Parse_ValueThatLooksLikeARule_IsAFault(string text)
    {
        Assert.Null(RuleParser.Parse(text, out IReadOnlyList<RuleError> errors));
        Assert.NotEmpty(errors);
    }

    // Traefik's documentation owns up to it: there a longer text wins, so an expression goes before the exact host.
    [Fact]
    public void Match_LongerRuleText_IsNoPriority()
    {
        RouteTable table = SampleRequest.Table(
            "HostRegexp(`^(shop|store|boutique|outlet|market)[.]example[.]com$`)", "Host(`shop.example.com`)");

        Assert.Equal(1, table.Match(new SampleRequest("GET /", "shop.example.com").Query));
    }
}
