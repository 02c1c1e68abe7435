using System;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Limits;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares;

/// <summary>
/// <c>rate_limit</c>: 429 with Retry-After to a source that asks more often than it may. One count for all loops and
/// all routers that name it, kept by a reload that leaves its settings unchanged. Fields by
/// draft-ietf-httpapi-ratelimit-headers-10: <c>RateLimit: "name";r=9;t=1</c>, <c>RateLimit-Policy: "name";q=10;w=1</c>.
/// </summary>
internal sealed class RateLimit : Middleware
{
    private const int MsPerSecond = 1000;

    // "name";r=2147483647;t=2147483647 with the longest name of the configuration.
    private const int ValueBytesMax = 128;

    private static readonly FieldName Limit = FieldName.Of("RateLimit");
    private static readonly FieldName Policy = FieldName.Of("RateLimit-Policy");
    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");
    private static readonly LocalAnswer TooMany = new(
        429, "text/plain; charset=utf-8", "429: too many requests\n"u8.ToArray());

    private readonly RateLimitSettings _settings;
    private readonly SourceKey _key;
    private readonly KeySlots _slots;
    private readonly Gcra _rate;
    private readonly byte[] _name;
    private readonly byte[] _policy;

    public RateLimit(RateLimitSettings settings)
    {
        _settings = settings;
        _key = new SourceKey(settings.Source);
        _slots = new KeySlots(settings.Keys);
        _rate = new Gcra(settings.Average, settings.Period, settings.Burst);
        _name = Encoding.ASCII.GetBytes($"\"{settings.Name}\"");
        long window = (long)Math.Ceiling(settings.Period.TotalSeconds);
        _policy = Encoding.ASCII.GetBytes(
            string.Create(CultureInfo.InvariantCulture, $"\"{settings.Name}\";q={settings.Average};w={window}"));
    }

    public override Verdict OnRequest(Exchange exchange)
    {
        long nowMs = exchange.Shard.Loop.NowMs;
        RateAnswer answer = _slots.Update(
            _key.Of(exchange), (_rate, nowMs), static (full, at) => at._rate.Take(full, at.nowMs), out long lost);
        if (lost != 0 && !Gcra.IsFull(lost, nowMs))
        {
            exchange.Shard.Counters.Add(Counter.LimitKeysForgotten);
        }

        if (_settings.HasHeaders)
        {
            Describe(exchange.ResponseEdits, answer);
        }

        if (answer.IsAllowed)
        {
            return Verdict.Next;
        }

        exchange.Shard.Counters.Add(_settings.IsReportOnly ? Counter.RequestsOverLimit : Counter.RequestsLimited);
        if (_settings.IsReportOnly)
        {
            exchange.OverLimit = _settings.Name;
            return Verdict.Next;
        }

        exchange.IsLimited = true;
        Span<byte> seconds = stackalloc byte[20];
        Utf8Formatter.TryFormat(SecondsUp(answer.RetryAfterMs), seconds, out int length);
        exchange.ResponseEdits.Set(RetryAfter, seconds[..length]);
        return exchange.Answer(TooMany);
    }

    private static long SecondsUp(long ms) => (ms + MsPerSecond - 1) / MsPerSecond;

    // Appended, not set: several limits may apply to one request, and each tells its own.
    private void Describe(HeaderEdits edits, RateAnswer answer)
    {
        Span<byte> value = stackalloc byte[ValueBytesMax];
        _name.CopyTo(value);
        int length = _name.Length;
        ";r="u8.CopyTo(value[length..]);
        length += 3;
        Utf8Formatter.TryFormat(answer.Remaining, value[length..], out int digits);
        length += digits;
        ";t="u8.CopyTo(value[length..]);
        length += 3;
        long resetSeconds = SecondsUp(answer.IsAllowed ? answer.ResetMs : answer.RetryAfterMs);
        Utf8Formatter.TryFormat(resetSeconds, value[length..], out digits);
        length += digits;
        edits.Append(Limit, value[..length]);
        edits.Append(Policy, _policy);
    }
}
