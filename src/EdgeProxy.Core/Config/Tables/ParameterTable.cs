using System.Linq;
using EdgeProxy.Ai;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Collections;

namespace EdgeProxy.Config.Tables;

/// <summary>One of [services.NAME.ai] parameters.</summary>
internal static class ParameterTable
{
    private static readonly ParameterPathKey Path = new("path", "The parameter.")
    {
        IsRequired = true,
        ExampleToml = "\"temperature\"",
    };

    private static readonly ChoiceListKey Apis = new("apis", ParameterLimits.Apis,
        "The calls it is about. Without it: all.")
    {
        NeedsItems = true,
        Default = [],
        ExampleToml = "[\"chat_completions\", \"responses\"]",
    };

    private static readonly JsonScalarKey Min = new("min", isNumber: true,
        "A smaller number becomes this one; what is no number: 400.")
    {
        ExampleToml = "0",
    };

    private static readonly JsonScalarKey Max = new("max", isNumber: true,
        "A larger number becomes this one; what is no number: 400.")
    {
        ExampleToml = "1.2",
    };

    private static readonly JsonScalarKey Standard = new("default", isNumber: false,
        "What a request that says nothing, or null, gets; not in calls for embeddings or counts.")
    {
        ExampleToml = "0.7",
    };

    private static readonly JsonScalarKey Force = new("force", isNumber: false,
        "What every request gets, whatever it says; nothing is added in calls for embeddings or counts.")
    {
        ExampleToml = "false",
    };

    private static readonly BooleanKey Drop = new("drop", "It is taken out.")
    {
        ExampleToml = "true",
    };

    private static readonly BooleanKey Reject = new("reject", "A request that has it is refused: 400.")
    {
        ExampleToml = "true",
    };

    public static TableDeclaration Declaration { get; } = new("parameters", IsNamed: false, "One rule.",
        [Path, Apis, Min, Max, Standard, Force, Drop, Reject]);

    public static ParameterRule? Parse(TableScope scope)
    {
        string? path = Path.Read(scope);
        Sequence<string> apis = PlacedItems.Values(Apis.Read(scope));
        JsonScalar? min = Min.Read(scope);
        JsonScalar? max = Max.Read(scope);
        JsonScalar? standard = Standard.Read(scope);
        JsonScalar? force = Force.Read(scope);
        bool isGood = IsTrue(scope, Drop) & IsTrue(scope, Reject);
        Key[] actions = [.. new Key[] { Force, Drop, Reject }.Where(key => scope.TryFind(key.Name, out _))];
        Key[] bounds = [.. new Key[] { Min, Max, Standard }.Where(key => scope.TryFind(key.Name, out _))];
        if (path is null || !isGood)
        {
            return null;
        }

        if (actions.Length + bounds.Length == 0)
        {
            scope.Report(scope.Table, "", "does nothing; write min, max, default, force, drop or reject");
            return null;
        }

        if (actions.Length > 1 || (actions.Length == 1 && bounds.Length > 0))
        {
            Key second = actions.Length > 1 ? actions[1] : bounds[0];
            scope.TryFind(second.Name, out TomlEntry entry);
            scope.Report(entry.Value, second.Name, $"does nothing beside {actions[0].Name}");
            return null;
        }

        var rule = new ParameterRule
        {
            Text = path,
            Path = ParameterPathKey.Split(path),
            Apis = apis,
            Action = actions.Length == 0 ? ParameterAction.Bound
                : actions[0] == Force ? ParameterAction.Force
                : actions[0] == Drop ? ParameterAction.Drop
                : ParameterAction.Reject,
            Min = min,
            Max = max,
            Value = force ?? standard,
        };
        return Fits(scope, rule) ? rule : null;
    }

    private static bool IsTrue(TableScope scope, BooleanKey key)
    {
        bool isTrue = key.Read(scope);
        bool isThere = scope.TryFind(key.Name, out TomlEntry entry);
        if (isThere && !isTrue && entry.Value is TomlBoolean)
        {
            scope.Report(entry.Value, key.Name, "does nothing; write true, or leave it out");
        }

        return isTrue || !isThere;
    }

    private static bool Fits(TableScope scope, ParameterRule rule)
    {
        bool isOfItems = rule.Path.Contains(ParameterLimits.Items);
        bool endsInItems = rule.Path[rule.Path.Count - 1] == ParameterLimits.Items;
        if (scope.TryFind(Path.Name, out TomlEntry path)
            && ((isOfItems && rule.Value is not null) || (endsInItems && rule.Action == ParameterAction.Drop)))
        {
            scope.Report(path.Value, Path.Name, rule.Value is not null
                ? "has [], and default and force need one place"
                : "ends with [], and drop takes out members only");
            return false;
        }

        if (rule.Min?.Number > rule.Max?.Number && scope.TryFind(Max.Name, out TomlEntry max))
        {
            scope.Report(max.Value, Max.Name, "is less than min");
            return false;
        }

        bool isBound = rule.Min is not null || rule.Max is not null;
        bool isWithin = rule.Value?.Number is { } number
            && !(number < rule.Min?.Number) && !(number > rule.Max?.Number);
        if (isBound && rule.Value is not null && !isWithin && scope.TryFind(Standard.Name, out TomlEntry standard))
        {
            scope.Report(standard.Value, Standard.Name, "is not within min and max");
            return false;
        }

        return true;
    }
}
