using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>The keys that say what requests a limit counts together.</summary>
internal sealed class SourceKeys
{
    private static readonly IntegerKey Ipv6Prefix = new("ipv6_prefix", 16, 128, "bits",
        "IPv6 addresses with the same first bits are one source.")
    {
        Default = SourceSettings.Ipv6PrefixDefault,
        DefaultToml = SourceSettings.Ipv6PrefixDefault.ToString(CultureInfo.InvariantCulture),
    };

    private static readonly IntegerKey Keys = new("keys_max", 8, RateLimitSettings.KeysMax, "sources",
        "Sources told apart at a time, 17 bytes each. Over it the one that matters least is forgotten.")
    {
        Default = RateLimitSettings.KeysDefault,
        DefaultToml = RateLimitSettings.KeysDefault.ToString(CultureInfo.InvariantCulture),
    };

    private readonly PartsKey _key;

    public SourceKeys(string standard, SourceKind kind)
    {
        _key = new PartsKey("key", "What requests are counted by; several joined with + have to be alike in each.")
        {
            Default = new([new SourcePart(kind)]),
            DefaultToml = $"\"{standard}\"",
        };
    }

    public IReadOnlyList<Key> Declared => [_key, Ipv6Prefix, DepthKey.Key, Keys];

    public static int ReadKeys(TableScope scope) => Keys.ReadValue(scope);

    public SourceSettings Read(TableScope scope) => new()
    {
        Parts = _key.Read(scope),
        Ipv6Prefix = Ipv6Prefix.ReadValue(scope),
        Depth = DepthKey.Key.ReadValue(scope),
    };

    private sealed class PartsKey(string name, string doc) : Key<Sequence<SourcePart>>(name, doc)
    {
        private const string HeaderPrefix = "header:";

        public override string TypeText => "string";

        public override string Accepts => "write one of " + Range;

        public override string Range =>
            "all, client_ip, host, consumer, header:X-Tenant (requests without it count together), or several: "
                + $"consumer+header:X-Tenant, up to {SourceSettings.PartsMax}";

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out Sequence<SourcePart>? value)
        {
            value = null;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

            var parts = new List<SourcePart>();
            foreach (string part in text.Split('+'))
            {
                if (Parse(part) is not { } read || parts.Contains(read))
                {
                    return Refuse(node, scope, "is unknown");
                }

                parts.Add(read);
            }

            bool isAlone = parts is [_] || !parts.Exists(static part => part.Kind == SourceKind.All);
            value = new Sequence<SourcePart>(parts);
            return (isAlone && parts.Count <= SourceSettings.PartsMax) || Refuse(node, scope, "is unknown");
        }

        private static SourcePart? Parse(string text)
        {
            FieldName? header = null;
            SourceKind? kind = text switch
            {
                "all" => SourceKind.All,
                "client_ip" => SourceKind.ClientIp,
                "host" => SourceKind.Host,
                "consumer" => SourceKind.Consumer,
                _ when text.StartsWith(HeaderPrefix, StringComparison.Ordinal)
                    && FieldName.TryCreate(text[HeaderPrefix.Length..], out header) => SourceKind.Header,
                _ => null,
            };
            return kind is { } known ? new SourcePart(known, header) : null;
        }
    }
}

/// <summary>How many proxies stand in front.</summary>
internal static class DepthKey
{
    public static IntegerKey Key { get; } = new("depth", 0, SourceAddress.DepthMax, "",
        "The client's place from the right of X-Forwarded-For, counted only if the connection is from trusted_ips.")
    {
        Default = 0,
        DefaultToml = "0",
        ZeroMeans = "the connection's own address",
    };
}
