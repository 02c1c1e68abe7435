using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Pipeline;

/// <summary>
/// Whether an exchange may be tried again: what RFC 9110 section 9.2.2 lets a proxy repeat, what the service's settings
/// want repeated, and no more of it than the service's budget.
/// </summary>
internal static class Retry
{
    // RFC 8305 section 5 has 0.25 to 2 s between two addresses. One lost SYN is not repeated before 1 s.
    private const long NameConnectMs = 1_000;

    // Connection attempts for one exchange of a service without settings: the first, and two on other servers.
    private static readonly RetrySettings s_default = new() { On = RetryCauses.Connect };

    /// <summary>The exchange goes to a service: what of it must be kept for another try is.</summary>
    public static void Begin(Exchange exchange)
    {
        Service service = exchange.Service!;
        RequestHead request = exchange.Request;
        exchange.MayRepeat = exchange.Call?.MayRepeat ?? IsIdempotent(request.Method);
        int keptMax = exchange.Fallbacks.BodyBytesMax;
        if (service.Settings.Retry is { } settings)
        {
            exchange.MayRepeat |= settings.IdempotencyKey && HasIdempotencyKey(request, exchange.ClientSource.Head);
            service.Shard(exchange.Shard.Loop.Index).LiveCount++;
            exchange.IsLive = true;
            keptMax = settings.Attempts > 1 ? Math.Max(keptMax, settings.BodyBytesMax) : keptMax;
        }

        bool fits = request.Framing != BodyFraming.ContentLength || request.ContentLength <= keptMax;
        exchange.ClientSource.KeepBytesMax = exchange.MayRepeat && fits ? keptMax : 0;
    }

    /// <summary>The exchange is over: it counts no more.</summary>
    public static void End(Exchange exchange)
    {
        if (exchange.IsLive)
        {
            ServiceShard shard = exchange.Service!.Shard(exchange.Shard.Loop.Index);
            shard.LiveCount--;
            shard.RetryingCount -= exchange.IsRetrying ? 1 : 0;
            exchange.IsLive = false;
            exchange.IsRetrying = false;
        }
    }

    /// <summary>Whether the try that just failed may be followed by another, if there is a server for it.</summary>
    public static bool IsWanted(Exchange exchange, RetryCauses cause)
    {
        Service service = exchange.Service!;
        RetrySettings settings = service.Settings.Retry ?? s_default;
        bool isSafe = cause == RetryCauses.Connect || exchange.MayRepeat;
        if (!isSafe || (settings.On & cause) == 0 || exchange.Attempts >= settings.Attempts
            || exchange.InterimCount > 0 || !exchange.ClientSource.CanRewind)
        {
            return false;
        }

        if (cause == RetryCauses.Status && !settings.Statuses.Contains(exchange.Response.StatusCode))
        {
            return false;
        }

        return service.Settings.Retry is null || exchange.IsRetrying || TryEnter(exchange, service, settings);
    }

    /// <summary>
    /// How long an address of a name is waited for while another could be asked instead; 0 for as long as any server.
    /// </summary>
    public static long ConnectMsOf(Exchange exchange)
    {
        Service service = exchange.Service!;
        RetrySettings settings = service.Settings.Retry ?? s_default;
        bool isShort = exchange.Server!.IsOfName && (settings.On & RetryCauses.Connect) != 0
            && exchange.Attempts < settings.Attempts
            && service.HasOther(in exchange.Tried, exchange.Shard.Loop.NowMs);
        return isShort ? NameConnectMs : 0;
    }

    /// <summary>The server said when to come again, and it is not now (RFC 9110 section 10.2.3).</summary>
    public static bool HasRetryAfter(ResponseHead response, ReadOnlySpan<byte> head)
    {
        foreach (ref readonly HeaderField field in response.Fields)
        {
            if (Ascii.EqualsIgnoreCase(field.Name.Of(head), "retry-after"u8))
            {
                return !field.Value.Of(head).SequenceEqual("0"u8);
            }
        }

        return false;
    }

    // RFC 9110 section 9.2.2; a method we do not know is not known to be idempotent.
    public static bool IsIdempotent(Method method) =>
        method is Method.Get or Method.Head or Method.Options or Method.Put or Method.Delete;

    private static bool TryEnter(Exchange exchange, Service service, RetrySettings settings)
    {
        ServiceShard shard = service.Shard(exchange.Shard.Loop.Index);
        int most = Math.Max(settings.BudgetMin, shard.LiveCount * settings.BudgetShare / 100);
        if (shard.RetryingCount >= most)
        {
            exchange.Shard.Counters.Add(Counter.RetriesOverBudget);
            return false;
        }

        shard.RetryingCount++;
        exchange.IsRetrying = true;
        return true;
    }

    private static bool HasIdempotencyKey(RequestHead request, ReadOnlySpan<byte> head)
    {
        foreach (ref readonly HeaderField field in request.Fields)
        {
            if (Ascii.EqualsIgnoreCase(field.Name.Of(head), "idempotency-key"u8) && !field.Value.IsEmpty)
            {
                return true;
            }
        }

        return false;
    }
}
