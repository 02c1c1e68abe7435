using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>One rule of an ai_guard.</summary>
internal static class GuardRuleTable
{
    private const string Mask = "mask";
    private const string Block = "block";
    private const string Flag = "flag";

    private static readonly Dictionary<string, GuardDetect> Kinds = new()
    {
        ["secret"] = GuardDetect.Secret,
        ["card_number"] = GuardDetect.CardNumber,
        ["iban"] = GuardDetect.Iban,
        ["email"] = GuardDetect.Email,
        ["phone"] = GuardDetect.Phone,
        ["ip_address"] = GuardDetect.IpAddress,
        ["pattern"] = GuardDetect.Pattern,
        ["words"] = GuardDetect.Words,
        ["prompt_injection"] = GuardDetect.PromptInjection,
        ["length"] = GuardDetect.Length,
    };

    private static readonly ChoiceKey Detect = new("detect", [.. Kinds.Keys], "What is looked for.")
    {
        IsRequired = true,
        ExampleToml = "\"secret\"",
    };

    private static readonly ChoiceKey Action = new("action", [Block, Mask, Flag],
        "block: the request is refused with 403, the answer withheld. mask: the rule's name in brackets stands in its "
            + "place. flag: it is only told of.")
    {
        IsRequired = true,
        ExampleToml = "\"block\"",
    };

    private static readonly GuardNameKey Name = new("name",
        "Its name in masks, audit records and refusals. Without it: what it detects.")
    {
        ExampleToml = "\"order\"",
    };

    private static readonly BooleanKey ReportOnly = new("report_only", "Tells what it would do, and lets it pass.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly BooleanKey Reversible = new("reversible",
        "Of prompts, with action = \"mask\": each thing found has a number in its mask, [EMAIL_1], and where the model "
            + "writes that the client gets it back.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly TextKey Pattern = new("pattern", PatternLimits.CharsMax,
        "Of detect = \"pattern\": a regular expression in Go's dialect (RE2), without $.")
    {
        ExampleToml = "'\\bORD-[0-9]{6}\\b'",
    };

    private static readonly IntegerKey LengthMax = new("pattern_bytes_max", PatternDetector.LengthMin,
        PatternDetector.LengthMax, "bytes",
        "Of detect = \"pattern\": the longest text it is looked for in. Streams are held back by twice as much.")
    {
        Default = PatternDetector.LengthDefault,
        DefaultToml = "128",
    };

    private static readonly WordListKey Words = new("words", GuardLimits.WordsMax,
        "Of detect = \"words\": whole words and phrases, in capitals or not.")
    {
        ExampleToml = "[\"project bluebird\"]",
    };

    private static readonly SizeKey Max = new("max", 1, GuardLimits.LengthMax,
        "Of detect = \"length\": the most bytes of text, all of a prompt or answer together.")
    {
        ExampleToml = "\"64KiB\"",
    };

    public static TableDeclaration Declaration { get; } = new("rules", IsNamed: false, "One rule.",
        [Detect, Action, Name, ReportOnly, Reversible, Pattern, LengthMax, Words, Max]);

    public static GuardRule? Parse(TableScope scope)
    {
        string? detect = Detect.Read(scope);
        string? action = Action.Read(scope);
        string? name = Name.Read(scope);
        bool reportOnly = ReportOnly.Read(scope);
        bool reversible = Reversible.Read(scope);
        string? pattern = Pattern.Read(scope);
        int patternBytes = LengthMax.ReadValue(scope);
        Sequence<string> words = PlacedItems.Values(Words.Read(scope));
        long max = Max.Read(scope);
        if (detect is null || action is null)
        {
            return null;
        }

        GuardDetect kind = Kinds[detect];
        bool isGood = Belongs(scope, Pattern, kind == GuardDetect.Pattern, isNeeded: true)
            & Belongs(scope, LengthMax, kind == GuardDetect.Pattern, isNeeded: false)
            & Belongs(scope, Words, kind == GuardDetect.Words, isNeeded: true)
            & Belongs(scope, Max, kind == GuardDetect.Length, isNeeded: true)
            & Fits(scope, kind, action, reportOnly)
            & (!reversible || IsMask(scope, action, reportOnly))
            & IsPattern(scope, pattern, patternBytes);
        return !isGood ? null : new GuardRule
        {
            Name = name ?? detect,
            Detect = kind,
            Action = action switch
            {
                Mask => FindingAction.Mask,
                Block => FindingAction.Block,
                _ => FindingAction.Flag,
            },
            ReportOnly = reportOnly,
            Reversible = reversible,
            Pattern = pattern ?? "",
            PatternBytesMax = patternBytes,
            Words = words,
            BytesMax = (int)max,
        };
    }

