using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Routing;

/// <summary>
/// Brings the path of a rule into the form the paths of requests have, with the same code, so that no spelling of
/// either gets past the other (CVE-2025-66490, CVE-2025-47952).
/// </summary>
internal static class PathText
{
    /// <summary>The canonical path, or null after adding to <paramref name="errors"/>.</summary>
    public static string? Canonical(RuleToken value, List<RuleError> errors)
    {
        string text = value.Value;
        if (text.Length == 0 || text[0] != '/')
        {
            errors.Add(new RuleError(value.Column, $"path '{text}' does not start with '/'"));
            return null;
        }

        if (text.AsSpan().ContainsAny('?', '#'))
        {
            errors.Add(new RuleError(value.Column,
                $"path '{text}' has '?' or '#', which end a path; the query is matched by Query"));
            return null;
        }

        byte[] raw = Encoding.UTF8.GetBytes(text);
        byte[] scratch = new byte[CanonicalPath.ScratchBytes(raw.Length)];
        switch (CanonicalPath.Read(raw, scratch, out int length, out _, out RejectReason reason))
        {
            case PathStatus.AlreadyCanonical:
                return text;
            case PathStatus.Rewritten:
                return Encoding.ASCII.GetString(scratch, 0, length);
            default:
                errors.Add(new RuleError(value.Column,
                    $"no request has the path '{text}': {RejectReasons.Text(reason)}"));
                return null;
        }
    }
}
