using System.Collections.Generic;
using EdgeProxy.Ai.Plans;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables;

/// <summary>A plan as read: who has it is not looked up yet.</summary>
internal sealed record PlanDocument(
    string Name, string Path, PlanSettings Settings, IReadOnlyList<Placed<PlanLimitSettings>> Limits);

/// <summary>[plans.NAME]</summary>
internal static class PlanTable
{
    private const string NoPeriod = "";
    private static readonly string[] Counts =
        ["requests", "tokens", "input_tokens", "output_tokens", "cost", "concurrency"];

    private static readonly string[] Periods = ["minute", "hour", "day", "month"];

    private static readonly TableListKey<PlanLimitSettings> Limits = new("limits", LimitTable.Declaration,
        PlanLimits.LimitsMax, LimitTable.Parse,
        "What a consumer may use; all hold: count, what is counted; max, the most of it in a period; models, if it is "
            + "not about all; report_only, to count and refuse nothing. What a call may come to is reserved before it "
            + "is made, an estimate of its tokens and the most its answer may have (output_tokens_max), and settled "
            + "when it is over.")
    {
        IsRequired = true,
        ExampleToml = "[{ count = \"requests\", max = 1000, period = \"day\" }]",
    };

    private static readonly BooleanKey Headers = new("headers",
        "Tell clients what is left, by x-ratelimit-* or anthropic-ratelimit-*, as their dialect has it; what the "
            + "provider says there of the operator's account is left out.")
    {
        Default = true,
        DefaultToml = "true",
    };

    private static readonly BooleanKey CutStreams = new("cut_streams",
        "End a running answer that comes to more than twice the tokens reserved for it, with an end in its dialect: "
            + "its provider does not hold the most it was told. Otherwise what is above is a debt.")
    {
        Default = false,
        DefaultToml = "false",
    };

    public static TableDeclaration Declaration { get; } = new("plans", IsNamed: true,
        "How much of models a consumer may use: counted over all routers and loops, kept over restarts in "
            + "node.state_dir. Over it: 429 with Retry-After, in the words of who asks.",
        [Limits, Headers, CutStreams])
    {
        ExampleName = "basic",
        ExampleToml = """
            [ai.providers.local]
            kind = "ollama"
            base_url = "http://127.0.0.1:11434"

            [services.llm.ai]
            models = [{ name = "fast", provider = "local", model = "llama3.2:3b" }]
            output_tokens_max = 1024

            [plans.basic]
            limits = [{ count = "tokens", max = 200000, period = "day" }, { count = "concurrency", max = 4 }]
            headers = true

            [consumers.bob]
            users = ["bob"]
            plan = "basic"
            """,
    };

    public static PlanDocument Parse(string name, TableScope scope)
    {
        IReadOnlyList<Placed<PlanLimitSettings>> limits = Limits.Read(scope) ?? [];
        var seen = new HashSet<PlanLimitSettings>();
        foreach (Placed<PlanLimitSettings> limit in limits)
        {
            if (!seen.Add(limit.Value with { Max = 0, IsReportOnly = false }))
            {
                scope.Report(limit.Node, Limits.Name, "counts what another of this plan counts");
            }
        }

        var settings = new PlanSettings
        {
            Name = name,
            Limits = PlacedItems.Values(limits),
            HasHeaders = Headers.Read(scope),
            CutsStreams = CutStreams.Read(scope),
        };
        if (settings.CutsStreams && limits.Count > 0 && !Any(settings.Limits)
            && scope.TryFind(CutStreams.Name, out TomlEntry cut))
        {
            scope.Report(cut.Value, CutStreams.Name, "does nothing: no limit is of tokens of answers, or cost");
        }

        return new PlanDocument(name, scope.Path, settings, limits);
    }

    private static bool Any(Sequence<PlanLimitSettings> limits)
    {
        foreach (PlanLimitSettings limit in limits)
        {
            if (limit.IsOfAnswers)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Where limits stand, for faults.</summary>
    public static string LimitsKey => Limits.Name;

    /// <summary>One of limits.</summary>
    private static class LimitTable
    {
        private static readonly ChoiceKey Count = new("count", Counts,
            "What is counted; cost in micro-units, by the prices of the providers. concurrency: calls under way.")
        {
            IsRequired = true,
            ExampleToml = "\"tokens\"",
        };

        private static readonly AmountKey Max = new("max", 1, PlanLimits.AmountMax, "The most of it in a period.")
        {
            IsRequired = true,
            ExampleToml = "200000",
        };

        private static readonly ChoiceKey Period = new("period", Periods,
            "What it is counted in, by UTC's clock and calendar. What was used above the limit, because a provider "
                + "counted more than was reserved, is used of the next one.")
        {
            Default = NoPeriod,
            ExampleToml = "\"day\"",
        };

        private static readonly ModelNameListKey Models = new("models",
            "Names clients ask for that it is about. Without it: all.")
        {
            ExampleToml = "[\"fast\"]",
        };

        private static readonly BooleanKey ReportOnly = new("report_only",
            "Count what would be refused, refuse nothing.")
        {
            Default = false,
            DefaultToml = "false",
        };

        public static TableDeclaration Declaration { get; } =
            new("limits", IsNamed: false, "One limit.", [Count, Max, Period, Models, ReportOnly]);

        public static PlanLimitSettings? Parse(TableScope scope)
        {
            string? count = Count.Read(scope);
            long? max = Max.Read(scope);
            string? period = Period.Read(scope);
            IReadOnlyList<Placed<string>>? models = Models.Read(scope);
            if (models is { Count: > PlanLimits.ModelsMax } && scope.TryFind(Models.Name, out TomlEntry many))
            {
                scope.Report(many.Value, Models.Name, $"has {models.Count} names; write up to {PlanLimits.ModelsMax}");
                return null;
            }

            bool isReportOnly = ReportOnly.Read(scope);
            bool hasPeriod = scope.TryFind(Period.Name, out TomlEntry entry);
            var counted = (PlanCount)System.Array.IndexOf(Counts, count);
            if (count is not null && hasPeriod == (counted == PlanCount.Concurrency))
            {
                scope.Report(hasPeriod ? entry.Value : scope.Table, Period.Name, hasPeriod
                    ? "does nothing: calls under way are counted now"
                    : "is missing; " + Period.Accepts);
                return null;
            }

            return count is null || max is not { } most ? null
                : new PlanLimitSettings(counted, (PlanPeriod)(System.Array.IndexOf(Periods, period) + 1), most)
                {
                    Models = PlacedItems.Values(models),
                    IsReportOnly = isReportOnly,
                };
        }
    }
}
