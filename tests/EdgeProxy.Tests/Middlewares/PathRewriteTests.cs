using System.Linq;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>add_prefix, replace_path, replace_path_regex, strip_prefix, strip_prefix_regex.</summary>
public class PathRewriteTests
{
    [Theory]
    [InlineData("/api", "/users?q=1", "/api/users")]
    [InlineData("/api/", "/users", "/api/users")]
    [InlineData("/api", "/", "/api/")]
    [InlineData("/", "/users", "/users")]
    public void AddPrefix_Path_BeginsWithIt(string prefix, string target, string path)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Next, bench.Run(new AddPrefix(new AddPrefixSettings { Name = "m", Prefix = prefix })));

        Assert.Equal(path, bench.Path);
    }

    [Fact]
    public void AddPrefix_LongPath_IsKeptWhole()
    {
        string path = "/" + new string('a', 4_000);
        using var bench = MiddlewareBench.Get(path);

        bench.Run(new AddPrefix(new AddPrefixSettings { Name = "m", Prefix = "/api" }));

        Assert.Equal("/api" + path, bench.Path);
    }

    [Fact]
    public void ReplacePath_AnyPath_IsThatAndTheOldOneIsTold()
    {
        using var bench = MiddlewareBench.Get("/a/b?q=1", "x_replaced.path: /forged\r\n");

        Assert.Equal(Verdict.Next, bench.Run(new ReplacePath(new ReplacePathSettings { Name = "m", Path = "/c" })));

        Assert.Equal(("/c", "?q=1"), (bench.Path, bench.Query));
        Assert.Equal(["X-Replaced-Path: /a/b"], bench.Sent);
        Assert.True(bench.Exchange.RequestEdits.Drops("x_replaced.path"u8));
    }

    // Traefik 3.7.7 #13466: the outcome of a rewrite was not normalised again.
    [Theory]
    [InlineData("^/api/v[0-9]+/(.*)", "/${1}", "/api/v2/users", "/users")]
    [InlineData("^/files(.*)", "/public/..$1", "/files/x", "/x")]
    [InlineData("^/go/(.*)", "/a/$1", "/go/%2E%2E", "/")]
    [InlineData("^/(.*)$", "/ä/$1", "/b", "/%C3%A4/b")]
    [InlineData("o", "0", "/foo", "/f00")]
    public void ReplacePathRegex_Match_OutcomeIsCanonical(string regex, string replacement, string target, string path)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Next, bench.Run(Regex(regex, replacement)));

        Assert.Equal(path, bench.Path);
        Assert.Equal([$"X-Replaced-Path: {target}"], bench.Sent);
    }

    [Fact]
    public void ReplacePathRegex_NoMatch_PassesAndNobodyElseSaysReplaced()
    {
        using var bench = MiddlewareBench.Get("/other", "X-Replaced-Path: /forged\r\n");

        Assert.Equal(Verdict.Next, bench.Run(Regex("^/api", "/")));

        Assert.Equal("/other", bench.Path);
        Assert.Empty(bench.Sent);
        Assert.True(bench.Exchange.RequestEdits.Drops("X-Replaced-Path"u8));
    }

    [Theory]
    [InlineData("^/(.*)", "$1", "/users", RejectReason.PathFormInvalid)]
    [InlineData("^/(.*)", "/%2F$1", "/users", RejectReason.PathEncodedSlash)]
    [InlineData("^/(.*)", "/%zz", "/users", RejectReason.PathEscapeInvalid)]
    public void ReplacePathRegex_OutcomeIsNoPath_IsRefused(
        string regex, string replacement, string target, object reason)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Answered, bench.Run(Regex(regex, replacement)));

        Assert.Equal(reason, bench.Exchange.RejectReason);
    }

    [Fact]
    public void ReplacePathRegex_OutcomeTooLong_Is414()
    {
        using var bench = MiddlewareBench.Get("/" + new string('a', 7_000));

        Assert.Equal(Verdict.Answered, bench.Run(Regex("a", "bbb")));

        Assert.Equal(RejectReason.TargetTooLong, bench.Exchange.RejectReason);
    }

    [Theory]
    [InlineData("/v12/users", "/users", "/v12")]
    [InlineData("/v12", "/", "/v12")]
    [InlineData("/v12x/users", "/v12x/users", null)]
    [InlineData("/a/v12/users", "/a/v12/users", null)]
    [InlineData("/shop/9/orders", "/orders", "/shop/9")]
    public void StripPrefixRegex_MatchAtTheStart_TakesWholeSegmentsOff(string target, string path, string? prefix)
    {
        using var bench = MiddlewareBench.Get(target);

        Assert.Equal(Verdict.Next, bench.Run(StripRegex("/v[0-9]+", "^/shop/[^/]+/")));

        Assert.Equal(path, bench.Path);
        Assert.Equal(prefix is null ? [] : [$"X-Forwarded-Prefix: {prefix}"], bench.Sent);
    }

    // CVE-2026-40912: the prefix was measured in one form of the path and cut from another.
    [Fact]
    public void StripPrefixRegex_EscapedByte_CutsTheFormItMatched()
    {
        using var bench = MiddlewareBench.Get("/caf%C3%A9/secret");

        bench.Run(StripRegex("^/[^/]+"));

        Assert.Equal("/secret", bench.Path);
    }

    [Fact]
    public void Rewrites_Warm_AllocateNothing()
    {
        using var bench = MiddlewareBench.Get("/v1/users?q=1");
        bench.AssertNoAllocations(new AddPrefix(new AddPrefixSettings { Name = "m", Prefix = "/api" }));
        bench.AssertNoAllocations(new ReplacePath(new ReplacePathSettings { Name = "m", Path = "/c" }));
        bench.AssertNoAllocations(new StripPrefix(
            new StripPrefixSettings { Name = "m", Prefixes = new Sequence<string>(["/v1"]) }));
        bench.AssertNoAllocations(StripRegex("^/v[0-9]+"));
        bench.AssertNoAllocations(Regex("^/never", "/"));
    }

    [Fact]
    public void Settings_SameText_AreEqual()
    {
        Assert.Equal(RegexSettings("a+", "b"), RegexSettings("a+", "b"));
        Assert.NotEqual(RegexSettings("a+", "b"), RegexSettings("a+", "c"));
        Assert.NotEqual(RegexSettings("a+", "b"), RegexSettings("a*", "b"));
        Assert.Equal(StripSettings("a+", "b"), StripSettings("a+", "b"));
        Assert.NotEqual(StripSettings("a+", "b"), StripSettings("b", "a+"));
    }

    private static ReplacePathRegex Regex(string regex, string replacement) => new(RegexSettings(regex, replacement));

    private static ReplacePathRegexSettings RegexSettings(string regex, string replacement)
    {
        MatchPattern pattern = MatchPattern.Create(regex, out _)!;
        return new ReplacePathRegexSettings
        {
            Name = "m",
            Regex = pattern,
            Replacement = Replacement.Parse(replacement, pattern.Groups, out _)!,
        };
    }

    private static StripPrefixRegex StripRegex(params string[] regex) => new(StripSettings(regex));

    private static StripPrefixRegexSettings StripSettings(params string[] regex) => new()
    {
        Name = "m",
        Regex = new Sequence<MatchPattern>(regex.Select(text => MatchPattern.Create(text, out _)!)),
    };
}
