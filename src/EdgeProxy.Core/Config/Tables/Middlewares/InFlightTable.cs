using System;
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

    private static readonly IntegerKey Queue = new("queue", 0, InFlightSettings.RequestsMax, "requests",
        "Requests of one source that wait for their turn before any is refused.")
    {
        Default = 0,
        DefaultToml = "0",
        ZeroMeans = "none waits",
    };

    private static readonly DurationKey QueueTimeout = new("queue_timeout", TimeSpan.FromMilliseconds(1),
        TimeSpan.FromMinutes(1), "How long a request waits before it is refused.")
    {
        Default = InFlightSettings.QueueTimeoutDefault,
        DefaultToml = "\"1s\"",
    };

    private static readonly SourceKeys Source = new("all", SourceKind.All);

    public static TableDeclaration Declaration { get; } = new("in_flight", IsNamed: false,
        "Lets so many requests be under way at once.", [Max, Queue, QueueTimeout, .. Source.Declared])
    {
        ExampleName = "share",
    };

    public static MiddlewareSettings? Parse(string name, TableScope scope)
    {
        int? max = Max.Read(scope);
        SourceSettings source = Source.Read(scope);
        int keys = SourceKeys.ReadKeys(scope);
        int queue = Queue.Read(scope) ?? 0;
        TimeSpan queueTimeout = QueueTimeout.Read(scope);
        return max is not { } requests ? null : new InFlightSettings
        {
            Name = name,
            Max = requests,
            Source = source,
            Keys = keys,
            Queue = queue,
            QueueTimeout = queueTimeout,
        };
    }
}
