using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.replace_path]</summary>
internal static class ReplacePathTable
{
    private static readonly PathKey Path = new("path", "The path.")
    {
        IsRequired = true,
        ExampleToml = "\"/index.html\"",
    };

    public static TableDeclaration Declaration { get; } = new("replace_path", IsNamed: false,
        "Gives every request the same path; the server hears what it was as X-Replaced-Path.",
        [Path])
    {
        ExampleName = "path",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) =>
        Path.Read(scope) is { } path ? new ReplacePathSettings { Name = name, Path = path } : null;
}
