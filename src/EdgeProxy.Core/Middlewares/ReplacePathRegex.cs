using System.Collections.Generic;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Middlewares;

/// <summary>Rewrites the path by a regular expression.</summary>
internal sealed record ReplacePathRegexSettings : MiddlewareSettings
{
    public required MatchPattern Regex { get; init; }

    /// <summary>Of the groups of <see cref="Regex"/>.</summary>
    public required Replacement Replacement { get; init; }
}

/// <summary>
/// <c>replace_path_regex</c>: every match in the canonical path is replaced, the outcome made canonical again, and
/// X-Replaced-Path says what the path was. What the expression does not match passes unchanged; an outcome that is no
/// path is refused. A request that matches costs a few allocations.
/// </summary>
internal sealed class ReplacePathRegex(ReplacePathRegexSettings settings) : Middleware
{
    public override Verdict OnRequest(Exchange exchange)
    {
        exchange.RequestEdits.Remove(ReplacePath.Replaced);
        if (!settings.Regex.IsMatch(exchange.Path))
        {
            return Verdict.Next;
        }

        var result = new StringBuilder();
        string path = Encoding.ASCII.GetString(exchange.Path);
        if (settings.Replacement.Apply(settings.Regex, path, result, new List<int>()) == ReplaceStatus.TooLong)
        {
            return exchange.Reject(RejectReason.TargetTooLong);
        }

        exchange.RequestEdits.Append(ReplacePath.Replaced, exchange.Path);
        byte[] replaced = Encoding.UTF8.GetBytes(result.ToString());
        return exchange.TryRewritePath(replaced) ? Verdict.Next : Verdict.Answered;
    }
}
