using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>What browsers are told to refuse. An empty text leaves the field as the server sent it.</summary>
internal sealed record SecurityHeadersSettings : MiddlewareSettings
{
    /// <summary>max-age of Strict-Transport-Security; 0 sends none.</summary>
    public TimeSpan HstsMaxAge { get; init; }

    public bool HstsIncludeSubdomains { get; init; }

    public bool HstsPreload { get; init; }

    public bool NoSniff { get; init; } = true;

    /// <summary>DENY, SAMEORIGIN or empty.</summary>
    public string FrameOptions { get; init; } = "SAMEORIGIN";

    public string ReferrerPolicy { get; init; } = "strict-origin-when-cross-origin";

    public string ContentSecurityPolicy { get; init; } = "";

    public string ContentSecurityPolicyReportOnly { get; init; } = "";

    public string PermissionsPolicy { get; init; } = "";
}

/// <summary>
/// <c>security_headers</c>: sets them on every answer, the proxy's own included. Strict-Transport-Security only where
/// the client's connection is secure (RFC 6797 section 7.2).
/// </summary>
internal sealed class SecurityHeaders : Middleware
{
    private static readonly FieldName StrictTransport = FieldName.Of("Strict-Transport-Security");

    private readonly (FieldName Name, byte[] Value)[] _lines;
    private readonly byte[] _strictTransport;

    public SecurityHeaders(SecurityHeadersSettings settings)
    {
        var lines = new List<(FieldName, byte[])>();
        Add(lines, "X-Content-Type-Options", settings.NoSniff ? "nosniff" : "");
        Add(lines, "X-Frame-Options", settings.FrameOptions);
        Add(lines, "Referrer-Policy", settings.ReferrerPolicy);
        Add(lines, "Content-Security-Policy", settings.ContentSecurityPolicy);
        Add(lines, "Content-Security-Policy-Report-Only", settings.ContentSecurityPolicyReportOnly);
        Add(lines, "Permissions-Policy", settings.PermissionsPolicy);
        _lines = [.. lines];
        _strictTransport = settings.HstsMaxAge == TimeSpan.Zero ? [] : StrictTransportOf(settings);
    }

    public override Verdict OnRequest(Exchange exchange) => Verdict.Next;

    public override void OnResponse(Exchange exchange)
    {
        foreach ((FieldName name, byte[] value) in _lines)
        {
            exchange.ResponseEdits.Set(name, value);
        }

        if (exchange.IsHttps && _strictTransport.Length > 0)
        {
            exchange.ResponseEdits.Set(StrictTransport, _strictTransport);
        }
    }

    // RFC 6797 section 6.1.
    private static byte[] StrictTransportOf(SecurityHeadersSettings settings)
    {
        string seconds = ((long)settings.HstsMaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Encoding.ASCII.GetBytes($"max-age={seconds}"
            + (settings.HstsIncludeSubdomains ? "; includeSubDomains" : "")
            + (settings.HstsPreload ? "; preload" : ""));
    }

    private static void Add(List<(FieldName, byte[])> lines, string name, string value)
    {
        if (value.Length > 0)
        {
            lines.Add((FieldName.Of(name), Encoding.ASCII.GetBytes(value)));
        }
    }
}
