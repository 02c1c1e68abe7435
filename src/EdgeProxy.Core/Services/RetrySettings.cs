using System;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Services;

/// <summary>What may make the proxy try again; statuses are <see cref="RetrySettings.Statuses"/>.</summary>
[Flags]
internal enum RetryCauses : byte
{
    None = 0,

    /// <summary>No connection came about: nothing was sent, so any request may go to another server.</summary>
    Connect = 1,

    /// <summary>The server closed or reset before it had answered.</summary>
    Reset = 2,

    /// <summary>The server did not answer in time.</summary>
    Timeout = 4,

    /// <summary>The server answered with one of <see cref="RetrySettings.Statuses"/>.</summary>
    Status = 8,

    /// <summary>The server answered a gRPC call with one of <see cref="RetrySettings.GrpcCodes"/>.</summary>
    Grpc = 16,
}

/// <summary>When a request is sent again.</summary>
internal sealed record RetrySettings
{
    /// <summary>Tries in all. Default 3; 1 to <see cref="TriedServers.Max"/>.</summary>
    public int Attempts { get; init; } = RetryLimits.AttemptsDefault;

    /// <summary>Longest wait of one try, for its connection and again for its answer. 0: the service's only.</summary>
    public TimeSpan PerTryTimeout { get; init; }

    public RetryCauses On { get; init; } = RetryCauses.Connect | RetryCauses.Reset;

    public StatusSet Statuses { get; init; } = StatusSet.Empty;

    /// <summary>
    /// Codes of gRPC, a bit each: a call that was answered with one of them and nothing else is repeated, though it is
    /// a POST. 0: none.
    /// </summary>
    public uint GrpcCodes { get; init; }

    /// <summary>A request with Idempotency-Key may be repeated whatever its method is.</summary>
    public bool IdempotencyKey { get; init; }

    /// <summary>
    /// A body longer than this is not kept, so its request is not repeated. Default 64 KiB; up to 1 MiB.
    /// </summary>
    public int BodyBytesMax { get; init; } = RetryLimits.BodyBytesDefault;

    /// <summary>
    /// Percent of a loop's requests in flight to the service that may be in a further try. Default 20.
    /// </summary>
    public int BudgetShare { get; init; } = RetryLimits.BudgetShareDefault;

    /// <summary>So many may be in any case. Default 3 (Envoy's).</summary>
    public int BudgetMin { get; init; } = RetryLimits.BudgetMinDefault;

    /// <summary>
    /// Beyond that, <see cref="BudgetShare"/> of the requests that went well at the first try within so long. 0: none.
    /// Default 10 s (Finagle's and linkerd's).
    /// </summary>
    public TimeSpan BudgetWindow { get; init; } = RetryLimits.BudgetWindowDefault;
}

/// <summary>Named limits and defaults of retries.</summary>
internal static class RetryLimits
{
    public const int AttemptsDefault = 3;
    public const int BodyBytesDefault = 64 * 1024;
    public const int BodyBytesMax = 1024 * 1024;
    public const int BudgetShareDefault = 20;
    public const int BudgetMinDefault = 3;
    public const int BudgetMinMax = 1000;
    public static readonly TimeSpan BudgetWindowDefault = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan BudgetWindowMin = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan BudgetWindowMax = TimeSpan.FromMinutes(10);

    /// <summary>The last code of gRPC (unauthenticated).</summary>
    public const int GrpcCodeMax = 16;
}
