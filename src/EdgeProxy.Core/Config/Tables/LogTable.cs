using EdgeProxy.Config.Keys;

namespace EdgeProxy.Config.Tables;

/// <summary>[log]</summary>
internal static class LogTable
{
    private static readonly ChoiceKey Level = new("level", ["debug", "info", "warning", "error"],
        "The least severe message written: debug, info, warning or error.")
    {
        Default = "info",
        DefaultToml = "\"info\"",
    };

    private static readonly ChoiceKey Format = new("format", ["auto", "text", "json"],
        "auto is text on a terminal and JSON otherwise; text; json.")
    {
        Default = "auto",
        DefaultToml = "\"auto\"",
    };

    public static TableDeclaration Declaration { get; } = new("log", IsNamed: false,
        "The proxy's own messages, on stderr.", [Level, Format]);

    public static LogSettings Parse(TableScope scope) =>
        new() { Level = Level.Read(scope), Format = Format.Read(scope) };
}
