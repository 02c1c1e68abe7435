using System;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Ai.Guards;

/// <summary>What a rule about calls of tools asks of one.</summary>
/// <param name="Tool">The tool's name; with a * at its end every name that begins so.</param>
/// <param name="Arguments">An expression that what the tool is called with has to match; null for any call.</param>
/// <param name="Path">
/// Names from the arguments on, as in <see cref="ParameterRule.Path"/>: the expression is about what stands there.
/// Empty: about all of them, as one JSON text.
/// </param>
/// <param name="Allows">A call it is about passes, whatever later rules say.</param>
internal sealed record ToolCallMatch(string Tool, string? Arguments, Sequence<string> Path, bool Allows);

/// <summary>What is known of a call by its tool's name alone.</summary>
internal enum CallOutlook : byte
{
    Passes,

    /// <summary>It depends on what the tool is called with.</summary>
    Open,

    Denied,
}

/// <summary>
/// The rules of a guard about calls of tools, in their order: the first that is about a call and allows or stops it
/// decides, and one that only tells is told of. A rule that stops takes a name in any case; what cannot be read matches
/// every expression of one that stops and none of one that allows. Immutable; for all loops.
/// </summary>
internal sealed class ToolCallRules
{
    private readonly Compiled[] _rules;

    /// <param name="rules">Those of a side.</param>
    /// <param name="from">Where those about calls begin among them.</param>
    public ToolCallRules(ReadOnlySpan<GuardRule> rules, int from)
    {
        _rules = new Compiled[rules.Length - from];
        for (int i = 0; i < _rules.Length; i++)
        {
            _rules[i] = new Compiled(rules[from + i], from + i);
        }
    }

    public bool IsEmpty => _rules.Length == 0;

    /// <summary>A rule may stop a call; else all of them only tell.</summary>
    public bool CanStop => Array.Exists(_rules, rule => rule.IsEnforced);

    /// <summary>What becomes of a call of that tool, as far as its name decides.</summary>
    public CallOutlook Foresee(ReadOnlySpan<byte> tool)
    {
        foreach (Compiled rule in _rules)
        {
            if (!rule.IsAbout(tool) || !(rule.Allows || rule.IsEnforced))
            {
                continue;
            }

            return rule.Pattern is not null ? CallOutlook.Open
                : rule.Allows ? CallOutlook.Passes
                : CallOutlook.Denied;
        }

        return CallOutlook.Passes;
    }

    /// <summary>One call, whole: what was found is in the verdict.</summary>
    /// <param name="isRepeat">It was judged before: it is not counted twice.</param>
    public void Judge(ReadOnlySpan<byte> tool, CallArguments arguments, GuardVerdict verdict, bool isRepeat)
    {
        foreach (Compiled rule in _rules)
        {
            if (!rule.IsAbout(tool) || !rule.Takes(arguments))
            {
                continue;
            }

            if (rule.Allows)
            {
                return;
            }

            verdict.Found(rule.Place, isRepeat && !rule.IsEnforced);
            if (rule.IsEnforced)
            {
                verdict.Block(rule.Place);
                return;
            }
        }
    }

    private sealed class Compiled(GuardRule rule, int place)
    {
        private readonly NamePattern _tool = new(rule.Call!.Tool);
        private readonly ArgumentPath _path = new(rule.Call!.Path);

        public int Place => place;

        public bool Allows => rule.Call!.Allows;

        public bool IsEnforced { get; } = GuardSide.IsEnforced(rule);

        public UserPattern? Pattern { get; } = rule.Call!.Arguments is not { } source ? null
            : UserPattern.Create(source, out _)
                ?? throw new InvalidOperationException("The configuration let a bad expression through.");

        public bool IsAbout(ReadOnlySpan<byte> tool)
        {
            if (Allows || _tool.Matches(tool))
            {
                return _tool.Matches(tool);
            }

            ReadOnlySpan<byte> name = _tool.Bytes;
            return (_tool.IsPrefix ? tool.Length >= name.Length : tool.Length == name.Length)
                && System.Text.Ascii.EqualsIgnoreCase(tool[..name.Length], name);
        }

        public bool Takes(CallArguments arguments) =>
            Pattern is null || arguments.Match(Pattern, _path, isOfAll: Allows);
    }
}
