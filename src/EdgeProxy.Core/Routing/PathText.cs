using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>Brings the path of a rule into the form the paths of requests have, with the same code.</summary>
internal static class PathText
{
    /// <summary>The canonical path, or null after adding to <paramref name="errors"/>.</summary>
    public static string? Canonical(RuleToken value, List<RuleError> errors)
    {
        string? problem = Problem(value.Value);
        if (problem is null)
        {
            return value.Value;
        }

        errors.Add(new RuleError(value.Column, problem));
        return null;
    }

    private static string? Problem(string text)
    {
        if (text.Length == 0 || text[0] != '/')
        {
            return $"path '{text}' does not start with '/'";
        }

        if (text.AsSpan().ContainsAny('?', '#'))
        {
            return $"path '{text}' has '?' or '#', which end a path; match the query with Query";
        }

        return null;
    }
}
