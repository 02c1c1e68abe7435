using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.security_headers]</summary>
internal static class SecurityHeadersTable
{
    private const string Off = "off";

    private static readonly TimeSpan Year = TimeSpan.FromDays(365);

    private static readonly DurationKey HstsMaxAge = new("hsts_max_age", TimeSpan.FromSeconds(1), 2 * Year,
        "How long browsers come back by https only. Sent only to clients whose own connection is secure.")
    {
        ZeroMeans = "none sent",
        DefaultToml = "\"0\"",
    };

    private static readonly BooleanKey HstsIncludeSubdomains = new("hsts_include_subdomains", "And to its subdomains.")
    {
        DefaultToml = "false",
    };

    private static readonly BooleanKey HstsPreload = new("hsts_preload",
        "May be built into browsers; needs hsts_include_subdomains and an hsts_max_age of a year.")
    {
        DefaultToml = "false",
    };

    private static readonly BooleanKey NoSniff = new("no_sniff", "X-Content-Type-Options: nosniff.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly ChoiceKey FrameOptions = new("frame_options", ["SAMEORIGIN", "DENY", Off],
        "X-Frame-Options: whose pages may show this one in a frame; off is what the server sends.")
    {
        Default = "SAMEORIGIN",
        DefaultToml = "\"SAMEORIGIN\"",
    };

    private static readonly FieldTextKey ReferrerPolicy = new("referrer_policy", "Referrer-Policy.")
    {
        EmptyMeans = "what the server sends",
        Default = "strict-origin-when-cross-origin",
        DefaultToml = "\"strict-origin-when-cross-origin\"",
    };

    private static readonly FieldTextKey ContentSecurityPolicy = Text("content_security_policy",
        "Content-Security-Policy.", "default-src 'self'");

    private static readonly FieldTextKey ContentSecurityPolicyReportOnly = Text(
        "content_security_policy_report_only", "Content-Security-Policy-Report-Only.", "default-src 'self'");

    private static readonly FieldTextKey PermissionsPolicy = Text("permissions_policy", "Permissions-Policy.",
        "camera=(), microphone=()");

    public static TableDeclaration Declaration { get; } = new("security_headers", IsNamed: false,
        "Sets on every answer what browsers are told to refuse.",
        [
            HstsMaxAge, HstsIncludeSubdomains, HstsPreload, NoSniff, FrameOptions, ReferrerPolicy,
            ContentSecurityPolicy, ContentSecurityPolicyReportOnly, PermissionsPolicy,
        ])
    {
        ExampleName = "safe",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope)
    {
        var settings = new SecurityHeadersSettings
        {
            Name = name,
            HstsMaxAge = HstsMaxAge.Read(scope),
            HstsIncludeSubdomains = HstsIncludeSubdomains.Read(scope),
            HstsPreload = HstsPreload.Read(scope),
            NoSniff = NoSniff.Read(scope),
            FrameOptions = FrameOptions.Read(scope) is var frame && frame == Off ? "" : frame,
            ReferrerPolicy = ReferrerPolicy.Read(scope),
            ContentSecurityPolicy = ContentSecurityPolicy.Read(scope),
            ContentSecurityPolicyReportOnly = ContentSecurityPolicyReportOnly.Read(scope),
            PermissionsPolicy = PermissionsPolicy.Read(scope),
        };

        // The conditions of the browsers' list; without them the word would promise what is not so.
        bool isForPreload = settings.HstsIncludeSubdomains && settings.HstsMaxAge >= Year;
        if (settings.HstsPreload && !isForPreload && scope.TryFind(HstsPreload.Name, out TomlEntry preload))
        {
            scope.Report(preload.Value, HstsPreload.Name,
                "needs hsts_include_subdomains = true and an hsts_max_age of \"8760h\" at least");
        }

        return settings;
    }

    private static FieldTextKey Text(string name, string doc, string example) => new(name, doc)
    {
        EmptyMeans = "what the server sends",
        Default = "",
        ExampleToml = $"\"{example}\"",
    };
}
