using EdgeProxy.Config.Keys;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.body_limit]</summary>
internal static class BodyLimitTable
{
    private static readonly SizeKey Max = new("max", 0, 1 << 30,
        "Longest request body. One that declares more is refused at once, a chunked one where it passes the limit.")
    {
        IsRequired = true,
        Default = -1,
        ExampleToml = "\"1MiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("body_limit", IsNamed: false,
        "Refuses longer request bodies with 413, without holding any back.",
        [Max])
    {
        ExampleName = "small",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope) =>
        Max.Read(scope) is >= 0 and var max ? new BodyLimitSettings { Name = name, BytesMax = max } : null;
}
