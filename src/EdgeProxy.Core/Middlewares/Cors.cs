using System;
using System.Collections.Generic;
using System.Globalization;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Middlewares;

/// <summary>Which pages of other origins may read the answers (Fetch standard, CORS protocol).</summary>
internal sealed record CorsSettings : MiddlewareSettings
{
    /// <summary>Origins as browsers write them: scheme, host, port unless it is the scheme's own.</summary>
    public Sequence<string> AllowOrigins { get; init; } = Sequence<string>.Empty;

    /// <summary>Regular expressions, each for the whole origin.</summary>
    public Sequence<string> AllowOriginRegex { get; init; } = Sequence<string>.Empty;

    /// <summary>Any origin; never with credentials.</summary>
    public bool AllowsAnyOrigin { get; init; }

    public Sequence<string> AllowMethods { get; init; } = Sequence<string>.Empty;

    public Sequence<string> AllowHeaders { get; init; } = Sequence<string>.Empty;

    public Sequence<string> ExposeHeaders { get; init; } = Sequence<string>.Empty;

    /// <summary>Whether requests with cookies or other credentials may be read.</summary>
    public bool AllowCredentials { get; init; }

    /// <summary>How long a browser may keep the answer to a preflight.</summary>
    public TimeSpan MaxAge { get; init; }
}

/// <summary>
/// <c>cors</c>: answers preflights itself, and says on every other answer who may read it; what the server says of that
/// is left out. A preflight of an origin that is not allowed is a 403; any other request goes on, since it is the
/// browser that withholds the answer.
/// </summary>
internal sealed class Cors : Middleware
{
    private static readonly FieldName AllowOrigin = FieldName.Of("Access-Control-Allow-Origin");
    private static readonly FieldName AllowCredentials = FieldName.Of("Access-Control-Allow-Credentials");
    private static readonly FieldName AllowMethods = FieldName.Of("Access-Control-Allow-Methods");
    private static readonly FieldName AllowHeaders = FieldName.Of("Access-Control-Allow-Headers");
    private static readonly FieldName ExposeHeaders = FieldName.Of("Access-Control-Expose-Headers");
    private static readonly FieldName MaxAge = FieldName.Of("Access-Control-Max-Age");
    private static readonly FieldName Vary = FieldName.Of("Vary");

    private static readonly LocalAnswer Preflight = new(204, "", default);
    private static readonly LocalAnswer Refusal = new(
        403, "text/plain; charset=utf-8", "403: the origin is not allowed\n"u8.ToArray());

    private readonly byte[][] _origins;
    private readonly UserPattern[] _patterns;
    private readonly bool _allowsAny;
    private readonly bool _allowsCredentials;
    private readonly byte[] _methods;
    private readonly byte[] _headers;
    private readonly byte[] _exposed;
    private readonly byte[] _maxAge;

    public Cors(CorsSettings settings)
    {
        _origins = new byte[settings.AllowOrigins.Count][];
        for (int i = 0; i < _origins.Length; i++)
        {
            _origins[i] = Encoding.ASCII.GetBytes(settings.AllowOrigins[i]);
        }

        var patterns = new List<UserPattern>();
        foreach (string regex in settings.AllowOriginRegex)
        {
            patterns.Add(OriginPattern(regex, out PatternError error) ?? throw new ArgumentException(error.Message));
        }

        _patterns = [.. patterns];
        _allowsAny = settings.AllowsAnyOrigin;
        _allowsCredentials = settings.AllowCredentials && !_allowsAny;
        _methods = Join(settings.AllowMethods);
        _headers = Join(settings.AllowHeaders);
        _exposed = Join(settings.ExposeHeaders);
        _maxAge = Encoding.ASCII.GetBytes(
            ((long)settings.MaxAge.TotalSeconds).ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>The pattern for a whole origin: one that only began like it would let anybody's host in.</summary>
    public static UserPattern? OriginPattern(string regex, out PatternError error) =>
        UserPattern.Create($@"\A(?:{regex})\z", out error);

    public override Verdict OnRequest(Exchange exchange)
    {
        HeaderEdits edits = exchange.ResponseEdits;
        edits.Remove(AllowOrigin);
        edits.Remove(AllowCredentials);
        edits.Remove(ExposeHeaders);
        ReadOnlySpan<byte> head = exchange.ClientSource.Head;
        bool hasOrigin = exchange.Request.TryFind("origin"u8, head, out ReadOnlySpan<byte> origin);
        bool isPreflight = hasOrigin && exchange.Request.Method == Method.Options
            && exchange.Request.TryFind("access-control-request-method"u8, head, out _);
        if (isPreflight)
        {
            edits.Append(Vary, "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"u8);
        }
        else if (!_allowsAny)
        {
            // Also without an origin: a cache must not give that answer to somebody who has one.
            edits.Append(Vary, "Origin"u8);
        }

        bool isAllowed = hasOrigin && (_allowsAny || Allows(origin));
        if (isAllowed)
        {
            edits.Append(AllowOrigin, _allowsAny ? "*"u8 : origin);
            AppendIf(edits, AllowCredentials, _allowsCredentials ? "true"u8 : default);
        }

        if (!isPreflight)
        {
            AppendIf(edits, ExposeHeaders, isAllowed ? _exposed : default);
            return Verdict.Next;
        }

        return isAllowed ? AnswerPreflight(exchange) : exchange.Answer(Refusal);
    }

    private Verdict AnswerPreflight(Exchange exchange)
    {
        AppendIf(exchange.ResponseEdits, AllowMethods, _methods);
        AppendIf(exchange.ResponseEdits, AllowHeaders, _headers);
        AppendIf(exchange.ResponseEdits, MaxAge, _maxAge);
        return exchange.Answer(Preflight);
    }

    private bool Allows(ReadOnlySpan<byte> origin)
    {
        foreach (byte[] allowed in _origins)
        {
            if (origin.SequenceEqual(allowed))
            {
                return true;
            }
        }

        foreach (UserPattern pattern in _patterns)
        {
            if (pattern.IsMatch(origin))
            {
                return true;
            }
        }

        return false;
    }

    private static void AppendIf(HeaderEdits edits, FieldName name, ReadOnlySpan<byte> value)
    {
        if (!value.IsEmpty)
        {
            edits.Append(name, value);
        }
    }

    private static byte[] Join(Sequence<string> words) => Encoding.ASCII.GetBytes(string.Join(", ", words));
}
