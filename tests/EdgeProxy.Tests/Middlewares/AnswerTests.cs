using System;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>cors, security_headers, respond.</summary>
public class AnswerTests
{
    [Fact]
    public void Cors_AllowedOrigin_IsNamedAndTheServersWordLeftOut()
    {
        using var bench = MiddlewareBench.Get("/", "Origin: https://app.test\r\n");

        Assert.Equal(Verdict.Next, bench.Run(Cors()));

        Assert.Equal(
            ["Vary: Origin", "Access-Control-Allow-Origin: https://app.test", "Access-Control-Allow-Credentials: true",
                "Access-Control-Expose-Headers: X-Sum"],
            bench.Answered);
        Assert.True(bench.Exchange.ResponseEdits.Drops("access-control-allow-origin"u8));
        Assert.True(bench.Exchange.ResponseEdits.Drops("Access-Control-Allow-Credentials"u8));
        Assert.False(bench.Exchange.ResponseEdits.Drops("Vary"u8));
    }

    [Theory]
    [InlineData("https://app.test.evil.test")]
    [InlineData("https://app.testx")]
    [InlineData("http://app.test")]
    [InlineData("https://app.test:8443")]
    [InlineData("null")]
    [InlineData("https://evil.test/https://x.shop.test")]
    [InlineData("https://x.shop.test.evil.test")]
    [InlineData("*")]
    [InlineData("")]
    public void Cors_OtherOrigin_GetsNoWordButTheRequestPasses(string origin)
    {
        using var bench = MiddlewareBench.Get("/", $"Origin: {origin}\r\n");

        Assert.Equal(Verdict.Next, bench.Run(Cors()));

        Assert.Equal(["Vary: Origin"], bench.Answered);
        Assert.True(bench.Exchange.ResponseEdits.Drops("Access-Control-Allow-Origin"u8));
    }

    [Fact]
    public void Cors_NoOrigin_StillVaries()
    {
        using var bench = MiddlewareBench.Get("/");

        Assert.Equal(Verdict.Next, bench.Run(Cors()));

        Assert.Equal(["Vary: Origin"], bench.Answered);
    }

    [Fact]
    public void Cors_AnyOrigin_IsAStarWithoutCredentials()
    {
        using var bench = MiddlewareBench.Get("/", "Origin: https://anybody.test\r\n");

        bench.Run(new Cors(new CorsSettings { Name = "m", AllowsAnyOrigin = true, AllowCredentials = true }));

        Assert.Equal(["Access-Control-Allow-Origin: *"], bench.Answered);
    }

    [Theory]
    [InlineData("https://app.test")]
    [InlineData("https://x.shop.test")]
    public void Cors_PreflightOfAnAllowedOrigin_IsAnsweredHere(string origin)
    {
        using var bench = new MiddlewareBench(Preflight(origin));

        Assert.Equal(Verdict.Answered, bench.Run(Cors()));

        Assert.Equal(204, bench.Status);
        Assert.Equal(
            ["Vary: Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
                $"Access-Control-Allow-Origin: {origin}", "Access-Control-Allow-Credentials: true",
                "Access-Control-Allow-Methods: GET, PUT", "Access-Control-Allow-Headers: X-Token",
                "Access-Control-Max-Age: 600"],
            bench.Answered);
    }

