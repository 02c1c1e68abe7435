using System;
using System.Buffers.Text;
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
    // RFC 8305 section 5: Connection Attempt Delay.
    private const long RaceMs = 250;

    // A stream of HTTP/2 shares its connection with others: it does not race. One lost SYN is not repeated before 1 s.
    private const long NameConnectMs = 1_000;

    private static readonly MediaRange Grpc = MediaRange.Parse("application/grpc*")!;

    // Connection attempts for one exchange of a service without settings: the first, and two on other servers.
    private static readonly RetrySettings s_default = new() { On = RetryCauses.Connect };

    /// <summary>The exchange goes to a service: what of it must be kept for another try is.</summary>
    public static void Begin(Exchange exchange)
    {
        Service service = exchange.Service!;
        RequestHead request = exchange.Request;
        exchange.MayRepeat = exchange.Call?.MayRepeat ?? IsOfAnyConnection(exchange);
        int keptMax = exchange.Fallbacks.BodyBytesMax;
        bool mayRepeatCall = false;
        if (service.Settings.Retry is { } settings)
        {
            exchange.MayRepeat = exchange.MayRepeat
                || (settings.IdempotencyKey && !exchange.HasConnectionCredentials
                    && HasIdempotencyKey(request, exchange.ClientSource.Head));
            service.Shard(exchange.Shard.Loop.Index).LiveCount++;
            exchange.IsLive = true;
            mayRepeatCall = settings.GrpcCodes != 0 && !exchange.HasConnectionCredentials && IsCall(exchange);
            keptMax = settings.Attempts > 1 ? Math.Max(keptMax, settings.BodyBytesMax) : keptMax;
        }

        bool fits = request.Framing != BodyFraming.ContentLength || request.ContentLength <= keptMax;
        exchange.ClientSource.KeepBudget = exchange.Shard.Bodies;
        exchange.ClientSource.KeepBytesMax = (exchange.MayRepeat || mayRepeatCall) && fits ? keptMax : 0;
    }

    /// <summary>The exchange is over: it counts no more.</summary>
    public static void End(Exchange exchange)
    {
        if (exchange.IsLive)
        {
            ServiceShard shard = exchange.Service!.Shard(exchange.Shard.Loop.Index);
            shard.LiveCount--;
            shard.RetryingCount -= exchange.IsRetrying ? 1 : 0;
            Earn(exchange, shard);
            exchange.IsLive = false;
            exchange.IsRetrying = false;
            exchange.IsAnswerUnwanted = false;
        }
    }

    /// <summary>Whether the try that just failed may be followed by another, if there is a server for it.</summary>
    public static bool IsWanted(Exchange exchange, RetryCauses cause)
    {
        Service service = exchange.Service!;
        RetrySettings settings = service.Settings.Retry ?? s_default;
        bool isSafe = cause == RetryCauses.Connect
            || (!exchange.IsBound && (exchange.MayRepeat || cause == RetryCauses.Grpc));
        if (!isSafe || (settings.On & cause) == 0 || exchange.Attempts >= settings.Attempts
            || exchange.InterimCount > 0 || !exchange.CanRestart)
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
    /// How long an address of a name is waited for while another could be asked as well (<see cref="ConnectRace"/>), or
    /// instead; 0 for as long as any server.
    /// </summary>
    public static long ConnectMsOf(Exchange exchange) =>
        exchange.Rival is not null ? 0
        : exchange.Server!.IsHttp2 ? OtherAfterMs(exchange, NameConnectMs)
        : RaceMsOf(exchange);

    /// <summary>How long it is waited for before another is asked beside it; 0 if none is.</summary>
    public static long RaceMsOf(Exchange exchange) =>
        exchange.Server!.IsHttp2 ? 0 : OtherAfterMs(exchange, RaceMs);

    private static long OtherAfterMs(Exchange exchange, long milliseconds)
    {
        Service service = exchange.Service!;
        RetrySettings settings = service.Settings.Retry ?? s_default;
        bool isShort = exchange.Server!.IsOfName && (settings.On & RetryCauses.Connect) != 0
            && exchange.Attempts < settings.Attempts
            && service.HasOther(in exchange.Tried, exchange.Shard.Loop.NowMs);
        return isShort ? milliseconds : 0;
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

    /// <summary>
    /// The answer is one that the service wants tried again, whether this request may be or not: it does not tell that
    /// its server is well.
    /// </summary>
    public static bool IsUnwanted(Exchange exchange) =>
        exchange.Service!.Settings.Retry is { } settings
        && (((settings.On & RetryCauses.Status) != 0 && settings.Statuses.Contains(exchange.Response.StatusCode))
            || IsGrpcFault(exchange, settings));

    /// <summary>
    /// A gRPC call was answered with a code that its service wants tried again, and with nothing else: whatever the
    /// method did, it gave no message. A server that says when to come again is not asked now.
    /// </summary>
    public static bool HasGrpcFault(Exchange exchange) =>
        exchange.CanRestart && exchange.Service!.Settings.Retry is { } settings && IsGrpcFault(exchange, settings)
        && !exchange.Response.TryFind("grpc-retry-pushback-ms"u8, exchange.UpstreamSource.Unread, out _)
        && IsCall(exchange);

    private static bool IsGrpcFault(Exchange exchange, RetrySettings settings)
    {
        ResponseHead response = exchange.Response;
        bool isEmpty = response.Framing == BodyFraming.None
            || (response.Framing == BodyFraming.ContentLength && response.ContentLength == 0);
        return settings.GrpcCodes != 0 && isEmpty
            && response.TryFind("grpc-status"u8, exchange.UpstreamSource.Unread, out ReadOnlySpan<byte> text)
            && Utf8Parser.TryParse(text, out int code, out int length) && length == text.Length
            && code is > 0 and <= RetryLimits.GrpcCodeMax && (settings.GrpcCodes & (1u << code)) != 0;
    }

    private static bool IsCall(Exchange exchange) =>
        exchange.Call is null
        && exchange.Request.TryFind("content-type"u8, exchange.ClientSource.Head, out ReadOnlySpan<byte> type)
        && Grpc.Has(type);

    // One step of a handshake is answered by the connection that knows the others, once.
    private static bool IsOfAnyConnection(Exchange exchange) =>
        IsIdempotent(exchange.Request.Method) && !exchange.HasConnectionCredentials;

    // RFC 9110 section 9.2.2; a method we do not know is not known to be idempotent.
    public static bool IsIdempotent(Method method) =>
        method is Method.Get or Method.Head or Method.Options or Method.Put or Method.Delete;

    private static bool TryEnter(Exchange exchange, Service service, RetrySettings settings)
    {
        ServiceShard shard = service.Shard(exchange.Shard.Loop.Index);
        int most = Math.Max(settings.BudgetMin, shard.LiveCount * settings.BudgetShare / 100);
        bool isWithin = shard.RetryingCount < most
            || shard.TrySpendRetry(exchange.Shard.Loop.NowMs, settings.BudgetShare);
        if (!isWithin)
        {
            exchange.Shard.Counters.Add(Counter.RetriesOverBudget);
            return false;
        }

        shard.RetryingCount++;
        exchange.IsRetrying = true;
        return true;
    }

    // What a server answered well at the first try; the status is there once it was passed on.
    private static void Earn(Exchange exchange, ServiceShard shard)
    {
        if (!exchange.IsRetrying && !exchange.IsAnswerUnwanted && exchange.Fault.IsNone
            && exchange.Status is > 0 and < 500)
        {
            shard.EarnRetry(exchange.Shard.Loop.NowMs);
        }
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
