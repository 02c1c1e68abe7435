using System;
using System.Collections.Generic;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Hashing;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Config.Keys;

/// <summary>Names of users: what may stand in front of the colon of Basic credentials (RFC 7617 section 2).</summary>
internal sealed class UserListKey(string name, string doc) : ListKey<string>(name, doc)
{
    public override string TypeText => "list of users";

    public override string Accepts => "write a list of names, " + Range;

    public override string Range => $"1 to {UserName.CharsMax} characters without ':' and control characters";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out string? item)
    {
        item = text;
        return UserName.IsValid(text) ? null : "is not a user's name";
    }
}

/// <summary>Certificates by their SHA-256, as openssl x509 -fingerprint prints it, with or without colons.</summary>
internal sealed class FingerprintListKey(string name, string doc) : ListKey<Digest256>(name, doc)
{
    public override string TypeText => "list of fingerprints";

    public override string Accepts => "write " + Range;

    public override string Range => $"[\"{Digest256.HexChars} hex digits\"], with colons or without";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out Digest256 item) =>
        Digest256.TryParse(text.Replace(":", "", StringComparison.Ordinal), out item) ? null : "is not a SHA-256";
}

/// <summary>Users and the hashes of their passwords, as htpasswd -B writes them.</summary>
internal sealed class UserHashListKey(string name, string doc) : ListKey<UserSettings>(name, doc)
{
    public override bool IsSecret => true;

    public override string TypeText => "list of users with hashes";

    public override string Accepts => "write " + Range;

    public override string Range => $"[\"alice:HASH\"], HASH {PasswordHash.Accepts}";

    protected override bool IsRequiredToHaveItems => true;

    protected override string? ParseItem(string text, out UserSettings? item) => UserSettings.Refusal(text, out item);
}

/// <summary>Keys that all identity middlewares have.</summary>
internal static class IdentityKeys
{
    private static readonly NameListKey Consumers = new("consumers", "consumer",
        "Only these may pass; 403 to others. Without it: whoever is known.")
    {
        ExampleToml = "[\"alice\"]",
    };

    private static readonly HeaderNameKey ConsumerHeader = new("consumer_header",
        "Tells the server who calls, by the consumer's name. The client's own header of that name is removed, in every "
            + "spelling.")
    {
        ExampleToml = "\"X-Consumer\"",
    };

    private static readonly BooleanKey Forward = new("forward", "Send the credential to the server, too.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static IReadOnlyList<Key> Declared { get; } = [Consumers, ConsumerHeader, Forward];

    /// <summary>Where there is no one credential to keep from the server.</summary>
    public static IReadOnlyList<Key> DeclaredWithoutForward { get; } = [Consumers, ConsumerHeader];

    /// <summary>The settings with what these keys say; names that are no consumer are faults.</summary>
    public static T Read<T>(TableScope scope, T settings, bool hasForward = true)
        where T : IdentitySettings
    {
        IReadOnlyList<Placed<string>> allowed = Consumers.Read(scope) ?? [];
        foreach (Placed<string> name in allowed)
        {
            if (!IsConsumer(scope, name.Value))
            {
                scope.Report(name.Node, Consumers.Name,
                    $"there is no consumer {name.Node.Describe()}{NearestWord.Hint(name.Value, Names(scope))}");
            }
        }

        return settings with
        {
            Consumers = scope.Consumers,
            Allowed = PlacedItems.Values(allowed),
            ConsumerHeader = ConsumerHeader.Read(scope),
            IsForwarded = hasForward && Forward.Read(scope),
        };
    }

    private static bool IsConsumer(TableScope scope, string name)
    {
        foreach (ConsumerSettings consumer in scope.Consumers)
        {
            if (consumer.Name == name)
            {
                return true;
            }
        }

        return false;
    }

    private static List<string> Names(TableScope scope)
    {
        var names = new List<string>(scope.Consumers.Count);
        foreach (ConsumerSettings consumer in scope.Consumers)
        {
            names.Add(consumer.Name);
        }

        return names;
    }
}
