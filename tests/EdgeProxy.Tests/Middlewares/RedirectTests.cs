using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>redirect_scheme and redirect_regex.</summary>
public class RedirectTests
{
    [Theory]
    [InlineData("/a/b?x=1&y=%20", 0, "https://a.test/a/b?x=1&y=%20")]
    [InlineData("/", 443, "https://a.test/")]
    [InlineData("/", 8443, "https://a.test:8443/")]
    [InlineData("/a?", 0, "https://a.test/a?")]
    public void RedirectScheme_Http_GoesToTheSameByHttps(string target, int port, string location)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Answered, bench.Run(Scheme(port: port)));

        Assert.Equal(302, bench.Status);
        Assert.Equal([$"Location: {location}"], bench.Answered);
    }

    [Fact]
    public void RedirectScheme_AlreadyThere_Passes()
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.IsHttps = true;
        Assert.Equal(Verdict.Next, bench.Run(Scheme()));

        bench.Exchange.IsHttps = false;
        Assert.Equal(Verdict.Next, bench.Run(Scheme(isHttps: false)));
    }

    [Theory]
    [InlineData("GET", false, 302)]
    [InlineData("HEAD", false, 302)]
    [InlineData("POST", false, 307)]
    [InlineData("GET", true, 301)]
    [InlineData("HEAD", true, 301)]
    [InlineData("DELETE", true, 308)]
    [InlineData("PROPFIND", true, 308)]
    public void RedirectScheme_Status_KeepsTheMethod(string method, bool isPermanent, int status)
    {
        using var bench = new MiddlewareBench($"{method} / HTTP/1.1\r\nHost: a\r\n\r\n");

        bench.Run(Scheme(isPermanent: isPermanent));

        Assert.Equal(status, bench.Status);
        Assert.Equal(isPermanent, bench.Exchange.ResponseEdits.Drops("Cache-Control"u8));
    }

    // The port the client named was for http; X-Forwarded-* of a client nobody trusts is nothing (CVE-2020-15129).
    [Fact]
    public void RedirectScheme_HostOfTheClient_IsTheRoutedOneWithoutPort()
    {
        using var bench = new MiddlewareBench(
            "GET / HTTP/1.1\r\nHost: A.TEST.:8080\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Prefix: //evil.test\r\n"
                + "X-Forwarded-Proto: https\r\n\r\n");

        bench.Run(Scheme());

        Assert.Equal(["Location: https://a.test/"], bench.Answered);
    }

    [Fact]
    public void RedirectScheme_NoHost_IsRefused()
    {
        using var bench = new MiddlewareBench("GET / HTTP/1.0\r\n\r\n");

        Assert.Equal(Verdict.Answered, bench.Run(Scheme()));

        Assert.Equal(RejectReason.HostMissing, bench.Exchange.RejectReason);
    }

    [Fact]
    public void RedirectScheme_Warm_AllocatesNothing()
    {
        using var bench = MiddlewareBench.Get("/a?b=c");
        bench.AssertNoAllocations(Scheme());
    }

    [Theory]
    [InlineData("^http://a.test/(.*)", "https://b.test/${1}", "/x/y?z=1", "https://b.test/x/y?z=1")]
    [InlineData("^http://a.test/old$", "/new", "/old", "/new")]
    [InlineData("^http://(.*)", "https://www.$1", "/x", "https://www.a.test/x")]
    [InlineData("^http://a\\.(.*)", "http://$1", "/x?y", "http://test/x?y")]
    [InlineData("/old/", "/new/", "/old/x", "http://a.test/new/x")]
    public void RedirectRegex_Match_GoesToTheOutcome(string regex, string replacement, string target, string location)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Answered, bench.Run(Regex(regex, replacement)));

        Assert.Equal(302, bench.Status);
        Assert.Equal([$"Location: {location}"], bench.Answered);
    }

    [Theory]
    [InlineData("a.test", "http://a.test/x", true)]
    [InlineData("a.test:80", "http://a.test/x", true)]
    [InlineData("a.test:8080", "http://a.test:8080/x", true)]
    [InlineData("A.test.", "http://a.test/x", true)]
    [InlineData("b.test", "http://a.test/x", false)]
    public void RedirectRegex_Url_HasTheRoutedHostAndItsOwnPort(string host, string url, bool isMatch)
    {
        using var bench = new MiddlewareBench($"GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n");

        Verdict verdict = bench.Run(Regex($"^{url}$", "/y"));

        Assert.Equal(isMatch ? Verdict.Answered : Verdict.Next, verdict);
    }

    // Path and query are anybody's bytes: what they name as a host is anybody's site.
    [Theory]
    [InlineData("^.*\\?next=(.*)$", "$1", "/?next=https://evil.test/")]
    [InlineData("^.*\\?next=(.*)$", "/$1", "/?next=/evil.test/")]
    [InlineData("^.*\\?next=(.*)$", "https://$1", "/?next=evil.test")]
    [InlineData("^http://a.test/(.*)$", "https://a.test$1", "/.evil.test")]
    [InlineData("^http://a.test/(.*)$", "https://a.test$1", "/%2eevil.test/")]
    [InlineData("^http://a.test/(.*)$", "https://a.test:$1", "/99/")]
    [InlineData("^http://a.test/(.*)$", "https://$1/", "/x@evil.test")]
    [InlineData("^http://a.test/(.*)$", "javascript:$1", "/x")]
    [InlineData("^http://a.test/(.*)$", "evil.test", "/x")]
    public void RedirectRegex_HostFromPathOrQuery_IsRefused(string regex, string replacement, string target)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Answered, bench.Run(Regex(regex, replacement)));

        Assert.Equal(400, bench.Status);
        Assert.Empty(bench.Answered);
    }

    [Fact]
    public void RedirectRegex_PortOfTheRequest_MayStay()
    {
        using var bench = new MiddlewareBench("GET /x HTTP/1.1\r\nHost: a.test:8080\r\n\r\n");

        bench.Run(Regex("^http://(.*)", "https://$1"));

        Assert.Equal(["Location: https://a.test:8080/x"], bench.Answered);
    }

    [Theory]
    [InlineData("^http://b.test", "/y")]
    [InlineData("/x$", "/x")]
    public void RedirectRegex_NoMatchOrToItself_Passes(string regex, string replacement)
    {
        using var bench = MiddlewareBench.Get("/x");

        Assert.Equal(Verdict.Next, bench.Run(Regex(regex, replacement)));
    }

    [Fact]
    public void RedirectRegex_NoMatchWarm_AllocatesNothing()
    {
        using var bench = MiddlewareBench.Get("/a?b=c");
        bench.AssertNoAllocations(Regex("^http://b\\.test/", "/"));
    }

    private static RedirectScheme Scheme(bool isHttps = true, int port = 0, bool isPermanent = false) =>
        new(new RedirectSchemeSettings { Name = "m", IsHttps = isHttps, Port = port, IsPermanent = isPermanent });

    private static RedirectRegex Regex(string regex, string replacement)
    {
        MatchPattern pattern = MatchPattern.Create(regex, out _)!;
        return new RedirectRegex(new RedirectRegexSettings
        {
            Name = "m",
            Regex = pattern,
            Replacement = Replacement.Parse(replacement, pattern.Groups, out _)!,
        });
    }
}
