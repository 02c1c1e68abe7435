using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;
using EdgeProxy.Services.Composing;

namespace EdgeProxy.Config.Tables;

/// <summary>[services.NAME.mirror]</summary>
internal static class MirrorTable
{
    private static readonly ServiceNameKey Main = new("service", "The service that answers.")
    {
        IsRequired = true,
        ExampleToml = "\"app\"",
    };

    private static readonly MirrorsKey Mirrors = new("mirrors",
        "The services that get copies: name, and percent, the share of the requests (0 to 100, default 100). Their "
            + "answers are thrown away.")
    {
        IsRequired = true,
        ExampleToml = "[{ name = \"spare\", percent = 10 }]",
    };

    private static readonly SizeKey BodyBytes = new("body_bytes_max", 0, ComposedLimits.MirrorBodyBytesMax,
        "The longest body of a request that is copied; 0 copies those without one.")
    {
        Default = ComposedLimits.MirrorBodyBytesDefault,
        DefaultToml = $"\"{SizeText.Format(ComposedLimits.MirrorBodyBytesDefault)}\"",
    };

    private static readonly IntegerKey InFlight = new("in_flight_max", 1, ComposedLimits.MirrorInFlightMax, "requests",
        "Copies under way to one mirror at a time, over all loops. Over it a request is not copied.")
    {
        Default = ComposedLimits.MirrorInFlightDefault,
        DefaultToml = ComposedLimits.MirrorInFlightDefault.ToString(CultureInfo.InvariantCulture),
    };

    public static TableDeclaration Declaration { get; } = new("mirror", IsNamed: false,
        "Instead of servers: a service, and others that get copies of its requests. What becomes of a copy neither "
            + "delays nor changes the answer.",
        [Main, Mirrors, BodyBytes, InFlight])
    {
        ExampleName = "app-mirrored",
        IsAlone = true,
        ExampleToml = """
            [services.app-next]
            servers = [{ url = "http://10.0.0.9:8080" }]

            [services.app-mirrored.mirror]
            service = "app"
            mirrors = [{ name = "app-next", percent = 10 }]
            """,
    };

    /// <summary>What could be read.</summary>
    public static ComposedDocument Parse(string name, string path, TableScope scope)
    {
        var members = new List<PlacedMember>();
        Placed<string>? main = Main.Read(scope);
        IReadOnlyList<PlacedMember>? mirrors = Mirrors.Read(scope);
        if (main is { } first && mirrors is not null)
        {
            members.Add(new PlacedMember(first, 1));
            foreach (PlacedMember mirror in mirrors)
            {
                if (mirror.Name.Value == first.Value)
                {
                    scope.Report(mirror.Name.Node, Mirrors.Name,
                        $"{mirror.Name.Node.Describe()} is the main service, too");
                }

                members.Add(mirror);
            }
        }

        return new ComposedDocument(path, members, new ComposedSettings
        {
            Name = name,
            Kind = ComposedKind.Mirror,
            BodyBytesMax = BodyBytes.Read(scope),
            InFlightMax = InFlight.ReadValue(scope),
        });
    }

    /// <summary>One { name, percent } of mirrors.</summary>
    internal static class MemberTable
    {
        private static readonly ServiceNameKey Name = new("name", "The service.")
        {
            IsRequired = true,
            ExampleToml = "\"app-next\"",
        };

        private static readonly IntegerKey Percent = new("percent", 0, 100, "percent", "Its share of the requests.")
        {
            Default = 100,
            DefaultToml = "100",
            ZeroMeans = "none",
        };

        public static TableDeclaration Declaration { get; } =
            new("mirrors", IsNamed: false, "One mirror.", [Name, Percent]);

        public static PlacedMember? Parse(TableScope scope)
        {
            Placed<string>? name = Name.Read(scope);
            int percent = Percent.ReadValue(scope);
            return name is { } placed ? new PlacedMember(placed, percent) : null;
        }
    }

    private sealed class MirrorsKey(string name, string doc) : Key<IReadOnlyList<PlacedMember>?>(name, doc)
    {
        public override string TypeText => "list of tables";

        public override string Accepts => "write [{ name = \"app-next\", percent = 10 }]";

        public override string Range => $"1 to {ComposedLimits.MirrorsMax} services, each with name and percent";

        public override KeyShape Shape => new ListShape(new TableShape(MemberTable.Declaration), NeedsItems: true);

        protected override bool TryParse(
            TomlNode node, TableScope scope, [NotNullWhen(true)] out IReadOnlyList<PlacedMember>? value)
        {
            value = null;
            if (node is not TomlArray array)
            {
                return Refuse(node, scope, "is not a list");
            }

            if (array.Items.Count is 0 or > ComposedLimits.MirrorsMax)
            {
                scope.Report(node, Name, $"has {array.Items.Count} services; write 1 to {ComposedLimits.MirrorsMax}");
                return false;
            }

            var members = new List<PlacedMember>(array.Items.Count);
            var seen = new HashSet<string>();
            foreach (TomlNode item in array.Items)
            {
                if (item is not TomlTable table)
                {
                    Refuse(item, scope, "is not a service with its percent");
                }
                else if (MemberTable.Parse(scope.Within(table, Name, MemberTable.Declaration)) is { } member)
                {
                    members.Add(member);
                    if (!seen.Add(member.Name.Value))
                    {
                        scope.Report(item, Name, $"{member.Name.Node.Describe()} stands in the list twice");
                    }
                }
            }

            // The good ones, so that what they name is checked in the same run.
            value = members;
            return true;
        }
    }
}
