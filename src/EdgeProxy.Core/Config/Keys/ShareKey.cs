using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>A share of something: 0, 1 or a float between them.</summary>
internal sealed class ShareKey(string name, string doc) : Key<double?>(name, doc)
{
    public override string TypeText => "share";

    public override string Accepts => "write " + Range;

    public override string Range => "0 to 1, as 0.01";

    public override KeyShape Shape => new NumberShape(0, 1);

    /// <summary>For keys that have a default.</summary>
    public double ReadValue(TableScope scope) => Read(scope) ?? 0;

    protected override bool TryParse(TomlNode node, TableScope scope, out double? value)
    {
        double number = node switch
        {
            TomlInteger integer => integer.Value,
            TomlOther other when other.TryNumber(out double parsed) => parsed,
            _ => double.NaN,
        };
        value = number;
        return number is >= 0 and <= 1 || Refuse(node, scope, "is not a share");
    }
}
