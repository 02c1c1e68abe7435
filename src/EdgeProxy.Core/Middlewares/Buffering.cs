using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Which bodies are read whole before they are passed on.</summary>
internal sealed record BufferingSettings : MiddlewareSettings
{
    public const int BytesDefault = 1024 * 1024;

    public const int MemoryMin = 1024 * 1024;

    public const int MemoryMax = 1024 * 1024 * 1024;

    /// <summary>Longest request body; 0: request bodies pass as they come.</summary>
    public int RequestBytesMax { get; init; } = BytesDefault;

    /// <summary>Longest answer that is held; 0: answers pass as they come.</summary>
    public int AnswerBytesMax { get; init; } = BytesDefault;

    /// <summary>A longer answer is a 502; else it passes as it comes.</summary>
    public bool RefusesLongerAnswer { get; init; }

    /// <summary>Memory for all bodies it holds at once, on all loops.</summary>
    public int Memory { get; init; } = BodyBudget.BytesDefault;
}

/// <summary>
/// <c>buffering</c>: the server gets a request once its body is here whole, and the client an answer once that is, so
/// that neither waits for the other. In memory only, which is bounded. Streams are left alone: gRPC, events, tunnels.
/// </summary>
internal sealed class Buffering(BufferingSettings settings) : Middleware
{
    private static readonly MediaRange Grpc = MediaRange.Parse("application/grpc*")!;

    private readonly BodyBudget _budget = new() { BytesMax = settings.Memory };

    /// <summary>Bytes of the bodies it holds now.</summary>
    public long HeldBytes => _budget.Taken;

    public override Verdict OnRequest(Exchange exchange)
    {
        RequestHead request = exchange.Request;
        if (request.WantsUpgrade || IsGrpc(exchange))
        {
            return Verdict.Next;
        }

        if (settings.AnswerBytesMax > 0)
        {
            exchange.Whole.WantAnswer(settings.AnswerBytesMax, settings.RefusesLongerAnswer, _budget);
        }

        return settings.RequestBytesMax > 0
            ? WholeRequest.Read(exchange, this, settings.RequestBytesMax, _budget)
            : Verdict.Next;
    }

    private static bool IsGrpc(Exchange exchange) =>
        exchange.Request.TryFind("content-type"u8, exchange.ClientSource.Head, out System.ReadOnlySpan<byte> type)
        && Grpc.Has(type);
}
