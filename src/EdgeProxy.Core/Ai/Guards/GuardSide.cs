using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;

namespace EdgeProxy.Ai.Guards;

/// <summary>
/// The rules of a guard for prompts, or for answers, ready to be used: those that look into texts, those of length,
/// those about calls of tools. Immutable; for all loops.
/// </summary>
internal sealed class GuardSide
{
    private readonly GuardRule[] _rules;
    private readonly byte[][] _masks;

    /// <summary>Of an answer that is to have back what its prompt had where placeholders stand.</summary>
    public static readonly GuardRule Restoring = new()
    {
        Name = "restored",
        Detect = GuardDetect.Placeholder,
        Action = FindingAction.Mask,
    };

    /// <param name="tools">Rules about calls of tools, which stand behind the others.</param>
    /// <param name="prompt">Of a side for answers: the rules of the prompt, which may have left placeholders.</param>
    public GuardSide(Sequence<GuardRule> rules, Sequence<GuardRule> tools, Sequence<GuardRule>? prompt = null)
    {
        var ordered = new List<GuardRule>();
        var lengths = new List<GuardRule>();
        foreach (GuardRule rule in rules)
        {
            (rule.Detect == GuardDetect.Length ? lengths : ordered).Add(rule);
        }

        if (prompt is { } before && HasReversible(before))
        {
            RestoreRule = ordered.Count;
            ordered.Add(Restoring);
        }

        Detections = [.. ordered.ConvertAll(RuleOf)];
        ordered.AddRange(lengths);
        LengthsEnd = ordered.Count;
        foreach (GuardRule rule in tools)
        {
            ordered.Add(rule);
        }

        _rules = [.. ordered];
        Calls = new ToolCallRules(_rules, LengthsEnd);
        _masks = Array.ConvertAll(_rules, rule => Encoding.ASCII.GetBytes($"[{rule.Name.ToUpperInvariant()}]"));
        foreach (GuardRule rule in _rules)
        {
            Enforces |= IsEnforced(rule);
            Masks |= IsEnforced(rule) && rule.Action == FindingAction.Mask;
        }
    }

    /// <summary>The rules that look into texts; those of length come behind them.</summary>
    public DetectionRule[] Detections { get; }

    /// <summary>The rule that puts back what a prompt had; -1 if there is none.</summary>
    public int RestoreRule { get; } = -1;

    /// <summary>Nothing else is to be done here.</summary>
    public bool RestoresOnly => RestoreRule == 0 && _rules.Length == 1;

    /// <summary>Where rules of length end among all.</summary>
    public int LengthsEnd { get; }

    /// <summary>The rules about calls of tools.</summary>
    public ToolCallRules Calls { get; }

    public ReadOnlySpan<GuardRule> Rules => _rules;

    public bool IsEmpty => _rules.Length == 0;

    /// <summary>A rule may change or stop something; else all of them only tell.</summary>
    public bool Enforces { get; }

    /// <summary>A rule may put masks into texts.</summary>
    public bool Masks { get; }

    /// <summary>What stands in the place of a rule's findings: ASCII that needs no escape in JSON.</summary>
    public ReadOnlySpan<byte> MaskOf(int rule) => _masks[rule];

    /// <summary>What the rule finds in a prompt has a placeholder of its own.</summary>
    public bool IsReversible(int rule) => _rules[rule].Reversible;

    public static bool IsEnforced(GuardRule rule) =>
        !rule.ReportOnly && rule.Action != FindingAction.Flag && rule.Detect != GuardDetect.Placeholder;

    /// <summary>A rule among them leaves placeholders.</summary>
    public static bool HasReversible(Sequence<GuardRule> rules)
    {
        bool hasOne = false;
        foreach (GuardRule rule in rules)
        {
            hasOne |= rule.Reversible;
        }

        return hasOne;
    }

    private static DetectionRule RuleOf(GuardRule rule) => new(
        DetectorOf(rule),
        IsEnforced(rule) || rule.Detect == GuardDetect.Placeholder ? rule.Action : FindingAction.Flag);

    private static Detector DetectorOf(GuardRule rule) => rule.Detect switch
    {
        GuardDetect.Secret => new SecretDetector(),
        GuardDetect.CardNumber => new CardNumberDetector(),
        GuardDetect.Iban => new IbanDetector(),
        GuardDetect.Email => new EmailDetector(),
        GuardDetect.Phone => new PhoneDetector(),
        GuardDetect.IpAddress => new IpAddressDetector(),
        GuardDetect.Words => new PhraseDetector(new PhraseTrie(rule.Words)),
        GuardDetect.Placeholder => new PlaceholderDetector(),
        GuardDetect.PromptInjection => new PhraseDetector(InjectionPhrases.Trie),
        _ => PatternDetector.Create(rule.Pattern, rule.PatternBytesMax, out _)
            ?? throw new InvalidOperationException("The configuration let a bad expression through."),
    };
}
