using System.Collections.Generic;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.FunctionalTests.Middlewares;

/// <summary>A way of a middleware to answer by itself; a router for "NAME.test" has it.</summary>
/// <param name="Toml">Of the middlewares it needs; NAME is its own, AUTH and GONE are ports.</param>
/// <param name="Status">Of its answer to POST, or to its own method.</param>
internal sealed record Refusal(string Name, string Toml, int Status)
{
    public string Method { get; init; } = "POST";

    public string Path { get; init; } = "/";

    /// <summary>Lines of the request.</summary>
    public string Fields { get; init; } = "";

    /// <summary>What the router lists.</summary>
    public string List { get; init; } = "\"NAME\"";

    /// <summary>Of the router; NAME is one of its own.</summary>
    public string Service { get; init; } = "app";

    /// <summary>Without a body there is nothing to refuse.</summary>
    public bool IsOfTheBody { get; init; }

    /// <summary>It waits for the body, up to its limit, before it decides.</summary>
    public bool ReadsTheBody { get; init; }

    /// <summary>The request itself is at fault: its connection ends in any case.</summary>
    public bool IsOfTheRequest { get; init; }

    /// <summary>Null: with and without TLS.</summary>
    public bool? OnlySecure { get; init; }

    /// <summary>A key of consumer shop.</summary>
    public const string Key = "f2a1c9d07b6e4538a1e0";

    /// <summary>Each kind that answers, in each of its ways.</summary>
    public static IReadOnlyList<Refusal> All { get; } =
    [
        .. Shape(), .. Limits(), .. Identity(),
    ];

    public string ToToml(int authPort, int gonePort) => $"""

        [routers.{Name}]
        rule = "Host(`{Name}.test`)"
        service = "{Service}"
        middlewares = [{List}]
        {Toml}

        """.Replace("NAME", Name).Replace("AUTH", $"{authPort}").Replace("GONE", $"{gonePort}");

    private static Refusal[] Shape() =>
    [
        new("to-https", "[middlewares.NAME.redirect_scheme]\nscheme = \"https\"", 307) { OnlySecure = false },
        new("to-http", "[middlewares.NAME.redirect_scheme]\nscheme = \"http\"", 307) { OnlySecure = true },
        new("moved", """
            [middlewares.NAME.redirect_regex]
            regex = '^https?://[^/]*/(.*)'
            replacement = "https://new.test/${1}"
            permanent = true
            """, 308),
        new("astray", """
            [middlewares.NAME.redirect_regex]
            regex = '^https?://[^/]*/(.*)'
            replacement = "https://${1}/"
            """, 400) { Path = "/evil.test" },
        new("no-path", "[middlewares.NAME.replace_path_regex]\nregex = '^/(.*)'\nreplacement = \"${1}\"", 400)
            { Path = "/users", IsOfTheRequest = true },
        new("respond", "[middlewares.NAME.respond]\nstatus = 418\nbody = \"short and stout\"", 418),
        new("preflight", "[middlewares.NAME.cors]\nallow_origins = [\"https://a.test\"]", 204)
        {
            Method = "OPTIONS",
            Fields = "Origin: https://a.test\r\nAccess-Control-Request-Method: GET\r\n",
        },
        new("stranger", "[middlewares.NAME.cors]\nallow_origins = [\"https://a.test\"]", 403)
        {
            Method = "OPTIONS",
            Fields = "Origin: https://evil.test\r\nAccess-Control-Request-Method: GET\r\n",
        },
        new("body-limit", "[middlewares.NAME.body_limit]\nmax = 4", 413) { IsOfTheBody = true },
        new("buffering", "[middlewares.NAME.buffering]\nrequest_bytes_max = 4", 413)
            { IsOfTheBody = true, ReadsTheBody = true },
        new("held", "[middlewares.NAME.buffering]", 418) { ReadsTheBody = true, List = "\"NAME\", \"respond\"" },
        new("held-gone", """
            [middlewares.NAME.buffering]
            [services.NAME]
            servers = [{ url = "http://127.0.0.1:GONE" }]
            """, 502) { ReadsTheBody = true, Service = "NAME" },
        new("errors", "[middlewares.NAME.errors]\nstatus = [\"418\"]\nbody = \"sorry\"", 418)
            { List = "\"NAME\", \"respond\"" },
        new("error-page", """
            [middlewares.NAME.errors]
            status = ["418"]
            service = "pages"
            """, 418) { List = "\"NAME\", \"respond\"" },
    ];

    private static Refusal[] Limits() =>
    [
        new("rate-limit", "[middlewares.NAME.rate_limit]\naverage = 1\nperiod = \"24h\"\nkey = \"host\"", 429),
        new("in-flight", "[middlewares.NAME.in_flight]\nmax = 1", 503),
        new("in-flight-each", "[middlewares.NAME.in_flight]\nmax = 1\nkey = \"client_ip\"", 429),
        new("in-flight-queue", "[middlewares.NAME.in_flight]\nmax = 1\nqueue = 9\nqueue_timeout = \"1ms\"", 503),
        new("allowed", "[middlewares.NAME.ip_allow_list]\nsource_range = [\"192.0.2.0/24\"]", 403),
        new("denied", "[middlewares.NAME.ip_deny_list]\nsource_range = [\"127.0.0.0/8\"]", 403),
    ];

    private static Refusal[] Identity() =>
    [
        new("api-key", "[middlewares.NAME.api_key]\nheader = \"X-Key\"", 401) { Fields = "X-Key: wrong\r\n" },
        new("api-key-query", "[middlewares.NAME.api_key]\nquery = \"key\"", 401) { Path = "/?key=wrong" },
        new("api-key-other", "[middlewares.NAME.api_key]\nheader = \"X-Key\"\nconsumers = [\"till\"]", 403)
            { Fields = $"X-Key: {Key}\r\n" },
        new("basic-auth-none", BasicAuth, 401),
        new("basic-auth", BasicAuth, 401) { Fields = "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n" },
        new("jwt-none", Jwt, 401),
        new("jwt", Jwt, 401) { Fields = "Authorization: Bearer e30.e30.AAAA\r\n" },
        new("forward-auth", ForwardAuth, 401),
        new("forward-auth-body", ForwardAuth + "\nforward_body = true\nbody_bytes_max = \"1MiB\"", 401) { ReadsTheBody = true },
        new("forward-auth-gone", "[middlewares.NAME.forward_auth]\naddress = \"http://127.0.0.1:GONE/\"", 503),
        new("client-cert", "[middlewares.NAME.client_cert]", 403) { OnlySecure = true },
    ];

    private const string BasicAuth = """
        [middlewares.NAME.basic_auth]
        users = ["alice:$2y$08$HqWuK6/Ng6sg9gQzbLrgbOC/hxBmwQTMccqkpzM3h0HTZ.Y1Ang6."]
        """;

    private const string ForwardAuth = """
        [middlewares.NAME.forward_auth]
        address = "http://127.0.0.1:AUTH/"
        timeout = "1m"
        """;

    private const string Jwt = $"[middlewares.NAME.jwt]\nsecret = \"{Tokens.Secret}\"";
}
