using System;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>Answers that send the client elsewhere.</summary>
internal static class Redirects
{
    private static readonly FieldName Location = FieldName.Of("Location");
    private static readonly FieldName CacheControl = FieldName.Of("Cache-Control");

    // RFC 9110 section 15.4: after 301 and 302 a client may turn another method into GET, after 308 and 307 not.
    private static readonly LocalAnswer MovedPermanently = Answer(301, "moved permanently");
    private static readonly LocalAnswer Found = Answer(302, "found elsewhere");
    private static readonly LocalAnswer Temporary = Answer(307, "found elsewhere, with the same method");
    private static readonly LocalAnswer Permanent = Answer(308, "moved permanently, with the same method");

    /// <summary>
    /// Redirects: 301 or 302 for GET and HEAD, 308 or 307 for any other method. 414 if the location is too long.
    /// </summary>
    public static Verdict To(Exchange exchange, ReadOnlySpan<byte> location, bool isPermanent)
    {
        if (!exchange.ResponseEdits.Set(Location, location))
        {
            return exchange.Reject(RejectReason.TargetTooLong);
        }

        if (isPermanent)
        {
            // An answer of our own says no-store; one for good may be kept.
            exchange.ResponseEdits.Remove(CacheControl);
        }

        bool isRead = exchange.Request.Method is Method.Get or Method.Head;
        return exchange.Answer(isPermanent ? isRead ? MovedPermanently : Permanent : isRead ? Found : Temporary);
    }

    private static LocalAnswer Answer(int status, string text) =>
        new(status, "text/plain; charset=utf-8", Encoding.ASCII.GetBytes($"{status}: {text}\n"));
}
