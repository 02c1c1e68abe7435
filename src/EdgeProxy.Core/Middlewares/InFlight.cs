using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Limits;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares;

/// <summary>How many requests of one source may be under way at once.</summary>
internal sealed record InFlightSettings : MiddlewareSettings
{
    public const int RequestsMax = 1_000_000;

    /// <summary>Requests at once.</summary>
    public required int Max { get; init; }

    public SourceSettings Source { get; init; } = new() { Kind = SourceKind.All };

    /// <summary>Sources told apart at a time; 17 bytes each.</summary>
    public int Keys { get; init; } = RateLimitSettings.KeysDefault;
}

/// <summary>
/// <c>in_flight</c>: refuses a request while its source has as many under way as it may: 503 when all count together
/// (the service is full), 429 when one source has its share. A request counts until its exchange ends, a tunnel too.
/// </summary>
internal sealed class InFlight(InFlightSettings settings) : Middleware
{
    private static readonly LocalAnswer Full = new(
        503, "text/plain; charset=utf-8", "503: too many requests at once\n"u8.ToArray());

    private static readonly LocalAnswer TooMany = new(
        429, "text/plain; charset=utf-8", "429: too many requests at once\n"u8.ToArray());

    private readonly SourceKey _key = new(settings.Source);
    private readonly KeySlots _slots = new(settings.Source.Kind == SourceKind.All ? 1 : settings.Keys);

    public override Verdict OnRequest(Exchange exchange)
    {
        ulong key = _key.Of(exchange);
        bool isAllowed = _slots.Update(
            key, settings.Max, static (count, max) => count < max ? (count + 1, true) : (count, false), out long lost);
        if (lost != 0)
        {
            exchange.Shard.Counters.Add(Counter.LimitKeysForgotten);
        }

        if (isAllowed)
        {
            exchange.Notes.Add(this, key);
            return Verdict.Next;
        }

        exchange.Shard.Counters.Add(Counter.RequestsLimited);
        return exchange.Answer(settings.Source.Kind == SourceKind.All ? Full : TooMany);
    }

    public override void OnEnd(Exchange exchange)
    {
        if (exchange.Notes.TryTake(this, out ulong key))
        {
            _slots.Lower(key);
        }
    }
}
