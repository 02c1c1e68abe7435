using System.Diagnostics;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Middlewares;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config;

/// <summary>From settings to what runs: the only place that names every middleware.</summary>
internal static class MiddlewareBuilder
{
    public static Middleware Build(MiddlewareSettings settings) => settings switch
    {
        StripPrefixSettings stripPrefix => new StripPrefix(stripPrefix),
        HeadersSettings headers => new Headers(headers),
        AddPrefixSettings addPrefix => new AddPrefix(addPrefix),
        StripPrefixRegexSettings stripPrefixRegex => new StripPrefixRegex(stripPrefixRegex),
        ReplacePathSettings replacePath => new ReplacePath(replacePath),
        ReplacePathRegexSettings replacePathRegex => new ReplacePathRegex(replacePathRegex),
        RedirectSchemeSettings redirectScheme => new RedirectScheme(redirectScheme),
        RedirectEntryPointSettings redirectEntryPoint => new RedirectEntryPoint(redirectEntryPoint),
        RedirectRegexSettings redirectRegex => new RedirectRegex(redirectRegex),
        RespondSettings respond => new Respond(respond),
        QuerySettings query => new Query(query),
        CorsSettings cors => new Cors(cors),
        SecurityHeadersSettings securityHeaders => new SecurityHeaders(securityHeaders),
        BodyLimitSettings bodyLimit => new BodyLimit(bodyLimit),
        BufferingSettings buffering => new Buffering(buffering),
        ErrorsSettings errors => new Errors(errors),
        RateLimitSettings rateLimit => new RateLimit(rateLimit),
        InFlightSettings inFlight => new InFlight(inFlight),
        IpListSettings ipList => new IpList(ipList),
        ApiKeySettings apiKey => new ApiKey(apiKey),
        BasicAuthSettings basicAuth => new BasicAuth(basicAuth),
        JwtSettings jwt => new Jwt(jwt),
        ForwardAuthSettings forwardAuth => new ForwardAuth(forwardAuth),
        ClientCertSettings clientCert => new ClientCert(clientCert),
        CompressSettings compress => new Compress(compress),
        AiGuardSettings aiGuard => new AiGuard(
            aiGuard, static connectTimeout => OutboundHttp.Create("", connectTimeout)),
        _ => throw new UnreachableException(settings.GetType().Name),
    };
}
