using System;
using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.cors]</summary>
internal static class CorsTable
{
    private static readonly OriginListKey AllowOrigins = new("allow_origins",
        "Origins that may; \"*\" is any, which never goes with allow_credentials.")
    {
        IsRequired = true,
        ExampleToml = "[\"https://app.example.com\"]",
    };

    private static readonly OriginRegexListKey AllowOriginRegex = new("allow_origin_regex",
        "More origins that may; each must match the whole origin.")
    {
        Default = [],
        ExampleToml = "['https://[a-z0-9-]+\\.example\\.com']",
    };

    private static readonly TokenListKey AllowMethods = new("allow_methods", "method", "Methods that may be used.")
    {
        Default = [new("GET", null!), new("HEAD", null!), new("POST", null!)],
        DefaultToml = "[\"GET\", \"HEAD\", \"POST\"]",
    };

    private static readonly TokenListKey AllowHeaders = new("allow_headers", "field name",
        "Fields that requests may have.")
    {
        Default = [],
        ExampleToml = "[\"Authorization\", \"Content-Type\"]",
    };

    private static readonly TokenListKey ExposeHeaders = new("expose_headers", "field name",
        "Fields of answers that may be read.")
    {
        Default = [],
        ExampleToml = "[\"X-Request-Id\"]",
    };

    private static readonly BooleanKey AllowCredentials = new("allow_credentials",
        "Whether answers to requests with cookies may be read.")
    {
        DefaultToml = "false",
    };

    private static readonly DurationKey MaxAge = new("max_age", TimeSpan.Zero, TimeSpan.FromDays(1),
        "How long a browser may keep the answer to a preflight.")
    {
        Default = TimeSpan.FromSeconds(5),
        DefaultToml = "\"5s\"",
    };

    public static TableDeclaration Declaration { get; } = new("cors", IsNamed: false,
        "Says which pages of other origins may read the answers, and answers their preflights. What the server "
            + "says of it is left out.",
        [
            AllowOrigins, AllowOriginRegex, AllowMethods, AllowHeaders, ExposeHeaders, AllowCredentials, MaxAge,
        ])
    {
        ExampleName = "pages",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope)
    {
        IReadOnlyList<Placed<string>> origins = AllowOrigins.Read(scope) ?? [];
        IReadOnlyList<Placed<string>> methods = AllowMethods.Read(scope);
        IReadOnlyList<Placed<string>> allowed = AllowHeaders.Read(scope);
        IReadOnlyList<Placed<string>> exposed = ExposeHeaders.Read(scope);
        var settings = new CorsSettings
        {
            Name = name,
            AllowOrigins = PlacedItems.Values(origins),
            AllowOriginRegex = PlacedItems.Values(AllowOriginRegex.Read(scope)),
            AllowMethods = PlacedItems.Values(methods),
            AllowHeaders = PlacedItems.Values(allowed),
            ExposeHeaders = PlacedItems.Values(exposed),
            AllowCredentials = AllowCredentials.Read(scope),
            MaxAge = MaxAge.Read(scope),
        };
        foreach (Placed<string> origin in origins)
        {
            if (origin.Value == OriginListKey.Any)
            {
                ReportAny(scope, settings, origin);
                settings = settings with { AllowsAnyOrigin = true };
            }
        }

        if (settings.AllowCredentials)
        {
            ReportStar(scope, AllowMethods, methods);
            ReportStar(scope, AllowHeaders, allowed);
            ReportStar(scope, ExposeHeaders, exposed);
        }

        if (scope.TryFind(AllowOrigins.Name, out TomlEntry list) && list.Value is TomlArray { Items.Count: 0 }
            && settings.AllowOriginRegex.Count == 0)
        {
            scope.Report(
                list.Value, AllowOrigins.Name, $"is empty, and there is no {AllowOriginRegex.Name}: nobody may");
        }

        return settings;
    }

    // Fetch standard: with credentials "*" is no wildcard, and an echo of any origin in its place would be one.
    private static void ReportAny(TableScope scope, CorsSettings settings, Placed<string> origin)
    {
        if (settings.AllowCredentials)
        {
            scope.Report(origin.Node, AllowOrigins.Name, "\"*\" cannot go with allow_credentials; list the origins");
        }
        else if (settings.AllowOrigins.Count + settings.AllowOriginRegex.Count > 1)
        {
            scope.Report(origin.Node, AllowOrigins.Name, "\"*\" is any origin; leave the others out");
        }
    }

    private static void ReportStar(TableScope scope, TokenListKey key, IReadOnlyList<Placed<string>> tokens)
    {
        foreach (Placed<string> token in tokens)
        {
            if (token.Value == "*")
            {
                scope.Report(token.Node, key.Name, "\"*\" cannot go with allow_credentials; list the names");
            }
        }
    }
}
