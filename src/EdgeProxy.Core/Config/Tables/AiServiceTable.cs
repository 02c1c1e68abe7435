using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Services;

namespace EdgeProxy.Config.Tables;

/// <summary>A model as read, with the place of its provider's name.</summary>
internal readonly record struct PlacedModel(ModelSettings Settings, Placed<string> Provider);

/// <summary>An AI service as read: its providers are not looked up yet.</summary>
internal sealed record AiServiceDocument(
    string Name, string Path, IReadOnlyList<PlacedModel> Models, AiServiceSettings Settings);

/// <summary>[services.NAME.ai]</summary>
internal static class AiServiceTable
{
    private const string Warn = "warn";
    private const string Drop = "drop";
    private const string Reject = "reject";

    private static readonly ModelsKey Models = new("models",
        "What clients may ask for: name, with a * at its end every name that begins so; provider; model, the "
            + "provider's name for it, without it the one asked for; a * in it is what the name's stood for. A name "
            + "may stand there several times: targets by priority, weight and context_tokens_max, each with an "
            + "on_unsupported of its own.")
    {
        IsRequired = true,
        ExampleToml = "[{ name = \"fast\", provider = \"local\", model = \"llama3.2:3b\" }]",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes_max", AiLimits.BodyBytesMin, AiLimits.BodyBytesMax,
        "Longest request body; it is read whole. Over it: 413.")
    {
        Default = AiLimits.BodyBytesDefault,
        DefaultToml = "\"8MiB\"",
    };

    private static readonly IntegerKey OutputTokens = new("output_tokens_max", 0, AiLimits.OutputTokensMax, "tokens",
        "Most tokens of one answer, all its choices together, by whatever name the dialect has for it: a request that "
            + "asks for more, or says nothing, gets so many.")
    {
        Default = 0,
        DefaultToml = "0",
        ZeroMeans = "no limit",
    };

    private static readonly ChoiceKey Unsupported = new("on_unsupported", [Warn, Drop, Reject],
        "A request that is translated for a provider of another dialect (chat completions for anthropic, Messages for "
            + "openai and openai_compatible, Ollama's chat for both) and says what that has nothing for: it goes "
            + "without and X-EdgeProxy-Left-Out names it, goes without, or is refused with 400; while the name has "
            + "other targets it is sent to those instead.")
    {
        Default = Warn,
        DefaultToml = $"\"{Warn}\"",
    };

    private static readonly BooleanKey ServerTools = new("server_tools",
        "Requests may ask for tools that the provider runs (web search, code, MCP servers). Otherwise: 403.")
    {
        Default = false,
        DefaultToml = "false",
    };

    private static readonly ModelNameListKey ToolsAllowed = new("tools_allowed",
        "Names of tools requests may bring along. Any other: 403. Without it: all.")
    {
        Default = [],
        ExampleToml = "[\"get_weather\"]",
    };

    private static readonly ModelNameListKey ToolsDenied = new("tools_denied",
        "Names of tools requests may not bring along: 403.")
    {
        Default = [],
        ExampleToml = "[\"delete_*\"]",
    };

    private static readonly TableListKey<ParameterRule> Parameters = new("parameters", ParameterTable.Declaration,
        ParameterLimits.RulesMax, ParameterTable.Parse,
        "Rules on what requests ask for, one after the other: path, apis, and min, max, default; or force; or drop; or "
            + "reject. Most tokens: see output_tokens_max.")
    {
        Default = [],
        ExampleToml = "[{ path = \"temperature\", max = 1.2 }]",
    };

    public static TableDeclaration Declaration { get; } = new("ai", IsNamed: false,
        "Instead of servers: models of AI providers, in the dialects of OpenAI, Anthropic and Ollama.",
        [Models, BodyBytes, OutputTokens, Unsupported, ServerTools, ToolsAllowed, ToolsDenied, Parameters])
    {
        ExampleName = "llm",
        IsAlone = true,
        ExampleToml = """
            [ai.providers.local]
            kind = "ollama"
            base_url = "http://127.0.0.1:11434"

            [services.llm.ai]
            models = [{ name = "fast", provider = "local", model = "llama3.2:3b" }]
            """,
    };

    /// <summary>Null if the service is none; one that is has no other key.</summary>
    public static AiServiceDocument? Parse(string name, TableScope scope)
    {
        if (!scope.TryFind(Declaration.Name, out _))
        {
            return null;
        }

        ComposedTable.ReportOthers(scope, Declaration);
        TableScope? below = scope.Below(Declaration);
        IReadOnlyList<PlacedModel> models = (below is null ? null : Models.Read(below)) ?? [];
        var settings = new List<ModelSettings>(models.Count);
        foreach (PlacedModel model in models)
        {
            settings.Add(model.Settings);
        }

        var service = new AiServiceSettings { Name = name, Models = new Sequence<ModelSettings>(settings) };
        if (below is not null)
        {
            service = service with
            {
                BodyBytesMax = BodyBytes.Read(below),
                OutputTokensMax = OutputTokens.ReadValue(below),
                OnUnsupported = UnsupportedOf(Unsupported.Read(below)),
                ServerTools = ServerTools.Read(below),
                ToolsAllowed = PlacedItems.Values(ToolsAllowed.Read(below)),
                ToolsDenied = PlacedItems.Values(ToolsDenied.Read(below)),
                Parameters = PlacedItems.Values(Parameters.Read(below)),
            };
        }

        return new AiServiceDocument(name, $"{scope.Path}.{Declaration.Name}.{Models.Name}", models, service);
    }

