using System;
using System.Text.Json.Nodes;
using EdgeProxy.Config;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Tests.Config;

/// <summary>A TOML file as the JSON that a schema speaks of.</summary>
internal static class TomlJson
{
    /// <summary>Null if it is not TOML.</summary>
    public static JsonObject? Of(string toml)
    {
        var faults = new ConfigFaults();
        TomlTable root = TomlReader.Read(new TomlSource("test.toml", toml, 0), faults);
        return faults.HasSyntaxFault ? null : (JsonObject)Of(root);
    }

    private static JsonNode Of(TomlNode node)
    {
        switch (node)
        {
            case TomlString text:
                return JsonValue.Create(text.Value);
            case TomlInteger integer:
                return JsonValue.Create(integer.Value);
            case TomlBoolean boolean:
                return JsonValue.Create(boolean.Value);
            case TomlOther other:
                return other.TryNumber(out double number) && double.IsFinite(number)
                    ? JsonValue.Create(number)
                    : JsonValue.Create("no number");
            case TomlArray array:
                var list = new JsonArray();
                foreach (TomlNode item in array.Items)
                {
                    list.Add(Of(item));
                }

                return list;
            case TomlTable table:
                var members = new JsonObject();
                foreach (TomlEntry entry in table.Entries)
                {
                    members.Add(entry.Key, Of(entry.Value));
                }

                return members;
            default:
                throw new InvalidOperationException($"{node.Describe()} is new");
        }
    }
}
