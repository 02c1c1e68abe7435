using System.Collections.Generic;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.ip_allow_list] and [middlewares.NAME.ip_deny_list]</summary>
internal static class IpListTable
{
    private static readonly NetworkListKey SourceRange = new("source_range", "Addresses and networks.")
    {
        IsRequired = true,
        NeedsItems = true, // allowing nobody, or denying nobody, is not what anyone means
        ExampleToml = "[\"10.0.0.0/8\"]",
    };

    public static TableDeclaration Allow { get; } = new("ip_allow_list", IsNamed: false,
        "Only these addresses may ask; 403 to others.", [SourceRange, DepthKey.Key])
    {
        ExampleName = "partners",
    };

    public static TableDeclaration Deny { get; } = new("ip_deny_list", IsNamed: false,
        "These addresses may not ask; 403 to them.", [SourceRange, DepthKey.Key])
    {
        ExampleName = "blocked",
    };

    public static MiddlewareSettings? ParseAllow(string name, TableScope scope) => Parse(name, scope, true);

    public static MiddlewareSettings? ParseDeny(string name, TableScope scope) => Parse(name, scope, false);

    private static IpListSettings? Parse(string name, TableScope scope, bool isAllowing)
    {
        IReadOnlyList<Placed<IPNetwork>>? range = SourceRange.Read(scope);
        int depth = DepthKey.Key.ReadValue(scope);
        if (range is null or [])
        {
            return null;
        }

        var networks = new List<IPNetwork>(range.Count);
        foreach (Placed<IPNetwork> network in range)
        {
            networks.Add(network.Value);
        }

        return new IpListSettings
        {
            Name = name, Networks = new Sequence<IPNetwork>(networks), IsAllowing = isAllowing, Depth = depth,
        };
    }
}
