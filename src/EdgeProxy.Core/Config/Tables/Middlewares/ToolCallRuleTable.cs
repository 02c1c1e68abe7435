using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Detection;
using EdgeProxy.Primitives.Patterns;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>One rule about calls of tools of an ai_guard.</summary>
internal static class ToolCallRuleTable
{
    private const string Block = "block";
    private const string Flag = "flag";
    private const string Allow = "allow";

    /// <summary>What a rule is called that has no name.</summary>
    private const string NameDefault = "tool";

    private static readonly ModelNameKey Tool = new("tool",
        "The tool that is called, in any case where the rule blocks; with a * at its end every name that begins so.",
        "a tool")
    {
        IsRequired = true,
        ExampleToml = "\"delete_*\"",
    };

    private static readonly ChoiceKey Action = new("action", [Block, Flag, Allow],
        "block: the request is refused with 403, the answer withheld, a stream ended. flag: it is only told of, and "
            + "the rules behind it are looked at. allow: it passes, whatever the rules behind it say.")
    {
        IsRequired = true,
        ExampleToml = "\"block\"",
    };

    private static readonly TextKey Arguments = new("arguments", PatternLimits.CharsMax,
        "A regular expression in Go's dialect (RE2) for what it is called with: one JSON text without white space, its "
            + "strings with no escapes but those JSON needs. Without it: any call. Arguments that cannot be read match "
            + "where the rule blocks.")
    {
        ExampleToml = "'\"force\":true'",
    };

    private static readonly ParameterPathKey Path = new("path",
        "The value that arguments is about, decoded: any of those it leads to, with action = \"allow\" all of them.")
    {
        TakesModel = true,
        ExampleToml = "\"files[].path\"",
    };

    private static readonly GuardNameKey Name = new("name", "Its name in audit records and refusals.")
    {
        Default = NameDefault,
        DefaultToml = $"\"{NameDefault}\"",
    };

    private static readonly BooleanKey ReportOnly = new("report_only", "Tells what it would do, and lets it pass.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("tools", IsNamed: false, "One rule about calls of tools.",
        [Tool, Action, Arguments, Path, Name, ReportOnly]);

    public static GuardRule? Parse(TableScope scope)
    {
        string? tool = Tool.Read(scope);
        string? action = Action.Read(scope);
        string? arguments = Arguments.Read(scope);
        string? path = Path.Read(scope);
        string? name = Name.Read(scope);
        bool reportOnly = ReportOnly.Read(scope);
        if (tool is null || action is null || !HasEffect(scope, action, arguments, reportOnly))
        {
            return null;
        }

        return new GuardRule
        {
            Name = name ?? NameDefault,
            Detect = GuardDetect.ToolCall,
            Action = action == Block ? FindingAction.Block : FindingAction.Flag,
            ReportOnly = reportOnly,
            Call = new ToolCallMatch(tool, arguments,
                path is null ? Sequence<string>.Empty : ParameterPathKey.Split(path), action == Allow),
        };
    }

    private static bool HasEffect(TableScope scope, string action, string? arguments, bool reportOnly)
    {
        bool isGood = true;
        if (arguments is not null && UserPattern.Create(arguments, out PatternError error) is null
            && scope.TryFind(Arguments.Name, out TomlEntry pattern))
        {
            scope.Report(pattern.Value, Arguments.Name, RegexText.Describe(error));
            isGood = false;
        }

        if (!scope.TryFind(Arguments.Name, out _) && scope.TryFind(Path.Name, out TomlEntry path))
        {
            scope.Report(path.Value, Path.Name, "does nothing without arguments");
            isGood = false;
        }

        if (reportOnly && action != Block && scope.TryFind(ReportOnly.Name, out TomlEntry report))
        {
            scope.Report(report.Value, ReportOnly.Name, $"does nothing beside action = \"{action}\"");
            isGood = false;
        }

        return isGood;
    }
}
