using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Services;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.failover]</summary>
internal static class FailoverTable
{
    private const int FirstFinal = 200;

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

    private static readonly StatusListKey Statuses = new("statuses",
        "Answers of the main service that are thrown away, and its request sent to the fallback if it may be repeated "
            + "(GET, HEAD, OPTIONS, PUT, DELETE). What the proxy answers in its place counts: 502 for a server that "
            + "closes, 504 for one that is late, 503 for none; where nothing was sent, for any request.", FirstFinal)
    {
        ExampleToml = "[\"502-504\"]",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes_max", 0, RetryLimits.BodyBytesMax,
        "With statuses: the longest body kept for the fallback. With a longer one a request is sent once.")
    {
        Default = RetryLimits.BodyBytesDefault,
        DefaultToml = $"\"{SizeText.Format(RetryLimits.BodyBytesDefault)}\"",
    };

    public static TableDeclaration Declaration { get; } = new("failover", IsNamed: false,
        "Instead of servers: a service, and another that takes its place while health checks say that none of its "
            + "servers is usable, or when it answers with one of the statuses.",
        [Main, Fallback, Statuses, BodyBytes])
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
            statuses = ["502-504"]
            """,
    };

    /// <summary>What could be read; no members if one of them is missing.</summary>
    public static ComposedDocument Parse(string name, string path, TableScope scope)
    {
        Placed<string>? main = Main.Read(scope);
        Placed<string>? fallback = Fallback.Read(scope);
        StatusSet statuses = Statuses.ReadSet(scope, StatusSet.Empty);
        int bodyBytes = BodyBytes.Read(scope);
        bool hasStatuses = scope.TryFind(Statuses.Name, out _);
        if (!hasStatuses && scope.TryFind(BodyBytes.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, BodyBytes.Name, "does nothing without statuses");
        }

        IReadOnlyList<PlacedMember> members = [];
        if (main is { } first && fallback is { } second)
        {
            members = [new PlacedMember(first, 1), new PlacedMember(second, 1)];
            if (first.Value == second.Value)
            {
                scope.Report(second.Node, Fallback.Name, $"{second.Node.Describe()} is the main service, too");
            }
        }

        return new ComposedDocument(path, members, new ComposedSettings
        {
            Name = name,
            Kind = ComposedKind.Failover,
            Statuses = statuses,
            BodyBytesMax = hasStatuses ? bodyBytes : 0,
        });
    }
}
