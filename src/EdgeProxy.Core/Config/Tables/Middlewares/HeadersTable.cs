using System.Collections.Generic;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Config.Tables.Middlewares;

/// <summary>[middlewares.NAME.headers]</summary>
internal static class HeadersTable
{
    private static readonly ChangesKey Request = new("request", "Changes to the head the server receives.")
    {
        ExampleToml = "{ set = { X-Client = \"{client_ip}\" }, remove = [\"X-Debug\"] }",
    };

    private static readonly ChangesKey Response = new("response", "Changes to the head the client receives.")
    {
        ExampleToml = "{ append = { Vary = \"Origin\" }, remove = [\"Server\"] }",
    };

    public static TableDeclaration Declaration { get; } = new("headers", IsNamed: false,
        "Removes, sets and appends fields, in this order; in every spelling that a server may take for the name.",
        [Request, Response])
    {
        ExampleName = "fields",
    };

    public static MiddlewareSettings Parse(string name, TableScope scope) => new HeadersSettings
    {
        Name = name,
        Request = Request.Read(scope) ?? HeaderChanges.None,
        Response = Response.Read(scope) ?? HeaderChanges.None,
    };

    private static class ChangesTable
    {
        private static readonly HeaderMapKey Set = new("set", "The only field of its name afterwards.")
        {
            Default = Sequence<HeaderLine>.Empty,
            ExampleToml = "{ X-Client = \"{client_ip}\" }",
        };

        private static readonly HeaderMapKey Append = new("append", "Added beside what is there.")
        {
            Default = Sequence<HeaderLine>.Empty,
            ExampleToml = "{ Vary = \"Origin\" }",
        };

        private static readonly HeaderListKey Remove = new("remove", "Left out.")
        {
            Default = [],
            ExampleToml = "[\"X-Debug\"]",
        };

        public static TableDeclaration Declaration { get; } =
            new("changes", IsNamed: false, "Changes in one direction.", [Set, Append, Remove]);

        public static HeaderChanges Parse(TableScope scope)
        {
            var removed = new List<FieldName>();
            foreach (Placed<FieldName> name in Remove.Read(scope))
            {
                removed.Add(name.Value);
            }

            return new HeaderChanges
            {
                Set = Set.Read(scope),
                Append = Append.Read(scope),
                Remove = new Sequence<FieldName>(removed),
            };
        }
    }

    private sealed class ChangesKey(string name, string doc) : Key<HeaderChanges?>(name, doc)
    {
        public override string TypeText => "table";

        public override string Accepts => "write " + Range;

        public override string Range =>
            "{ set = { X-Name = \"value\" }, append = { X-Name = \"value\" }, remove = [\"X-Name\"] }";

        public override KeyShape Shape => new TableShape(ChangesTable.Declaration);

        protected override bool TryParse(TomlNode node, TableScope scope, out HeaderChanges? value)
        {
            value = node is TomlTable table
                ? ChangesTable.Parse(scope.Within(table, Name, ChangesTable.Declaration))
                : null;
            return value is not null || Refuse(node, scope, "is not a table");
        }
    }
}
