using System.Collections.Generic;
using EdgeProxy.Config.Keys;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.failover]</summary>
internal static class FailoverTable
{
    private static readonly ServiceNameKey Main = new("service", "The service that answers while it can.")
    {
        IsRequired = true,
        ExampleToml = "\"app\"",
    };

    private static readonly ServiceNameKey Fallback = new("fallback",
        "The service that answers while the main one has no usable server.")
    {
        IsRequired = true,
        ExampleToml = "\"spare\"",
    };

    public static TableDeclaration Declaration { get; } = new("failover", IsNamed: false,
        "Instead of servers: a service, and another that takes its place while health checks say that none of its "
            + "servers is usable.",
        [Main, Fallback])
    {
        ExampleName = "app-or-spare",
        IsAlone = true,
        ExampleToml = """
            [services.app.health_check]
            path = "/healthz"

            [services.spare]
            servers = [{ url = "http://10.0.0.9:8080" }]

            [services.app-or-spare.failover]
            service = "app"
            fallback = "spare"
            """,
        Later = ["statuses"],
    };

    /// <summary>The main service and its fallback; null if one is missing.</summary>
    public static IReadOnlyList<PlacedMember>? Parse(TableScope scope)
    {
        Placed<string>? main = Main.Read(scope);
        Placed<string>? fallback = Fallback.Read(scope);
        if (main is not { } first || fallback is not { } second)
        {
            return null;
        }

        if (first.Value == second.Value)
        {
            scope.Report(second.Node, Fallback.Name, $"{second.Node.Describe()} is the main service, too");
        }

        return [new PlacedMember(first, 1), new PlacedMember(second, 1)];
    }
}
