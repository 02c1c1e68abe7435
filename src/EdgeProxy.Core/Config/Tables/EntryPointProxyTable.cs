using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.EntryPoints;

namespace EdgeProxy.Config.Tables;

/// <summary>[entrypoints.NAME.proxy_protocol]</summary>
internal static class EntryPointProxyTable
{
    private static readonly NetworkListKey TrustedIps = new("trusted_ips",
        "Who may begin a connection with the header: addresses and ranges. From others it is not looked for.")
    {
        IsRequired = true,
        NeedsItems = true,
        ExampleToml = "[\"10.0.0.0/8\"]",
    };

    private static readonly BooleanKey IsRequired = new("required",
        "Connections without the header, and those of others, are closed.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("proxy_protocol", IsNamed: false,
        "Proxies in front say who the client is by the PROXY protocol, version 1 or 2.", [TrustedIps, IsRequired]);

    /// <summary>Null if there is none.</summary>
    public static ProxyProtocolSettings? Parse(TableScope parent)
    {
        if (parent.Below(Declaration) is not { } scope)
        {
            return null;
        }

        return new ProxyProtocolSettings
        {
            TrustedIps = PlacedItems.Values<IPNetwork>(TrustedIps.Read(scope)),
            IsRequired = IsRequired.Read(scope),
        };
    }
}
