using System;
using System.Threading.Tasks;
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

    public SourceSettings Source { get; init; } = SourceSettings.All;

    /// <summary>Sources told apart at a time; 17 bytes each. With a queue: those with a request under way.</summary>
    public int Keys { get; init; } = RateLimitSettings.KeysDefault;

    /// <summary>Requests of one source that wait for their turn; 0: none do.</summary>
    public int Queue { get; init; }

    public TimeSpan QueueTimeout { get; init; } = QueueTimeoutDefault;

    public static TimeSpan QueueTimeoutDefault { get; } = TimeSpan.FromSeconds(1);
}

/// <summary>
/// <c>in_flight</c>: refuses a request while its source has as many under way as it may: 503 when all count together
/// (the service is full), 429 when one source has its share. A request counts until its exchange ends, a tunnel too.
/// With a queue some may wait for their turn first, in the order they came.
/// </summary>
internal sealed class InFlight(InFlightSettings settings) : Middleware
{
    private static readonly LocalAnswer Full = new(
        503, "text/plain; charset=utf-8", "503: too many requests at once\n"u8.ToArray());

    private static readonly LocalAnswer TooMany = new(
        429, "text/plain; charset=utf-8", "429: too many requests at once\n"u8.ToArray());

    private readonly SourceKey _key = new(settings.Source);
    private readonly KeySlots? _slots = settings.Queue > 0
        ? null
        : new(settings.Source.CountsAll ? 1 : settings.Keys);

    private readonly TurnQueue? _queue = settings.Queue > 0
        ? new(settings.Max, settings.Queue, settings.Source.CountsAll ? 1 : settings.Keys)
        : null;

    public override Verdict OnRequest(Exchange exchange)
    {
        ulong key = _key.Of(exchange);
        if (_queue is not null)
        {
            return Queue(exchange, _queue, key);
        }

        bool isAllowed = _slots!.Update(
            key, settings.Max, static (count, max) => count < max ? (count + 1, true) : (count, false), out long lost);
        if (lost != 0)
        {
            exchange.Shard.Counters.Add(Counter.LimitKeysForgotten);
        }

        return isAllowed ? Enter(exchange, key) : Refuse(exchange);
    }

    public override void OnEnd(Exchange exchange)
    {
        if (!exchange.Notes.TryTake(this, out ulong note))
        {
            return;
        }

        if (_queue is null)
        {
            _slots!.Lower(note);
        }
        else
        {
            _queue.Leave(note);
        }
    }

    private Verdict Queue(Exchange exchange, TurnQueue queue, ulong key)
    {
        // The note is the place in the line, from the begin to the end of the exchange, whether its turn has come or
        // not.
        if (!queue.TryEnter(key, out ulong place, out Task<bool>? turn))
        {
            return Refuse(exchange);
        }

        exchange.Notes.Add(this, place);
        if (turn is null)
        {
            return Verdict.Next;
        }

        exchange.Shard.Counters.Add(Counter.RequestsQueued);
        return Deferred.Start(exchange, WaitAsync(queue, place, turn));
    }

    private async ValueTask<Func<Exchange, Verdict>> WaitAsync(TurnQueue queue, ulong place, Task turn)
    {
        await turn.WaitAsync(settings.QueueTimeout).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        bool isTurn = queue.EndWait(place);
        return exchange =>
        {
            if (isTurn)
            {
                return Verdict.Next;
            }

            exchange.Notes.TryTake(this, out _);
            return Refuse(exchange);
        };
    }

    private Verdict Enter(Exchange exchange, ulong key)
    {
        exchange.Notes.Add(this, key);
        return Verdict.Next;
    }

    private Verdict Refuse(Exchange exchange)
    {
        exchange.Shard.Counters.Add(Counter.RequestsLimited);
        exchange.IsLimited = true;
        return exchange.Answer(settings.Source.CountsAll ? Full : TooMany);
    }
}
