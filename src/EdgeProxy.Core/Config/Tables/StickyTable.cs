using System;
using System.Text;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Services.Sticky;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.sticky], and sticky of [services.NAME.weighted]</summary>
internal static class StickyTable
{
    // What the key is for, so that no other use of the same secret has the same key; 1 if it ever has to be another.
    private const string KeyUse = "edgeproxy sticky cookie 1";

    private static readonly SecretKey Secret = new("secret", StickyLimits.SecretCharsMin, StickyLimits.SecretCharsMax,
        "What cookies are signed with. Proxies that serve the same clients need the same one. Without it: a key "
            + "derived from /etc/machine-id, so that cookies outlive restarts of this machine's proxy.")
    {
        ExampleToml = "\"sixteen characters or more\"",
    };

    private static readonly StickyCookieKey Cookie = new("cookie",
        "The cookie: name (default: made of the service's), secure (default: as the client's connection is), "
            + "http_only (true), same_site (lax), domain (the request's host), path (\"/\"), max_age (until the "
            + "browser is closed).")
    {
        ExampleToml = "{ name = \"node\", max_age = \"1h\" }",
    };

    public static TableDeclaration Declaration { get; } = new("sticky", IsNamed: false,
        "A client gets the server it got before, by a signed cookie that does not tell which one that is; another when "
            + "that server is down or gone. Also of weighted, for its services.",
        [Secret, Cookie]);

    /// <summary>Null if there is none, or it has a fault.</summary>
    public static StickySettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        string? secret = Secret.Read(scope);
        StickySettings? cookie = Cookie.Read(scope) ?? new StickySettings { Key = Sequence<byte>.Empty };
        if (secret is null && !scope.TryFind(Secret.Name, out _))
        {
            secret = scope.MachineId;
            if (secret is null)
            {
                scope.Report(scope.Table, Secret.Name,
                    "is missing, and /etc/machine-id has nothing to take its place; " + Secret.Accepts);
            }
        }

        if (secret is null)
        {
            return null;
        }

        byte[] key = HmacSha256.Of(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes(KeyUse));
        return cookie with { Key = new Sequence<byte>(key) };
    }

    private sealed class StickyCookieKey(string name, string doc) : Key<StickySettings?>(name, doc)
    {
        private const string HostPrefix = "__Host-";
        private const string SecurePrefix = "__Secure-";

        private static readonly TokenKey CookieName = new("name", StickyLimits.NameCharsMax, "Its name.")
        {
            ExampleToml = "\"node\"",
        };

        private static readonly BooleanKey Secure = new("secure",
            "Browsers send it over TLS only. Without it: if the client's own connection is secure.")
        {
            ExampleToml = "true",
        };

        private static readonly BooleanKey HttpOnly = new("http_only", "Scripts do not see it.")
        {
            Default = true,
            DefaultToml = "true",
        };

        private static readonly ChoiceKey Site = new("same_site", ["lax", "strict", "none"],
            "With which requests that other sites cause it is sent; none needs secure = true.")
        {
            Default = "lax",
            DefaultToml = "\"lax\"",
        };

        private static readonly CookieAttributeKey Domain = new("domain", "", StickyLimits.DomainCharsMax,
            "The domain it is sent to, with those below it. Without it: the host of the request only.")
        {
            ExampleToml = "\"example.com\"",
        };

        private static readonly CookieAttributeKey Path = new("path", "/", StickyLimits.PathCharsMax,
            "The path below which it is sent.")
        {
            Default = "/",
            DefaultToml = "\"/\"",
        };

        private static readonly DurationKey MaxAge = new("max_age", TimeSpan.FromSeconds(1), StickyLimits.MaxAgeMax,
            "How long a browser keeps it.")
        {
            Default = TimeSpan.Zero,
            DefaultToml = "\"0\"",
            ZeroMeans = "until it is closed",
        };

        public static TableDeclaration Declaration { get; } = new("cookie", IsNamed: false,
            "The cookie of a sticky service.", [CookieName, Secure, HttpOnly, Site, Domain, Path, MaxAge]);

        public override string TypeText => "table";

        public override string Accepts => $"write {ExampleToml}";

        public override string Range => "see the table of its own";

        public override KeyShape Shape => new TableShape(Declaration);

        protected override bool TryParse(TomlNode node, TableScope scope, out StickySettings? value)
        {
            value = null;
            if (node is not TomlTable table)
            {
                return Refuse(node, scope, "is not a table");
            }

            TableScope within = scope.Within(table, Name, Declaration);
            bool isSecure = Secure.Read(within);
            value = new StickySettings
            {
                Key = Sequence<byte>.Empty,
                Name = CookieName.Read(within) ?? "",
                Secure = within.TryFind(Secure.Name, out _) ? isSecure : null,
                HttpOnly = HttpOnly.Read(within),
                SameSite = Site.Read(within) switch
                {
                    "strict" => SameSite.Strict,
                    "none" => SameSite.None,
                    _ => SameSite.Lax,
                },
                Domain = Domain.Read(within) ?? "",
                Path = Path.Read(within),
                MaxAge = MaxAge.Read(within),
            };
            ReportUseless(value, within);
            return true;
        }

        // What a browser would refuse to keep.
        private static void ReportUseless(StickySettings cookie, TableScope scope)
        {
            if (cookie.SameSite == SameSite.None && cookie.Secure != true
                && scope.TryFind(Site.Name, out TomlEntry site))
            {
                scope.Report(site.Value, Site.Name, "\"none\" needs secure = true, or browsers drop the cookie");
            }

            bool isHost = cookie.Name.StartsWith(HostPrefix, StringComparison.OrdinalIgnoreCase);
            bool isKept = isHost
                ? cookie.Secure == true && cookie.Domain.Length == 0 && cookie.Path == "/"
                : !cookie.Name.StartsWith(SecurePrefix, StringComparison.OrdinalIgnoreCase) || cookie.Secure == true;
            if (!isKept && scope.TryFind(CookieName.Name, out TomlEntry name))
            {
                scope.Report(name.Value, CookieName.Name, isHost
                    ? "needs secure = true, path = \"/\" and no domain, or browsers drop the cookie"
                    : "needs secure = true, or browsers drop the cookie");
            }
        }
    }
}
