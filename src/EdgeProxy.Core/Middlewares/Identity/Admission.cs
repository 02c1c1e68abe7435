using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// What follows from knowing who calls, or not: 401 with a challenge (RFC 9110 section 11.6.1), which is the same
/// whatever was wrong; 403 to a consumer that is not among those allowed; else the consumer is noted and asserted.
/// </summary>
internal sealed class Admission(IdentitySettings settings, string challenge)
{
    private static readonly FieldName WwwAuthenticate = FieldName.Of("WWW-Authenticate");

    private static readonly LocalAnswer Unauthenticated = new(
        401, "text/plain; charset=utf-8", "401: a valid credential is needed\n"u8.ToArray());

    private static readonly LocalAnswer Forbidden = new(
        403, "text/plain; charset=utf-8", "403: this caller may not ask\n"u8.ToArray());

    private static readonly FieldName RetryAfter = FieldName.Of("Retry-After");

    private static readonly LocalAnswer TooBusy = new(
        503, "text/plain; charset=utf-8", "503: too many credentials to check\n"u8.ToArray());

    private static readonly LocalAnswer Unknown = new(
        503, "text/plain; charset=utf-8", "503: nobody could tell whether this request may pass\n"u8.ToArray());

    private readonly byte[] _challenge = Encoding.ASCII.GetBytes(challenge);
    private readonly HashSet<string>? _allowed = settings.Allowed.Count > 0 ? [.. settings.Allowed] : null;

    /// <summary>A quoted-string (RFC 9110 section 5.6.4) of a realm that the configuration accepted.</summary>
    public static string Quoted(string realm) =>
        $"\"{realm.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    /// <summary>The gate is full: nothing is known of the caller yet.</summary>
    public static Verdict Busy(Exchange exchange)
    {
        exchange.ResponseEdits.Set(RetryAfter, "1"u8);
        return exchange.Answer(TooBusy);
    }

    /// <summary>Who decides, or what it is decided by, cannot be reached.</summary>
    public static Verdict Undecided(Exchange exchange)
    {
        exchange.Shard.Counters.Add(Counter.RequestsUndecided);
        exchange.ResponseEdits.Set(RetryAfter, "1"u8);
        return exchange.Answer(Unknown);
    }

    public Verdict Refuse(Exchange exchange)
    {
        exchange.Shard.Counters.Add(Counter.RequestsUnauthenticated);
        exchange.ResponseEdits.Append(WwwAuthenticate, _challenge);
        return exchange.Answer(Unauthenticated);
    }

    /// <summary>Known, and not among those who may.</summary>
    public static Verdict Forbid(Exchange exchange)
    {
        exchange.Shard.Counters.Add(Counter.RequestsForbidden);
        return exchange.Answer(Forbidden);
    }

    /// <summary>
    /// A credential was good. Whom an earlier middleware found stays the caller: one that says nothing of consumers
    /// takes nothing back, and one that names another is refused, since both cannot call (decision 60).
    /// </summary>
    /// <param name="consumer">Null: a caller that is known, and is no consumer of the configuration.</param>
    public Verdict Admit(Exchange exchange, Consumer? consumer)
    {
        if (_allowed is not null && (consumer is null || !_allowed.Contains(consumer.Name)))
        {
            return Forbid(exchange);
        }

        if (exchange.Consumer is { } known)
        {
            if (consumer is not null && consumer.Name != known.Name)
            {
                return Forbid(exchange);
            }

            consumer = known;
        }

        exchange.Consumer = consumer;
        return settings.ConsumerHeader is { } header
            && !TryAssert(exchange, header, consumer is null ? default : consumer.NameBytes)
            ? exchange.Reject(RejectReason.HeadTooLarge)
            : Verdict.Next;
    }

    /// <summary>
    /// The only line of its name that the server sees; none if the value is empty. False: it does not fit, and the
    /// request must be refused, since a server would take it for one without.
    /// </summary>
    public static bool TryAssert(Exchange exchange, FieldName header, ReadOnlySpan<byte> value)
    {
        exchange.RequestEdits.Remove(header);
        return value.IsEmpty || exchange.RequestEdits.Append(header, value);
    }
}
