using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.jwt]</summary>
internal static class JwtTable
{
    private const int KeyCharsMax = 16 * 1024;
    private const int PathCharsMax = 4096; // PATH_MAX
    private const int NamesMax = 64;

    private static readonly SecretKey Secret = new("secret", 1, KeyCharsMax,
        "A shared secret of 32 bytes or more, for HS256; HS384 with 48 bytes, HS512 with 64. One of secret, "
            + "public_key, jwks_file, jwks_url.")
    {
        ExampleToml = "\"an example of thirty-two characters or more\"",
        IsChosen = true,
    };

    private static readonly SecretKey PublicKey = new("public_key", 1, KeyCharsMax,
        "A key in PEM (-----BEGIN PUBLIC KEY-----): RSA of 2048 bits or more, or a NIST curve.")
    {
        ExampleToml = "\"${cred:issuer.pem}\"",
        IsAlternative = true,
    };

    private static readonly TextKey JwksFile = new("jwks_file", PathCharsMax,
        "A key set (RFC 7517), relative to the folder of the configuration. A change of it is a reload.")
    {
        ExampleToml = "\"jwks.json\"",
        IsAlternative = true,
    };

    private static readonly ApiUrlKey JwksUrl = new("jwks_url",
        "Where the issuer publishes its key set. The last good one stays while it cannot be fetched.")
    {
        ExampleToml = "\"https://id.example.com/jwks.json\"",
        IsAlternative = true,
    };

    private static readonly PemFileKey JwksCa = new("jwks_ca", isSecret: false,
        "Who signs the certificate of jwks_url, and nobody else. Without it: whom the system trusts (SSL_CERT_FILE).")
    {
        ExampleToml = "\"/etc/edgeproxy/tls/servers-ca.pem\"",
        IsAlternative = true,
    };

    private static readonly DurationKey JwksRefresh = new("jwks_refresh", TimeSpan.FromSeconds(10),
        TimeSpan.FromDays(1), "How old keys of jwks_url may be; less if their max-age says so. A token that names "
            + "another key has them fetched at once, every 10 s at most.")
    {
        Default = IssuerSettings.RefreshDefault,
        DefaultToml = "\"10m\"",
        IsAlternative = true,
    };

    private static readonly WordListKey Issuers = new("issuers", NamesMax,
        "Values of iss, one of which the token has. Without it iss is not looked at.")
    {
        ExampleToml = "[\"https://id.example.com\"]",
    };

    private static readonly WordListKey Audiences = new("audiences", NamesMax,
        "Values of aud, one of which the token has. Without it aud is not looked at.")
    {
        ExampleToml = "[\"shop\"]",
    };

    private static readonly DurationKey Skew = new("skew", TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10),
        "How far the issuer's clock may be off when exp, nbf and iat are judged.")
    {
        Default = JwtSettings.SkewDefault,
        DefaultToml = "\"1m\"",
        ZeroMeans = "not at all",
    };

    private static readonly ClaimRulesKey Claims = new("claims",
        "Claims that have to be there, each with one of its values, or with one among several; 403 without. A dot "
            + "leads into an object.")
    {
        ExampleToml = "{ role = [\"admin\", \"editor\"] }",
    };

    private static readonly ClaimHeadersKey ClaimHeaders = new("claim_headers",
        "Tells the server the value of a claim. The client's own header of that name is removed, in every spelling.")
    {
        ExampleToml = "{ X-Subject = \"sub\" }",
    };

    private static readonly CredentialKeys Place = new("token", "access_token", isBearer: true);

    public static TableDeclaration Declaration { get; } = new("jwt", IsNamed: false,
        "Lets those pass that show a signed token (RFC 7519) with an end; 401 to others. Only algorithms of the keys' "
            + "own kind count, never none.",
        [
            Secret, PublicKey, JwksFile, JwksUrl, JwksCa, JwksRefresh, Issuers, Audiences, Skew, Claims, ClaimHeaders,
            .. Place.Declared, .. IdentityKeys.Declared,
        ])
    {
        ExampleName = "token",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        TokenKeys? keys = ReadKeys(scope, out IssuerSettings? issuer);
        var settings = new JwtSettings
        {
            Name = name,
            Keys = keys,
            Issuer = issuer,
            Place = Place.Read(scope),
            Issuers = PlacedItems.Values(Issuers.Read(scope)),
            Audiences = PlacedItems.Values(Audiences.Read(scope)),
            Skew = Skew.Read(scope),
            Claims = Claims.Read(scope) ?? Primitives.Collections.Sequence<ClaimRule>.Empty,
            Headers = ClaimHeaders.Read(scope) ?? Primitives.Collections.Sequence<ClaimHeader>.Empty,
        };
        settings = IdentityKeys.Read(scope, settings);
        return keys is null && issuer is null ? null : settings;
    }

    private static TokenKeys? ReadKeys(TableScope scope, out IssuerSettings? issuer)
    {
        string? secret = Secret.Read(scope);
        string? pem = PublicKey.Read(scope);
        string? file = JwksFile.Read(scope);
        issuer = ReadIssuer(scope);
        if (scope.Count(Secret) + scope.Count(PublicKey) + scope.Count(JwksFile) + scope.Count(JwksUrl) != 1)
        {
            scope.Report(scope.Table, "",
                "needs keys from one place; write one of secret, public_key, jwks_file, jwks_url");
            return null;
        }

        TokenKeys? keys = null;
        Key of = secret is not null ? Secret : pem is not null ? PublicKey : JwksFile;
        string? why = secret is not null ? TokenKeys.OfSecret(secret, out keys)
            : pem is not null ? TokenKeys.OfPem(pem, out keys)
            : file is null ? null
            : !scope.Files.TryRead(file, IssuerKeys.BytesMax, out string? json, out string? unread) ? unread
            : TokenKeys.OfJwks(json, out keys);
        if (why is not null && scope.TryFind(of.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, of.Name, $"{why}; {of.Accepts}");
        }

        return keys;
    }

    private static IssuerSettings? ReadIssuer(TableScope scope)
    {
        ApiUrl? url = JwksUrl.Read(scope);
        PemText? ca = JwksCa.ReadCertificates(scope);
        TimeSpan refresh = JwksRefresh.Read(scope);
        if (scope.Count(JwksUrl) == 0)
        {
            Key? idle = ca is not null ? JwksCa : refresh != IssuerSettings.RefreshDefault ? JwksRefresh : null;
            if (idle is not null && scope.TryFind(idle.Name, out TomlEntry entry))
            {
                scope.Report(entry.Value, idle.Name, $"does nothing without {JwksUrl.Name}");
            }
        }
        else if (ca is not null && url is { IsTls: false })
        {
            scope.Report(ca.Node, JwksCa.Name, $"does nothing: {JwksUrl.Name} does not say https");
        }

        return url is not { } address ? null : new IssuerSettings
        {
            Address = address.ToUri(),
            CaPem = ca?.Text ?? "",
            Refresh = refresh,
            Folder = scope.StateFolder,
        };
    }
}
