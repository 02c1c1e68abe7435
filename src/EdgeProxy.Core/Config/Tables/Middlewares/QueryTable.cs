using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.query]</summary>
internal static class QueryTable
{
    private static readonly QueryMapKey Set = new("set", "The only one of its name afterwards.")
    {
        Default = Sequence<QueryParameter>.Empty,
        ExampleToml = "{ source = \"edge\" }",
    };

    private static readonly QueryMapKey Append = new("append", "Added beside what is there.")
    {
        Default = Sequence<QueryParameter>.Empty,
        ExampleToml = "{ tag = \"a b\" }",
    };

    private static readonly QueryNameListKey Remove = new("remove", "Left out, however they are encoded.")
    {
        Default = [],
        ExampleToml = "[\"debug\"]",
    };

    public static TableDeclaration Declaration { get; } = new("query", IsNamed: false,
        "Removes, sets and appends parameters of the query, in this order.",
        [Set, Append, Remove])
    {
        ExampleName = "parameters",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope) => new QuerySettings
    {
        Name = name,
        Set = Set.Read(scope),
        Append = Append.Read(scope),
        Remove = PlacedItems.Values(Remove.Read(scope)),
    };
}
