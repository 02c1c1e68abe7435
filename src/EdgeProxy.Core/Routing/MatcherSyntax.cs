using System;
using System.Buffers;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Patterns;
using EdgeProxy.Primitives.Text;

namespace EdgeProxy.Routing;

/// <summary>
/// The matchers a rule may name: how many values each takes, and how the values become a <see cref="Matcher"/>.
/// </summary>
internal static class MatcherSyntax
{
    private static readonly string[] Names =
    [
        "Host", "HostRegexp", "Path", "PathPrefix", "PathRegexp", "Method", "Header", "HeaderRegexp", "Query",
        "QueryRegexp", "ClientIP", "Model",
    ];

    // RFC 9110 section 5.6.2: token = 1*tchar
    private static readonly SearchValues<char> TokenChars = SearchValues.Create(
        "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");

    /// <summary>The name as we write it, whatever its case; null if there is no such matcher.</summary>
    public static string? Find(string name)
    {
        foreach (string known in Names)
        {
            if (string.Equals(known, name, StringComparison.OrdinalIgnoreCase))
            {
                return known;
            }
        }

        return null;
    }

    public static string Unknown(string name)
    {
        if (name.StartsWith("HostSNI", StringComparison.OrdinalIgnoreCase))
        {
            return $"{name} belongs to TCP routers; write Host";
        }

        return NearestWord.Find(name, Names) is { } nearest
            ? $"{name} is not a matcher; did you mean {nearest}?"
            : $"{name} is not a matcher; known are {string.Join(", ", Names)}";
    }

    /// <summary>The matcher, or null after adding to <paramref name="errors"/>.</summary>
    public static Matcher? Build(RuleToken name, List<RuleToken> values, List<RuleError> errors)
    {
        if (Find(name.Value) is not { } known)
        {
            errors.Add(new RuleError(name.Column, Unknown(name.Value)));
            return null;
        }

        (int min, int max) = known switch
        {
            "Header" or "HeaderRegexp" => (2, 2),
            "Query" or "QueryRegexp" => (1, 2),
            _ => (1, 1),
        };
        if (values.Count < min || values.Count > max)
        {
            errors.Add(new RuleError(name.Column, WrongCount(known, min, max, values)));
            return null;
        }

        int errorsBefore = errors.Count;
        RuleToken first = values[0];
        Matcher? matcher = known switch
        {
            "Host" => Host(first, errors),
            "Path" => PathText.Canonical(first, errors) is { } path ? Matcher.Path(path) : null,
            "PathPrefix" => PathText.Canonical(first, errors) is { } prefix ? Matcher.PathPrefix(prefix) : null,
            "Method" => OfMethod(first, errors),
            "ClientIP" => ClientIp(first, errors),
            "Model" => Model(first, errors),
            "HostRegexp" => Regexp(MatcherKind.HostRegexp, "", first, errors),
            "PathRegexp" => Regexp(MatcherKind.PathRegexp, "", first, errors),
            "Header" or "HeaderRegexp" => Header(known, first, values[1], errors),
            _ => Query(known, values, errors),
        };
        return errors.Count == errorsBefore ? matcher : null;
    }

    private static string WrongCount(string known, int min, int max, List<RuleToken> values)
    {
        string message = $"{known} takes {(min == max ? $"{min}" : $"{min} or {max}")} "
            + $"{(max == 1 ? "value" : "values")}, found {values.Count}";
        return values.Count > max && max == 1
            ? $"{message}; write {known}(`{values[0].Value}`) || {known}(`{values[1].Value}`)"
            : message;
    }

    private static Matcher? Host(RuleToken value, List<RuleError> errors)
    {
        if (HostText.Canonical(value.Value, out string problem) is { } host)
        {
            return Matcher.Host(host);
        }

        errors.Add(new RuleError(value.Column, problem));
        return null;
    }

