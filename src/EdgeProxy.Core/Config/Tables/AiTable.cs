using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Pipeline.Bodies;

namespace EdgeProxy.Config.Tables;

/// <summary>[ai]</summary>
internal static class AiTable
{
    private static readonly SizeKey BufferBytes = new("buffer_bytes_max", AiLimits.BufferBytesMin,
        AiLimits.BufferBytesMax,
        "Memory for request bodies that are read whole, and for those kept for another try, in all. Over it: 503 with "
            + "Retry-After, and no other try.")
    {
        Default = BodyBudget.BytesDefault,
        DefaultToml = "\"64MiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("ai", IsNamed: false,
        "What services with models share: the providers, and memory.", [BufferBytes])
    {
        Tables = [AiProviderTable.Declaration],
    };

    /// <summary>Without the tables below it.</summary>
    public static int ReadBufferBytes(TableScope scope) => BufferBytes.Read(scope);
}
