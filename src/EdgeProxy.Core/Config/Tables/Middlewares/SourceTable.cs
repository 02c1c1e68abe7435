using System;
using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
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

    private readonly KindKey _key;

    public SourceKeys(string standard, SourceKind kind)
    {
        _key = new KindKey("key", "What requests are counted by.")
        {
            Default = (kind, null),
            DefaultToml = $"\"{standard}\"",
        };
    }

    public IReadOnlyList<Key> Declared => [_key, Ipv6Prefix, DepthKey.Key, Keys];

    public static int ReadKeys(TableScope scope) => Keys.ReadValue(scope);

    public SourceSettings Read(TableScope scope)
    {
        (SourceKind kind, FieldName? header) = _key.Read(scope);
        return new SourceSettings
        {
            Kind = kind,
            Header = header,
            Ipv6Prefix = Ipv6Prefix.ReadValue(scope),
            Depth = DepthKey.Key.ReadValue(scope),
        };
    }

    private sealed class KindKey(string name, string doc) : Key<(SourceKind Kind, FieldName? Header)>(name, doc)
    {
        private const string HeaderPrefix = "header:";

        public override string TypeText => "string";

        public override string Accepts => "write one of " + Range;

        public override string Range =>
            "all, client_ip, host, consumer, header:X-Tenant (requests without it count together)";

        protected override bool TryParse(
            TomlNode node, TableScope scope, out (SourceKind Kind, FieldName? Header) value)
        {
            value = default;
            if (!TryText(node, scope, out string? text))
            {
                return false;
            }

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
            value = (kind ?? default, header);
            return kind is not null || Refuse(node, scope, "is unknown");
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