    private static Matcher? OfMethod(RuleToken value, List<RuleError> errors)
    {
        if (!IsToken(value.Value))
        {
            errors.Add(new RuleError(value.Column, $"'{value.Value}' is not a method, e.g. GET"));
            return null;
        }

        string method = value.Value.ToUpperInvariant();
        if (method is "CONNECT" or "TRACE")
        {
            errors.Add(new RuleError(value.Column,
                $"{method} requests are refused before any rule is asked; leave it out"));
            return null;
        }

        return Matcher.OfMethod(method, method switch
        {
            "GET" => Method.Get,
            "HEAD" => Method.Head,
            "POST" => Method.Post,
            "PUT" => Method.Put,
            "DELETE" => Method.Delete,
            "PATCH" => Method.Patch,
            "OPTIONS" => Method.Options,
            _ => Method.Other,
        });
    }

    private static Matcher? ClientIp(RuleToken value, List<RuleError> errors)
    {
        if (CidrRange.TryParse(value.Value, out CidrRange range, out string problem))
        {
            return Matcher.ClientIp(value.Value, range);
        }

        errors.Add(new RuleError(value.Column, problem));
        return null;
    }

    private static Matcher? Model(RuleToken value, List<RuleError> errors)
    {
        string name = value.Value;
        int star = name.IndexOf('*', StringComparison.Ordinal);
        if (name.Length is > 0 and <= RuleLimits.ModelCharsMax && !name.AsSpan().ContainsAnyExceptInRange('!', '~')
            && (star < 0 || star == name.Length - 1))
        {
            return Matcher.Model(name);
        }

        errors.Add(new RuleError(value.Column, $"'{name}' is not the name of a model: 1 to {RuleLimits.ModelCharsMax} "
            + "visible characters; a * only at the end, for every name that begins so"));
        return null;
    }

    private static Matcher? Header(string known, RuleToken name, RuleToken value, List<RuleError> errors)
    {
        if (!IsToken(name.Value))
        {
            errors.Add(new RuleError(name.Column, $"'{name.Value}' is not a header name"));
            return null;
        }

        if (string.Equals(name.Value, "Host", StringComparison.OrdinalIgnoreCase))
        {
            errors.Add(new RuleError(name.Column,
                "the Host header is matched by Host or HostRegexp, which see it canonical"));
            return null;
        }

        // Names are compared without regard to case, so one spelling stands for all.
        string key = name.Value.ToLowerInvariant();
        if (known == "HeaderRegexp")
        {
            return Regexp(MatcherKind.HeaderRegexp, key, value, errors);
        }

        if (HeaderValueProblem(value.Value) is { } problem)
        {
            errors.Add(new RuleError(value.Column, problem));
            return null;
        }

        return Matcher.Header(key, value.Value);
    }

    // RFC 9110 section 5.5: a value has no CR, LF or NUL, and the whitespace around it is not part of it.
    private static string? HeaderValueProblem(string value)
    {
        if (value.AsSpan().ContainsAny('\r', '\n', '\0'))
        {
            return "no header value has CR, LF or NUL in it";
        }

        return value.Length > 0 && (value[0] is ' ' or '\t' || value[^1] is ' ' or '\t')
            ? "no header value starts or ends with a space"
            : null;
    }

    // With one value: the key with an empty value, as in Traefik.
    private static Matcher? Query(string known, List<RuleToken> values, List<RuleError> errors)
    {
        if (values[0].Value.Length == 0)
        {
            errors.Add(new RuleError(values[0].Column, "the name of the query parameter is empty"));
            return null;
        }

        return known == "QueryRegexp" && values.Count == 2
            ? Regexp(MatcherKind.QueryRegexp, values[0].Value, values[1], errors)
            : Matcher.Query(values[0].Value, values.Count == 2 ? values[1].Value : "");
    }

    private static Matcher? Regexp(MatcherKind kind, string key, RuleToken value, List<RuleError> errors)
    {
        if (UserPattern.Create(value.Value, out PatternError error) is { } pattern)
        {
            return Matcher.Regexp(kind, key, pattern);
        }

        // The offset counts within the unescaped text, which starts one column after the quote.
        errors.Add(new RuleError(value.Column + 1 + error.Offset, error.Message));
        return null;
    }

    private static bool IsToken(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(TokenChars);
}