    private static OnUnsupported UnsupportedOf(string word) => word switch
    {
        Drop => OnUnsupported.Drop,
        Reject => OnUnsupported.Reject,
        _ => OnUnsupported.Warn,
    };

    /// <summary>One { name, provider, model } of models.</summary>
    internal static class ModelTable
    {
        private static readonly ModelNameKey Name = new("name", "What clients ask for.")
        {
            IsRequired = true,
            ExampleToml = "\"fast\"",
        };

        private static readonly TextKey Provider = new("provider", 64, "The provider that serves it.")
        {
            IsRequired = true,
            ExampleToml = "\"local\"",
        };

        private static readonly TextKey Model = new("model", AiLimits.ModelCharsMax,
            "The provider's name for it. Without it: the one asked for.")
        {
            ExampleToml = "\"llama3.2:3b\"",
        };

        private static readonly IntegerKey Priority = new("priority", 0, ServiceLimits.PriorityMax, "",
            "Of targets with one name: the one with a higher number is asked when those with a lower one fail, before "
                + "anything of an answer was passed on.")
        {
            Default = 0,
            DefaultToml = "0",
        };

        private static readonly IntegerKey Weight = new("weight", 1, ServiceLimits.WeightMax, "shares",
            "Of targets with one name and priority: its share of the calls.")
        {
            Default = 1,
            DefaultToml = "1",
        };

        private static readonly IntegerKey ContextTokens = new("context_tokens_max", 0, AiLimits.ContextTokensMax,
            "tokens",
            "Of targets with one name: its room for prompt and answer together. A call that is estimated at more goes "
                + "to those with more room, and to this one only if there is no other.")
        {
            Default = 0,
            DefaultToml = "0",
            ZeroMeans = "not known",
        };

        private static readonly ChoiceKey OfTarget = new("on_unsupported", [Warn, Drop, Reject],
            "As the service's on_unsupported, for this target alone; with reject a call goes to the name's other "
                + "targets first. Without it: as the service says.")
        {
            Default = "",
            ExampleToml = $"\"{Reject}\"",
        };

        public static TableDeclaration Declaration { get; } = new("models", IsNamed: false, "One model.",
            [Name, Provider, Model, Priority, Weight, ContextTokens, OfTarget]);

        public static PlacedModel? Parse(TableScope scope)
        {
            string? name = Name.Read(scope);
            string? provider = Provider.Read(scope);
            string? model = Model.Read(scope);
            int priority = Priority.ReadValue(scope);
            int weight = Weight.ReadValue(scope);
            int contextTokens = ContextTokens.ReadValue(scope);
            string unsupported = OfTarget.Read(scope);
            if (name is null || provider is null || !scope.TryFind(Provider.Name, out TomlEntry entry))
            {
                return null;
            }

            bool hasRest = model?.Contains('*') == true;
            if (hasRest && (!name.EndsWith('*') || model!.Split('*').Length > 2)
                && scope.TryFind(Model.Name, out TomlEntry at))
            {
                scope.Report(at.Value, Model.Name, name.EndsWith('*')
                    ? "has more than one *"
                    : "has a *, and the name has none that it could stand for");
                return null;
            }

            return new PlacedModel(
                new ModelSettings(name, provider, model ?? "")
                {
                    Priority = priority,
                    Weight = weight,
                    ContextTokensMax = contextTokens,
                    OnUnsupported = unsupported.Length == 0 ? null : UnsupportedOf(unsupported),
                },
                new Placed<string>(provider, entry.Value));
        }
    }

    private sealed class ModelsKey(string name, string doc) : Key<IReadOnlyList<PlacedModel>?>(name, doc)
    {
        public override string TypeText => "list of tables";

        public override string Accepts =>
            "write [{ name = \"fast\", provider = \"local\", model = \"llama3.2:3b\" }]";

        public override string Range => $"1 to {AiLimits.ModelsMax} models, each with name and provider";

        public override KeyShape Shape => new ListShape(new TableShape(ModelTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<PlacedModel>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > AiLimits.ModelsMax)
            {
                scope.Report(node, Name, $"has {array.Items.Count} models; write 1 to {AiLimits.ModelsMax}");
                return false;
            }

            var models = new List<PlacedModel>(array.Items.Count);
            var seen = new HashSet<ModelSettings>();
            var targets = new Dictionary<string, int>();
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    Refuse(item, scope, "is not a model");
                }
                else if (ModelTable.Parse(scope.Within(table, Name, ModelTable.Declaration)) is { } model)
                {
                    models.Add(model);
                    Check(scope, item, model.Settings, seen, targets);
                }
            }

            foreach (PlacedModel model in models)
            {
                if (model.Settings.ContextTokensMax > 0 && targets[model.Settings.Name] == 1)
                {
                    scope.Report(model.Provider.Node, Name, "has context_tokens_max, and the name no other target; it "
                        + "does nothing");
                }
            }

            value = models;
            return true;
        }

        // A name may have several targets; the same one twice would be asked again when it just failed.
        private void Check(
            TableScope scope,
            TomlNode item,
            ModelSettings model,
            HashSet<ModelSettings> seen,
            Dictionary<string, int> targets)
        {
            int count = targets.GetValueOrDefault(model.Name) + 1;
            targets[model.Name] = count;
            if (!seen.Add(model with { Priority = 0, Weight = 1, ContextTokensMax = 0, OnUnsupported = null }))
            {
                scope.Report(item, Name, "stands in the list twice");
            }
            else if (count == AiLimits.TargetsMax + 1)
            {
                scope.Report(item, Name, $"has more than {AiLimits.TargetsMax} targets for one name");
            }
        }
    }
}
