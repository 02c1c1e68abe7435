using System;
using System.Collections.Generic;

namespace EdgeProxy.Routing;

/// <summary>A parsed rule: matchers joined by and, or, not. Text in it is already canonical (hosts lower-cased, paths canonical).</summary>
internal abstract record Rule;

/// <summary>Why a rule text is refused; the column counts from 1 within the text.</summary>
internal readonly record struct RuleError(int Column, string Message);

/// <summary>Reads the rule language of Traefik v3.</summary>
internal static class RuleParser
{
    /// <summary>Either a rule or at least one error, never both.</summary>
    public static Rule? Parse(string text, out IReadOnlyList<RuleError> errors) => throw new NotSupportedException();
}
