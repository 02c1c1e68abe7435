using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config.Tables;

/// <summary>[consumers.NAME]</summary>
internal static class ConsumerTable
{
    private static readonly KeysKey Keys = new("keys",
        "API keys that prove it, by their SHA-256: edgeproxy hash-password --key prints it. A key is long and random.")
    {
        ExampleToml = "[{ sha256 = \"" + ExampleHash + "\" }]",
        IsChosen = true,
    };

    private static readonly UserListKey Users = new("users",
        "Users of basic_auth that are this consumer.")
    {
        ExampleToml = "[\"alice\"]",
    };

    private static readonly FingerprintListKey Certificates = new("certificates",
        "Client certificates that prove it (client_cert), by their SHA-256: openssl x509 -noout -fingerprint -sha256.")
    {
        ExampleToml = "[\"" + ExampleHash + "\"]",
    };

    private static readonly ClaimRulesKey Claims = new("claims",
        "Claims of a token (jwt) that prove it, all together, each with one of its values. With more than one issuer "
            + "name iss, too. A token that proves two consumers proves none.")
    {
        ExampleToml = "{ sub = [\"alice\"] }",
    };

    private static readonly ModelNameListKey Models = new("models",
        "Models it may use, of all services with models. Without it: all, and so may a caller that is no consumer, if "
            + "the router lets it pass.")
    {
        ExampleToml = "[\"fast\"]",
    };

    private static readonly TextKey Plan = new("plan", ConfigLimits.NameCharsMax,
        "The plan that says how much of models it may use. Without it: no limit.")
    {
        Default = "",
        ExampleToml = "\"basic\"",
    };

    // SHA-256 of nothing: an empty key is never looked up.
    private const string ExampleHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    public static TableDeclaration Declaration { get; } = new("consumers", IsNamed: true,
        "Who calls: what proves it. Identity middlewares find the consumer; limits and the server know its name.",
        [Keys, Users, Certificates, Claims, Models, Plan])
    {
        ExampleName = "alice",
    };

    /// <summary>Where the consumer names its plan.</summary>
    public static string PlanKey => Plan.Name;

    /// <summary>All consumers; what two of them claim is a fault.</summary>
    public static Sequence<ConsumerSettings> ParseAll(IEnumerable<(string Name, TableScope Scope)> tables)
    {
        var consumers = new List<ConsumerSettings>();
        var keys = new Dictionary<Digest256, string>();
        var users = new Dictionary<string, string>(System.StringComparer.Ordinal);
        var certificates = new Dictionary<Digest256, string>();
        foreach ((string name, TableScope scope) in tables)
        {
            IReadOnlyList<Placed<Digest256>> ownCertificates = Certificates.Read(scope) ?? [];
            IReadOnlyList<Placed<Digest256>> ownKeys = Keys.Read(scope) ?? [];
            IReadOnlyList<Placed<string>> ownUsers = Users.Read(scope) ?? [];
            Sequence<ClaimRule> ownClaims = Claims.Read(scope) ?? Sequence<ClaimRule>.Empty;
            if (!scope.TryFind(Keys.Name, out _) && !scope.TryFind(Users.Name, out _)
                && !scope.TryFind(Certificates.Name, out _) && !scope.TryFind(Claims.Name, out _))
            {
                scope.Report(scope.Table, "", "can be proved by nothing; write keys, users, certificates or claims");
            }

            ReportTaken(scope, Keys.Name, ownKeys, keys, name);
            ReportTaken(scope, Certificates.Name, ownCertificates, certificates, name);
            ReportTaken(scope, Users.Name, ownUsers, users, name);
            consumers.Add(new ConsumerSettings
            {
                Name = name,
                Keys = PlacedItems.Values(ownKeys),
                Users = PlacedItems.Values(ownUsers),
                Certificates = PlacedItems.Values(ownCertificates),
                Claims = ownClaims,
                Models = PlacedItems.Values(Models.Read(scope)),
                Plan = Plan.Read(scope)!,
            });
        }

        return new Sequence<ConsumerSettings>(consumers);
    }

    private static void ReportTaken<T>(
        TableScope scope, string key, IReadOnlyList<Placed<T>> items, Dictionary<T, string> taken, string name)
        where T : notnull
    {
        foreach (Placed<T> item in items)
        {
            if (!taken.TryAdd(item.Value, name))
            {
                scope.Report(item.Node, key, $"proves consumer {taken[item.Value]} already");
            }
        }
    }

    /// <summary>One { sha256 } of keys.</summary>
    private static class KeyTable
    {
        private static readonly DigestKey Hash = new("sha256", "The key's SHA-256.")
        {
            IsRequired = true,
            ExampleToml = "\"" + ExampleHash + "\"",
        };

        public static TableDeclaration Declaration { get; } =
            new("keys", IsNamed: false, "One key.", [Hash]) { Later = ["expires", "plan"] };

        public static Digest256? Parse(TableScope scope) => Hash.Read(scope);
    }

    private sealed class DigestKey(string name, string doc) : Key<Digest256?>(name, doc)
    {
        public override string TypeText => "string";

        public override string Accepts => "write " + Range;

        public override string Range => $"{Digest256.HexChars} hex digits";

        protected override bool TryParse(TomlNode node, TableScope scope, out Digest256? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            if (!Digest256.TryParse(text, out Digest256 digest))
            {
                // Not quoted: it may be the key itself, written here by mistake.
                scope.Report(node, Name, "is not a SHA-256; " + Accepts);
                return false;
            }

            value = digest;
            return true;
        }
    }

    private sealed class KeysKey(string name, string doc) : Key<IReadOnlyList<Placed<Digest256>>>(name, doc)
    {
        public override bool IsSecret => true;

        public override string TypeText => "list of tables";

        public override string Accepts => "write " + Range;

        public override string Range => $"[{{ sha256 = \"64 hex digits\" }}], 1 to {ConsumerSettings.KeysMax}";

        public override KeyShape Shape => new ListShape(new TableShape(KeyTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<Placed<Digest256>>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > ConsumerSettings.KeysMax)
            {
                scope.Report(node, Name, $"has {array.Items.Count} keys; write 1 to {ConsumerSettings.KeysMax}");
                return false;
            }

            var keys = new List<Placed<Digest256>>(array.Items.Count);
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    scope.Report(item, Name, "is not a table; " + Accepts);
                }
                else if (KeyTable.Parse(scope.Within(table, Name, KeyTable.Declaration)) is { } digest)
                {
                    keys.Add(new Placed<Digest256>(digest, item));
                }
            }

            value = keys;
            return true;
        }
    }
}
