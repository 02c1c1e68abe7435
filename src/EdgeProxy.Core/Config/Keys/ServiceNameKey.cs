using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Keys;

/// <summary>The name of a service and where it stands; whether there is one is checked later.</summary>
internal sealed class ServiceNameKey(string name, string doc) : NameKey(name, "service", doc);

/// <summary>The name of another table and where it stands; whether there is one is checked later.</summary>
internal class NameKey(string name, string what, string doc) : Key<Placed<string>?>(name, doc)
{
    public override string TypeText => "name";

    public override string Accepts => "write " + Range;

    public override string Range => $"the name of {(what[0] is 'e' ? "an" : "a")} {what}";

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out Placed<string>? value)
    {
        value = null;
        if (!TryText(node, scope, out string? text))
        {
            return false;
        }

        value = new Placed<string>(text, node);
        return NameText.IsName(text) || Refuse(node, scope, "is not a name");
    }
}
