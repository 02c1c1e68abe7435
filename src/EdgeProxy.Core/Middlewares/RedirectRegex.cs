using System;
using System.Buffers;
using System.Collections.Generic;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Middlewares;

/// <summary>Sends clients whose URL matches to another.</summary>
internal sealed record RedirectRegexSettings : MiddlewareSettings
{
    /// <summary>Matched in scheme, host, port unless it is the scheme's own, path and query.</summary>
    public required MatchPattern Regex { get; init; }

    /// <summary>Of the groups of <see cref="Regex"/>.</summary>
    public required Replacement Replacement { get; init; }

    /// <summary>Whether clients may keep it.</summary>
    public bool IsPermanent { get; init; }
}

/// <summary>
/// <c>redirect_regex</c>: what matches in the URL is replaced, and the client sent to the outcome. Its host may hold
/// what the settings say and what the request's own host gave, and no byte of path or query: those are anybody's, and
/// a redirect made of them would lead to anybody's site. Such an outcome, and one that is no http URL, is a 400.
/// </summary>
internal sealed class RedirectRegex(RedirectRegexSettings settings) : Middleware
{
    private const int StackBytes = 512;

    // VCHAR but '"', '<', '>' and '\', which no URL has and some clients repair.
    private static readonly SearchValues<char> UrlChars = SearchValues.Create(
        "!#$%&'()*+,-./0123456789:;=?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    private static readonly LocalAnswer Refusal = new(400, "text/plain; charset=utf-8",
        "400: the redirect would not lead to where it was meant to\n"u8.ToArray());

    [SkipLocalsInit]
    public override Verdict OnRequest(Exchange exchange)
    {
        bool isHttps = exchange.IsHttps;
        using var scratch = new Scratch<byte>(stackalloc byte[StackBytes], RequestUrl.Bound(exchange));
        RequestUrl url = RequestUrl.Write(exchange, isHttps, exchange.Request.Port, scratch.Span);
        ReadOnlySpan<byte> bytes = scratch.Span[..url.Length];
        if (!settings.Regex.IsMatch(bytes))
        {
            return Verdict.Next;
        }

        string text = Encoding.ASCII.GetString(bytes);
        var result = new StringBuilder();
        var origins = new List<int>();
        if (settings.Replacement.Apply(settings.Regex, text, result, origins) == ReplaceStatus.TooLong)
        {
            return exchange.Reject(RejectReason.TargetTooLong);
        }

        string location = result.ToString();
        if (location == text)
        {
            return Verdict.Next; // to itself, for ever
        }

        return IsSafe(location, origins, url.HostStart, url.HostEnd)
            ? Redirects.To(exchange, Encoding.ASCII.GetBytes(location), settings.IsPermanent)
            : exchange.Answer(Refusal);
    }

    private static bool IsSafe(string location, List<int> origins, int hostStart, int hostEnd)
    {
        if (location.AsSpan().ContainsAnyExcept(UrlChars))
        {
            return false;
        }

        if (location.StartsWith('/'))
        {
            return !location.StartsWith("//", StringComparison.Ordinal); // that would be a host
        }

        int start = location.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? "https://".Length
            : location.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? "http://".Length
            : -1;
        if (start < 0)
        {
            return false;
        }

        int length = location.AsSpan(start).IndexOfAny('/', '?', '#');
        int end = length < 0 ? location.Length : start + length;
        for (int i = start; i < end; i++)
        {
            // Between scheme and host there is nothing to take; the port behind the host is the request's own.
            bool isOfHost = origins[i] < 0 || (origins[i] >= hostStart && origins[i] < hostEnd)
                || (origins[i] == hostEnd && location[i] == ':')
                || (origins[i] > hostEnd && char.IsAsciiDigit(location[i]) && IsOfPort(location, origins, i, hostEnd));
            if (!isOfHost)
            {
                return false;
            }
        }

        return end > start && Authority.TryRead(Encoding.ASCII.GetBytes(location[start..end]), out _, out _);
    }

    // Digits that go on from the colon behind the host without a gap.
    private static bool IsOfPort(string location, List<int> origins, int at, int hostEnd)
    {
        while (origins[at] > hostEnd)
        {
            if (at == 0 || !char.IsAsciiDigit(location[at]) || origins[at - 1] != origins[at] - 1)
            {
                return false;
            }

            at--;
        }

        return location[at] == ':';
    }
}
