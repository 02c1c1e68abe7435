using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.in_flight]</summary>
internal static class InFlightTable
{
    private static readonly IntegerKey Max = new("max", 1, InFlightSettings.RequestsMax, "requests",
        "Requests of one source at once. Over it: 503 if all count together, else 429.")
    {
        IsRequired = true,
        ExampleToml = "100",
    };

    private static readonly SourceKeys Source = new("all", SourceKind.All);

    public static TableDeclaration Declaration { get; } = new("in_flight", IsNamed: false,
        "Lets so many requests be under way at once.", [Max, .. Source.Declared])
    {
        ExampleName = "share",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        int? max = Max.Read(scope);
        SourceSettings source = Source.Read(scope);
        int keys = SourceKeys.ReadKeys(scope);
        return max is { } requests
            ? new InFlightSettings { Name = name, Max = requests, Source = source, Keys = keys }
            : null;
    }
}
