using System.Globalization;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>A count that may be large, or none.</summary>
internal sealed class AmountKey(string name, long min, long max, string doc) : Key<long?>(name, doc)
{
    public override string TypeText => "integer";

    public override string Accepts => "write an integer, " + Range;

    public override string Range => string.Create(CultureInfo.InvariantCulture, $"{min} to {max}");

    public override KeyShape Shape => new IntegerShape(min, max);

    protected override bool TryParse(TomlNode node, TableScope scope, out long? value)
    {
        value = null;
        if (node is not TomlInteger integer)
        {
            return Refuse(node, scope, "is not an integer");
        }

        if (integer.Value < min || integer.Value > max)
        {
            return Refuse(node, scope, "is out of range");
        }

        value = integer.Value;
        return true;
    }
}
