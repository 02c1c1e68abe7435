using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.FunctionalTests.Middlewares;

/// <summary>
/// What a middleware does to a request that it lets pass, or to the answer; a router for its host has it.
/// </summary>
/// <param name="Kind">Of the middleware, which is named like it.</param>
/// <param name="Keys">Lines of its table; AUTH is a port, FOLDER a folder.</param>
internal sealed record Effect(string Kind, string Keys)
{
    public string Path { get; init; } = "/";

    /// <summary>A field of the request.</summary>
    public (string Name, string Value)? Field { get; init; }

    /// <summary>POST with it; null: GET.</summary>
    public string? Body { get; init; }

    /// <summary>What the server is asked for; empty: it is not asked.</summary>
    public string Target { get; init; } = "/";

    /// <summary>A field the server has, with this value alone.</summary>
    public (string Name, string Value)? Sent { get; init; }

    /// <summary>A field of the answer.</summary>
    public (string Name, string Value)? Answered { get; init; }

    public int Status { get; init; } = 200;

    /// <summary>The answer's body, uncoded.</summary>
    public string Text { get; init; } = "ok";

    /// <summary>Other middlewares of the router, and the tables they need.</summary>
    public (string List, string Toml) Others { get; init; } = ("", "");

    /// <summary>Null: with and without TLS.</summary>
    public bool? OnlySecure { get; init; }

    public string Host => Kind.Replace('_', '-') + ".edge.test";

    public const string Long = "a long text ";

    public static IReadOnlyList<Effect> All { get; } = [.. Shape(), .. Answers(), .. Limits(), .. Identity()];

    public string ToToml(int authPort) => $"""

        [routers.{Kind}]
        rule = "Host(`{Host}`)"
        service = "app"
        middlewares = ["{Kind}"{Others.List}]
        [middlewares.{Kind}.{Kind}]
        {Keys.Replace("AUTH", $"{authPort}")}
        {Others.Toml}

        """;

    private static Effect[] Shape() =>
    [
        new("strip_prefix", "prefixes = [\"/api\"]")
            { Path = "/api/x?q", Target = "/x?q", Sent = ("X-Forwarded-Prefix", "/api") },
        new("strip_prefix_regex", "regex = ['^/v[0-9]+']")
            { Path = "/v2/x", Target = "/x", Sent = ("X-Forwarded-Prefix", "/v2") },
        new("add_prefix", "prefix = \"/api\"") { Path = "/x?q", Target = "/api/x?q" },
        new("replace_path", "path = \"/one\"") { Path = "/x?q", Target = "/one?q", Sent = ("X-Replaced-Path", "/x") },
        new("replace_path_regex", "regex = '^/old/(.*)'\nreplacement = \"/new/${1}\"")
            { Path = "/old/x", Target = "/new/x" },
        new("query", "set = { user = \"a b\" }") { Path = "/?user=root&q=1", Target = "/?q=1&user=a%20b" },
        new("chain", "middlewares = [\"one\", \"other\"]")
        {
            Path = "/a/x",
            Target = "/b/x",
            Others = ("", """
                [middlewares.one.strip_prefix]
                prefixes = ["/a"]
                [middlewares.other.add_prefix]
                prefix = "/b"
                """),
        },
        new("headers", """
            request = { set = { X-Who = "{method} {host} {path}" } }
            response = { set = { X-Which = "{router}" } }
            """)
        {
            Field = ("x_who", "root"),
            Sent = ("X-Who", "GET headers.edge.test /"),
            Answered = ("X-Which", "headers"),
        },
        new("buffering", "") { Body = "hello" },
        new("body_limit", "max = 5") { Body = "hello" },
    ];

    private static Effect[] Answers() =>
    [
        new("redirect_scheme", "permanent = true")
        {
            OnlySecure = false,
            Path = "/x?q",
            Target = "",
            Status = 301,
            Answered = ("Location", "https://redirect-scheme.edge.test/x?q"),
            Text = "301: moved permanently\n",
        },
        new("redirect_scheme", "permanent = true") { OnlySecure = true, Path = "/x", Target = "/x" },
        new("redirect_regex", "regex = '^https?://[^/]*/(.*)'\nreplacement = \"https://new.test/${1}\"")
        {
            Path = "/x?q",
            Target = "",
            Status = 302,
            Answered = ("Location", "https://new.test/x?q"),
            Text = "302: found elsewhere\n",
        },
        new("cors", "allow_origins = [\"https://app.test\"]")
        {
            Field = ("Origin", "https://app.test"),
            Answered = ("Access-Control-Allow-Origin", "https://app.test"),
        },
        new("security_headers", "hsts_max_age = \"1h\"")
            { OnlySecure = true, Answered = ("Strict-Transport-Security", "max-age=3600") },
        new("security_headers", "hsts_max_age = \"1h\"")
            { OnlySecure = false, Answered = ("X-Content-Type-Options", "nosniff") },
        new("errors", "status = [\"500\"]\nbody = \"sorry\"")
            { Path = "/fail", Target = "/fail", Status = 500, Text = "sorry" },
        new("respond", "status = 418\nbody = \"stout\"") { Target = "", Status = 418, Text = "stout" },
        new("compress", "encodings = [\"gzip\"]")
        {
            Path = "/long",
            Field = ("Accept-Encoding", "gzip"),
            Target = "/long",
            Answered = ("Content-Encoding", "gzip"),
            Text = Repeated(),
        },
    ];

    private static Effect[] Limits() =>
    [
        new("rate_limit", "average = 7\nperiod = \"24h\"")
            { Answered = ("RateLimit-Policy", "\"rate_limit\";q=7;w=86400") },
        new("in_flight", "max = 1\nqueue = 1"),
        new("ip_allow_list", "source_range = [\"127.0.0.0/8\"]"),
        new("ip_deny_list", "source_range = [\"192.0.2.0/24\"]"),
    ];

    private static Effect[] Identity() =>
    [
        new("api_key", "header = \"X-Key\"\nconsumer_header = \"X-Consumer\"")
            { Field = ("X-Key", Refusal.Key), Sent = ("X-Consumer", "shop") },
        new("basic_auth", """
            users = ["alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6."]
            consumer_header = "X-Consumer"
            """)
        {
            Field = ("Authorization", "Basic " + Convert.ToBase64String("alice:allmine"u8)),
            Sent = ("X-Consumer", "till"),
        },
        new("jwt", $"secret = \"{Tokens.Secret}\"\nclaim_headers = {{ X-Subject = \"sub\" }}")
            { Field = ("Authorization", "Bearer " + Tokens.Of("alice")), Sent = ("X-Subject", "alice") },
        new("forward_auth", """
            address = "http://127.0.0.1:AUTH/"
            timeout = "1m"
            response_headers = ["Remote-User"]
            """) { Field = ("remote_user", "root"), Sent = ("Remote-User", "alice") },
        new("client_cert", "subjects = [\"CN=client\"]") { OnlySecure = true },
    ];

    private static string Repeated()
    {
        var text = new StringBuilder();
        for (int i = 0; i < 1_000; i++)
        {
            text.Append(Long);
        }

        return text.ToString();
    }
}
