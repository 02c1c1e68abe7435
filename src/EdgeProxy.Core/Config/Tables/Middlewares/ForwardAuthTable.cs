using System;
using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.forward_auth]</summary>
internal static class ForwardAuthTable
{
    private static readonly string[] RequestHeadersDefault =
        ["Accept", "Authorization", "Cookie", "User-Agent", "X-Requested-With"];

    private static readonly string[] AnswerHeadersDefault =
        ["Cache-Control", "Location", "Retry-After", "Set-Cookie", "Vary", "WWW-Authenticate"];

    private static readonly ApiUrlKey Address = new("address",
        "Whom to ask: GET with X-Forwarded-Method, -Proto, -Host, -Uri and -For.")
    {
        IsRequired = true,
        ExampleToml = "\"http://127.0.0.1:9091/api/verify\"",
    };

    private static readonly PemFileKey Ca = new("ca", isSecret: false,
        "Who signs its certificate, and nobody else. Without it: whom the system trusts (SSL_CERT_FILE).")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/servers-ca.pem\"",
    };

    private static readonly HeaderListKey RequestHeaders = new("request_headers",
        "Fields of the client that it is told. Without forward_body none that speaks of a body.")
    {
        DefaultToml = TomlOf(RequestHeadersDefault),
    };

    private static readonly BooleanKey ForwardBody = new("forward_body",
        "It is sent the request's body, too, with its Content-Type, and asked by POST.")
    {
        DefaultToml = "false",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes_max", 1, ForwardAuthSettings.BodyBytesMaxMax,
        "Longest body it is sent. A request with a longer one gets 413.")
    {
        Default = ForwardAuthSettings.BodyBytesDefault,
        DefaultToml = "\"64KiB\"",
    };

    private static readonly HeaderListKey ResponseHeaders = new("response_headers",
        "Fields of its 2xx that the server is told. The client's own of these names are removed, in every spelling.")
    {
        ExampleToml = "[\"Remote-User\", \"Remote-Groups\"]",
    };

    private static readonly HeaderListKey AnswerHeaders = new("answer_headers",
        "Fields of its 3xx and 4xx that the client is told, besides Content-Type.")
    {
        DefaultToml = TomlOf(AnswerHeadersDefault),
    };

    private static readonly WordListKey Cookies = new("cookies", ForwardAuthSettings.NamesMax,
        "Cookies that its 2xx sets, which the client is given with the server's answer.")
    {
        ExampleToml = "[\"session\"]",
    };

    private static readonly HeaderNameKey UserHeader = new("user_header",
        "The field of its 2xx with the user's name, by which the consumer is found.")
    {
        ExampleToml = "\"Remote-User\"",
    };

    private static readonly DurationKey Timeout = new("timeout", TimeSpan.FromMilliseconds(10),
        TimeSpan.FromMinutes(1), "Until it has decided.")
    {
        Default = ForwardAuthSettings.TimeoutDefault,
        DefaultToml = "\"5s\"",
    };

    private static readonly ChoiceKey OnFailure = new("on_failure", ["closed", "open"],
        "What becomes of a request it does not decide about, by 5xx or not in time: 503, or it passes as nobody's.")
    {
        Default = "closed",
        DefaultToml = "\"closed\"",
    };

    private static readonly DurationKey CacheTime = new("cache_time", TimeSpan.FromSeconds(1), TimeSpan.FromHours(1),
        "How long a 2xx is believed without asking again, unless it says no-store.")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0s\"",
        ZeroMeans = "never: each request is asked about",
    };

    private static readonly ChoiceKey CacheBy = new("cache_by", ["request", "credential"],
        "Whom a remembered 2xx is for: the same request, or any method and path with the same host, address and "
            + "request_headers.")
    {
        Default = "request",
        DefaultToml = "\"request\"",
    };

    public static TableDeclaration Declaration { get; } = new("forward_auth", IsNamed: false,
        "Asks another server whether a request may pass. 3xx and 4xx are the client's answer.",
        [
            Address, Ca, RequestHeaders, ForwardBody, BodyBytes, ResponseHeaders, AnswerHeaders, Cookies, UserHeader,
            Timeout, OnFailure, CacheTime, CacheBy, DepthKey.Key, .. IdentityKeys.DeclaredWithoutForward,
        ])
    {
        ExampleName = "sso",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        ApiUrl? address = Address.Read(scope);
        PemText? ca = Ca.ReadCertificates(scope);
        if (ca is not null && address is { IsTls: false })
        {
            scope.Report(ca.Node, Ca.Name, "does nothing: the address does not say https");
        }

        bool forwardsBody = ForwardBody.Read(scope);
        foreach (Placed<FieldName> header in RequestHeaders.Read(scope) ?? [])
        {
            if (IsOfABody(header.Value.ToString()))
            {
                scope.Report(header.Node, RequestHeaders.Name,
                    $"{header.Node.Describe()} speaks of a body, of which the auth server is told "
                        + (forwardsBody ? "length and type anyway" : "nothing"));
            }
        }

        int bodyBytesMax = BodyBytes.Read(scope);
        if (!forwardsBody && bodyBytesMax != ForwardAuthSettings.BodyBytesDefault
            && scope.TryFind(BodyBytes.Name, out Toml.TomlEntry bodyBytes))
        {
            scope.Report(bodyBytes.Value, BodyBytes.Name, $"does nothing without {ForwardBody.Name}");
        }

        if (forwardsBody && CacheBy.Read(scope) == "credential" && scope.TryFind(CacheBy.Name, out Toml.TomlEntry by))
        {
            scope.Report(by.Value, CacheBy.Name,
                $"\"credential\" leaves the body out of account, and {ForwardBody.Name} says that it counts");
        }

        var settings = new ForwardAuthSettings
        {
            Name = name,
            Address = address?.ToUri() ?? new Uri("http://localhost"), // a fault is reported
            CaPem = ca?.Text ?? "",
            RequestHeaders = NamesOf(RequestHeaders.Read(scope), RequestHeadersDefault),
            ResponseHeaders = NamesOf(ResponseHeaders.Read(scope), []),
            AnswerHeaders = NamesOf(AnswerHeaders.Read(scope), AnswerHeadersDefault),
            Cookies = PlacedItems.Values(Cookies.Read(scope)),
            UserHeader = UserHeader.Read(scope),
            BodyBytesMax = forwardsBody ? bodyBytesMax : 0,
            Timeout = Timeout.Read(scope),
            OpensOnFailure = OnFailure.Read(scope) == "open",
            CacheTime = CacheTime.Read(scope),
            CachesByCredential = CacheBy.Read(scope) == "credential",
            Depth = DepthKey.Key.ReadValue(scope),
        };
        settings = IdentityKeys.Read(scope, settings, hasForward: false);
        return address is null ? null : settings;
    }

    // What the client of .NET takes for a field of the content, which a GET has none of.
    private static bool IsOfABody(string name) =>
        name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Allow", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Expires", StringComparison.OrdinalIgnoreCase)
        || name.Equals("Last-Modified", StringComparison.OrdinalIgnoreCase);

    private static Sequence<FieldName> NamesOf(IReadOnlyList<Placed<FieldName>>? read, string[] otherwise) =>
        read is not null
            ? PlacedItems.Values(read)
            : new Sequence<FieldName>([.. Array.ConvertAll(otherwise, FieldName.Of)]);

    private static string TomlOf(string[] names) => $"[{string.Join(", ", Array.ConvertAll(names, n => $"\"{n}\""))}]";
}
