using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.weighted]</summary>
internal static class WeightedTable
{
    private static readonly MembersKey Members = new("services",
        "The services: name, and weight, the share of the requests (0 to 1000, default 1; 0 gets none). Those without "
            + "a usable server are passed over.")
    {
        IsRequired = true,
        ExampleToml = "[{ name = \"app\", weight = 95 }, { name = \"spare\", weight = 5 }]",
    };

    public static TableDeclaration Declaration { get; } = new("weighted", IsNamed: false,
        "Instead of servers: other services, each with its share of the requests, a canary for example.", [Members])
    {
        ExampleName = "app-rollout",
        IsAlone = true,
        ExampleToml = """
            [services.app-next]
            servers = [{ url = "http://10.0.0.9:8080" }]

            [services.app-rollout.weighted]
            services = [{ name = "app", weight = 95 }, { name = "app-next", weight = 5 }]
            """,
        Tables = [StickyTable.Declaration],
    };

    /// <summary>What could be read.</summary>
    public static ComposedDocument Parse(string name, string path, TableScope scope) =>
        new(path, Members.Read(scope) ?? [], new ComposedSettings
        {
            Name = name,
            Kind = ComposedKind.Weighted,
            Sticky = StickyTable.Parse(scope),
        });

    /// <summary>One { name, weight } of services.</summary>
    internal static class MemberTable
    {
        private static readonly ServiceNameKey Name = new("name", "The service.")
        {
            IsRequired = true,
            ExampleToml = "\"app\"",
        };

        private static readonly IntegerKey Weight = new("weight", 0, ComposedLimits.WeightMax, "shares",
            "Its share of the requests.")
        {
            Default = 1,
            DefaultToml = "1",
            ZeroMeans = "none",
        };

        public static TableDeclaration Declaration { get; } =
            new("services", IsNamed: false, "One service.", [Name, Weight]);

        public static PlacedMember? Parse(TableScope scope)
        {
            Placed<string>? name = Name.Read(scope);
            int weight = Weight.ReadValue(scope);
            return name is { } placed ? new PlacedMember(placed, weight) : null;
        }
    }

    private sealed class MembersKey(string name, string doc) : Key<IReadOnlyList<PlacedMember>?>(name, doc)
    {
        public override string TypeText => "list of tables";

        public override string Accepts =>
            "write [{ name = \"app\", weight = 95 }, { name = \"app-next\", weight = 5 }]";

        public override string Range => $"1 to {ComposedLimits.MembersMax} services, each with name and weight";

        public override KeyShape Shape => new ListShape(new TableShape(MemberTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<PlacedMember>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > ComposedLimits.MembersMax)
            {
                scope.Report(node, Name, $"has {array.Items.Count} services; write 1 to {ComposedLimits.MembersMax}");
                return false;
            }

            var members = new List<PlacedMember>(array.Items.Count);
            var seen = new HashSet<string>();
            int sum = 0;
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    Refuse(item, scope, "is not a service with its weight");
                }
                else if (MemberTable.Parse(scope.Within(table, Name, MemberTable.Declaration)) is { } member)
                {
                    members.Add(member);
                    sum += member.Weight;
                    if (!seen.Add(member.Name.Value))
                    {
                        scope.Report(item, Name, $"{member.Name.Node.Describe()} stands in the list twice");
                    }
                }
            }

            if (sum == 0 && members.Count == array.Items.Count)
            {
                scope.Report(node, Name, "has no weight above 0: no request could be answered");
            }

            // The good ones, so that what they name is checked in the same run.
            value = members;
            return true;
        }
    }
}
