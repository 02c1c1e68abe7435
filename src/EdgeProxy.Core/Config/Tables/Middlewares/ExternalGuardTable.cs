using System;
using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Ai.Guards;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>One external guard of an ai_guard.</summary>
internal static class ExternalGuardTable
{
    private const string Open = "open";
    private const string Closed = "closed";
    private const string Prompt = "prompt";
    private const string Answer = "answer";

    private static readonly GuardNameKey Name = new("name", "Its name in audit records and refusals.")
    {
        IsRequired = true,
        ExampleToml = "\"moderation\"",
    };

    private static readonly ApiUrlKey Url = new("url", "Where what it is asked about is sent with POST.")
    {
        IsRequired = true,
        ExampleToml = "\"http://127.0.0.1:8900/check\"",
    };

    private static readonly ChoiceKey OnFailure = new("on_failure", [Closed, Open],
        "What becomes of what it does not decide about: 503, or the end of a stream; or it goes on.")
    {
        IsRequired = true,
        ExampleToml = "\"closed\"",
    };

    private static readonly DurationKey Timeout = new("timeout", TimeSpan.FromMilliseconds(10),
        TimeSpan.FromMinutes(1), "Until it has decided.")
    {
        Default = ExternalGuard.TimeoutDefault,
        DefaultToml = "\"2s\"",
    };

    private static readonly BooleanKey ReportOnly = new("report_only", "What it says is only told of.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly ChoiceListKey About = new("about", [Prompt, Answer],
        "What it is asked about; X-EdgeProxy-About tells it: prompt, answer (whole), answer-part (texts of a stream). "
            + "Without it: prompts.")
    {
        NeedsItems = true,
        Default = [],
        ExampleToml = "[\"prompt\", \"answer\"]",
    };

    public static TableDeclaration Declaration { get; } = new("external", IsNamed: false, "One external guard.",
        [Name, Url, OnFailure, About, Timeout, ReportOnly]);

    public static ExternalGuard? Parse(TableScope scope)
    {
        string? name = Name.Read(scope);
        ApiUrl? url = Url.Read(scope);
        string? onFailure = OnFailure.Read(scope);
        Sequence<string> about = PlacedItems.Values(About.Read(scope));
        TimeSpan timeout = Timeout.Read(scope);
        bool reportOnly = ReportOnly.Read(scope);
        return name is null || url is not { } at || onFailure is null
            ? null
            : new ExternalGuard(name, at.ToUri(), timeout, onFailure == Open, reportOnly)
            {
                AsksPrompts = about.Count == 0 || Has(about, Prompt),
                AsksAnswers = Has(about, Answer),
            };
    }

    private static bool Has(Sequence<string> words, string word)
    {
        bool hasIt = false;
        foreach (string one in words)
        {
            hasIt |= one == word;
        }

        return hasIt;
    }
}

/// <summary>The external guards of an ai_guard.</summary>
internal sealed class ExternalGuardsKey(string name, string doc) : Key<IReadOnlyList<ExternalGuard>>(name, doc)
{
    public override string TypeText => "list of tables";

    public override string Accepts =>
        "write [{ name = \"moderation\", url = \"http://127.0.0.1:8900/check\", on_failure = \"closed\" }]";

    public override string Range => $"up to {ExternalGuard.CountMax}, each with name, url and on_failure";

    public override KeyShape Shape => new ListShape(new TableShape(ExternalGuardTable.Declaration), NeedsItems: false);

    protected override bool TryParse(
        TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<ExternalGuard>? value)
    {
        value = null;
        if (node is not TomlArray array)
        {
            return Refuse(node, scope, "is not a list");
        }

        if (array.Items.Count > ExternalGuard.CountMax)
        {
            scope.Report(node, Name, $"has {array.Items.Count} guards; write up to {ExternalGuard.CountMax}");
            return false;
        }

        var guards = new List<ExternalGuard>(array.Items.Count);
        foreach (TomlNode item in array.Items)
        {
            if (item is not TomlTable table)
            {
                Refuse(item, scope, "is not a guard");
            }
            else if (ExternalGuardTable.Parse(scope.Within(table, Name, ExternalGuardTable.Declaration)) is { } guard)
            {
                if (guards.Exists(known => known.Name == guard.Name))
                {
                    scope.Report(item, Name, $"has a second guard {guard.Name}; give it a name of its own");
                }

                guards.Add(guard);
            }
        }

        value = guards;
        return true;
    }
}