    [Fact]
    public void Cors_PreflightOfAnotherOrigin_Is403AndSaysNothing()
    {
        using var bench = new MiddlewareBench(Preflight("https://evil.test"));

        Assert.Equal(Verdict.Answered, bench.Run(Cors()));

        Assert.Equal(403, bench.Status);
        Assert.DoesNotContain(bench.Answered, line => line.StartsWith("Access-", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("OPTIONS", "Origin: https://app.test\r\n")]
    [InlineData("OPTIONS", "Access-Control-Request-Method: PUT\r\n")]
    [InlineData("GET", "Origin: https://app.test\r\nAccess-Control-Request-Method: PUT\r\n")]
    public void Cors_NoPreflight_GoesToTheServer(string method, string fields)
    {
        using var bench = new MiddlewareBench($"{method} / HTTP/1.1\r\nHost: a\r\n{fields}\r\n");

        Assert.Equal(Verdict.Next, bench.Run(Cors()));
    }

    [Fact]
    public void Cors_SimpleRequestWarm_AllocatesNothing()
    {
        using var listed = MiddlewareBench.Get("/", "Origin: https://app.test\r\n");
        listed.AssertNoAllocations(Cors());
        using var matched = MiddlewareBench.Get("/", "Origin: https://x.shop.test\r\n");
        matched.AssertNoAllocations(Cors());
        using var none = MiddlewareBench.Get("/");
        none.AssertNoAllocations(Cors());
    }

    [Fact]
    public void Cors_SettingsWithEqualLists_AreEqual()
    {
        Assert.Equal(CorsSettings(), CorsSettings());
        Assert.NotEqual(CorsSettings(), CorsSettings() with { AllowMethods = new Sequence<string>(["GET"]) });
    }

    [Fact]
    public void SecurityHeaders_Defaults_AreSafeOnesWithoutHsts()
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.IsHttps = true;

        Assert.Equal(Verdict.Next, bench.Run(new SecurityHeaders(new SecurityHeadersSettings { Name = "m" })));

        Assert.Equal(
            ["X-Content-Type-Options: nosniff", "X-Frame-Options: SAMEORIGIN",
                "Referrer-Policy: strict-origin-when-cross-origin"],
            bench.Answered);
    }

    // RFC 6797 section 7.2: not over a connection that is not secure.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void SecurityHeaders_All_AreSetAndHstsOnlyByHttps(bool isHttps)
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.IsHttps = isHttps;

        bench.Run(new SecurityHeaders(All));

        string[] always =
        [
            "X-Frame-Options: DENY", "Content-Security-Policy: default-src 'self'",
            "Content-Security-Policy-Report-Only: img-src *", "Permissions-Policy: camera=()",
        ];
        Assert.Equal(
            isHttps ? [.. always, "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload"] : always,
            bench.Answered);
    }

    [Fact]
    public void SecurityHeaders_Warm_AllocatesNothing()
    {
        using var bench = MiddlewareBench.Get("/");
        bench.Exchange.IsHttps = true;
        bench.AssertNoAllocations(new SecurityHeaders(All));
    }

    [Fact]
    public void Respond_AnyRequest_GetsTheAnswerAsSet()
    {
        using var bench = MiddlewareBench.Get("/");

        Assert.Equal(Verdict.Answered, bench.Run(new Respond(new RespondSettings
        {
            Name = "m",
            Status = 418,
            Body = "{\"ä\": 1}\n",
            ContentType = "application/json",
        })));

        LocalAnswer answer = bench.Exchange.LocalAnswer!;
        Assert.Equal((418, "application/json"), (answer.Status, answer.ContentType));
        Assert.Equal("{\"ä\": 1}\n"u8.ToArray(), answer.Body.ToArray());
    }

    private static SecurityHeadersSettings All => new()
    {
        Name = "m",
        HstsMaxAge = TimeSpan.FromDays(365),
        HstsIncludeSubdomains = true,
        HstsPreload = true,
        NoSniff = false,
        FrameOptions = "DENY",
        ReferrerPolicy = "",
        ContentSecurityPolicy = "default-src 'self'",
        ContentSecurityPolicyReportOnly = "img-src *",
        PermissionsPolicy = "camera=()",
    };

    private static string Preflight(string origin) =>
        $"OPTIONS / HTTP/1.1\r\nHost: a\r\nOrigin: {origin}\r\nAccess-Control-Request-Method: PUT\r\n\r\n";

    private static Cors Cors() => new(CorsSettings());

    private static CorsSettings CorsSettings() => new()
    {
        Name = "m",
        AllowOrigins = new Sequence<string>(["https://app.test"]),
        AllowOriginRegex = new Sequence<string>(["https://[a-z]+\\.shop\\.test"]),
        AllowMethods = new Sequence<string>(["GET", "PUT"]),
        AllowHeaders = new Sequence<string>(["X-Token"]),
        ExposeHeaders = new Sequence<string>(["X-Sum"]),
        AllowCredentials = true,
        MaxAge = TimeSpan.FromMinutes(10),
    };
}