    private static bool Belongs(TableScope scope, Key key, bool isOfKind, bool isNeeded)
    {
        bool isThere = scope.TryFind(key.Name, out TomlEntry entry);
        if (isThere && !isOfKind)
        {
            scope.Report(entry.Value, key.Name, "does nothing for what this rule detects");
        }
        else if (!isThere && isOfKind && isNeeded)
        {
            scope.ReportMissing(key);
        }

        return isThere ? isOfKind : !isOfKind || !isNeeded;
    }

    private static bool Fits(TableScope scope, GuardDetect kind, string action, bool reportOnly)
    {
        if (kind == GuardDetect.Length && action == Mask && scope.TryFind(Action.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Action.Name, "cannot mask a length; write \"block\" or \"flag\"");
            return false;
        }

        if (reportOnly && action == Flag && scope.TryFind(ReportOnly.Name, out TomlEntry report))
        {
            scope.Report(report.Value, ReportOnly.Name, "does nothing: flag only tells");
            return false;
        }

        return true;
    }

    private static bool IsMask(TableScope scope, string action, bool reportOnly)
    {
        bool isMask = action == Mask && !reportOnly;
        if (!isMask && scope.TryFind(Reversible.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Reversible.Name, reportOnly
                ? "does nothing beside report_only = true"
                : $"does nothing beside action = \"{action}\"");
        }

        return isMask;
    }

    private static bool IsPattern(TableScope scope, string? pattern, int patternBytes)
    {
        if (pattern is null || PatternDetector.Create(pattern, patternBytes, out PatternError error) is not null)
        {
            return true;
        }

        if (scope.TryFind(Pattern.Name, out TomlEntry entry))
        {
            scope.Report(entry.Value, Pattern.Name, RegexText.Describe(error));
        }

        return false;
    }
}

/// <summary>A rule's name: letters, digits and _.</summary>
internal sealed class GuardNameKey(string name, string doc) : Key<string?>(name, doc)
{
    public override string TypeText => "string";

    public override string Accepts => $"write a string of {Range}";

    public override string Range => $"1 to {GuardLimits.NameCharsMax} of a to z, 0 to 9 and _";

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        bool isGood = value.Length is > 0 and <= GuardLimits.NameCharsMax;
        foreach (char sign in value)
        {
            isGood &= sign is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '_';
        }

        return isGood || RefuseText(node, value, scope, "is no name of a rule");
    }
}

/// <summary>The rules of one side.</summary>
/// <param name="takesReversible">What its rules find is given back in the answer.</param>
internal sealed class GuardRulesKey(string name, string doc, bool takesReversible)
    : Key<IReadOnlyList<GuardRule>>(name, doc)
{
    public override string TypeText => "list of tables";

    public override string Accepts => "write [{ detect = \"secret\", action = \"block\" }]";

    public override string Range => $"up to {GuardLimits.RulesMax} rules, each with detect and action";

    public override KeyShape Shape => new ListShape(new TableShape(GuardRuleTable.Declaration), NeedsItems: false);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<GuardRule>? value)
    {
        value = null;
        if (node is not TomlArray array)
        {
            return Refuse(node, scope, "is not a list");
        }

        if (array.Items.Count > GuardLimits.RulesMax)
        {
            scope.Report(node, Name, $"has {array.Items.Count} rules; write up to {GuardLimits.RulesMax}");
            return false;
        }

        var rules = new List<GuardRule>(array.Items.Count);
        var names = new HashSet<string>();
        foreach (TomlNode item in array.Items)
        {
            if (item is not TomlTable table)
            {
                Refuse(item, scope, "is not a rule");
            }
            else if (GuardRuleTable.Parse(scope.Within(table, Name, GuardRuleTable.Declaration)) is { } rule)
            {
                rules.Add(rule);
                if (rule.Reversible && !takesReversible)
                {
                    scope.Report(item, Name, "has a rule with reversible: only a prompt has what its answer gets back");
                }

                if (!names.Add(rule.Name))
                {
                    scope.Report(item, Name, $"has a second rule {rule.Name}; give it a name of its own");
                }
            }
        }

        value = rules;
        return true;
    }
}
