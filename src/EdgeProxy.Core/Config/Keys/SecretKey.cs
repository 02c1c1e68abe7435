using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>A text that nobody else may see: a fault says nothing of what it is.</summary>
internal sealed class SecretKey(string name, int charsMin, int charsMax, string doc) : Key<string?>(name, doc)
{
    public override bool IsSecret => true;

    public override string TypeText => "secret";

    public override string Accepts => "write a string of " + Range;

    public override string Range => $"{charsMin} to {charsMax} characters";

    protected override bool TryParse(TomlNode node, TableScope scope, [NotNullWhen(true)] out string? value)
    {
        value = null;
        if (node is not TomlString text)
        {
            scope.Report(node, Name, $"is not a string; {Accepts}");
            return false;
        }

        if (!scope.TryFill(text, Name, out value))
        {
            return false;
        }

        if (value.Length < charsMin || value.Length > charsMax)
        {
            scope.Report(node, Name, $"is too {(value.Length < charsMin ? "short" : "long")}; {Accepts}");
            return false;
        }

        return true;
    }
}
