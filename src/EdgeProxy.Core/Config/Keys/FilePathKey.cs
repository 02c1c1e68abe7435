using System.Diagnostics.CodeAnalysis;
using System.IO;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Keys;

/// <summary>The absolute path of a file or folder that the proxy writes.</summary>
internal sealed class FilePathKey(string name, int charsMax, string doc) : Key<string>(name, doc)
{
    public override string TypeText => "path";

    public override string Accepts => "write " + Range;

    public override string Range => "an absolute path";

    protected override bool TryParse(TomlNode node, TableScope scope, [MaybeNullWhen(false)] out string value)
    {
        if (!TryText(node, scope, out value))
        {
            return false;
        }

        bool isPath = value.Length <= charsMax && Path.IsPathFullyQualified(value) && !value.Contains('\0');
        return isPath || RefuseText(node, value, scope, "is not an absolute path");
    }
}
