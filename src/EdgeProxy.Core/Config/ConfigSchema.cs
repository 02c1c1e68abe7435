using System;
using System.Buffers;
using System.Collections.Generic;
using System.Linq;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config;

/// <summary>
/// The configuration as JSON Schema 2020-12, for editors. It knows keys, types, words and bounds; what tables say of
/// each other only validate knows. It uses no word that readers of older drafts would take for another.
/// </summary>
internal static class ConfigSchema
{
    private const string NamePattern = "^[A-Za-z0-9_-]{1,64}$";
    private const string SizePattern = "^[0-9]{1,9}(B|KiB|MiB|GiB)?$";
    private const string FilledIn = @"\$\{"; // such a string is judged when what it names is known

    private static readonly JsonWriterOptions Options =
        new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Json()
    {
        var bytes = new ArrayBufferWriter<byte>(1 << 16);
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            json.WriteString("$schema"u8, "https://json-schema.org/draft/2020-12/schema"u8);
            json.WriteString("title"u8, "EdgeProxy configuration"u8);
            json.WriteString("description"u8, RootTable.Declaration.Doc);
            WriteTable(json, RootTable.Declaration);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    // The members of an object that is open already.
    private static void WriteTable(Utf8JsonWriter json, TableDeclaration table)
    {
        json.WriteString("type"u8, "object"u8);
        json.WriteStartObject("properties"u8);
        foreach (Key key in table.Keys)
        {
            json.WriteStartObject(key.Name);
            WriteKey(json, key);
            json.WriteEndObject();
        }

        foreach (TableDeclaration below in table.Tables)
        {
            json.WriteStartObject(below.Name);
            json.WriteString("description"u8, below.Doc);
            if (below.IsNamed)
            {
                WriteNamed(json, below);
            }
            else
            {
                WriteTable(json, below);
            }

            json.WriteEndObject();
        }

        json.WriteEndObject();
        WriteRequired(json, table);
        // A table without keys of its own is all kinds, of which one is chosen.
        if (table.Keys.Count == 0 && table.Tables.Count > 0)
        {
            json.WriteNumber("minProperties"u8, 1);
            json.WriteNumber("maxProperties"u8, 1);
        }

        json.WriteBoolean("additionalProperties"u8, false);
    }

    private static void WriteNamed(Utf8JsonWriter json, TableDeclaration table)
    {
        json.WriteString("type"u8, "object"u8);
        json.WriteStartObject("patternProperties"u8);
        json.WriteStartObject(NamePattern);
        WriteTable(json, table);
        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteBoolean("additionalProperties"u8, false);
    }

    private static void WriteRequired(Utf8JsonWriter json, TableDeclaration table)
    {
        string[] required = [.. table.Keys.Where(key => key.IsRequired).Select(key => key.Name)];
        TableDeclaration[] alone = [.. table.Tables.Where(below => below.IsAlone)];
        if (alone.Length == 0)
        {
            WriteRequired(json, required);
            return;
        }

        json.WriteStartArray("anyOf"u8);
        json.WriteStartObject();
        WriteRequired(json, required);
        json.WriteEndObject();
        foreach (TableDeclaration below in alone)
        {
            json.WriteStartObject();
            WriteRequired(json, [below.Name]);
            json.WriteNumber("maxProperties"u8, 1);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteRequired(Utf8JsonWriter json, string[] names)
    {
        if (names.Length == 0)
        {
            return;
        }

        json.WriteStartArray("required"u8);
        foreach (string name in names)
        {
            json.WriteStringValue(name);
        }

        json.WriteEndArray();
    }

    private static void WriteKey(Utf8JsonWriter json, Key key)
    {
        json.WriteString("description"u8, $"{key.Doc} {ConfigReference.Describe(key)}");
        WriteShape(json, key.Shape);
        if (key.DefaultToml is { } standard)
        {
            json.WritePropertyName("default"u8);
            WriteValue(json, ValueOf(standard));
        }

        if (key.ExampleToml is { } example)
        {
            json.WriteStartArray("examples"u8);
            WriteValue(json, ValueOf(example));
            json.WriteEndArray();
        }
    }

    private static void WriteShape(Utf8JsonWriter json, KeyShape shape)
    {
        switch (shape)
        {
            case TextShape text:
                WriteText(json, text.Pattern is null ? null : $"{text.Pattern}|{FilledIn}");
                break;
            case ChoiceShape choice:
                WriteChoice(json, choice.Choices);
                break;
            case BooleanShape:
                json.WriteString("type"u8, "boolean"u8);
                break;
            case IntegerShape integer:
                json.WriteString("type"u8, "integer"u8);
                WriteBounds(json, integer.Min, integer.Max);
                break;
            case NumberShape number:
                json.WriteString("type"u8, "number"u8);
                json.WriteNumber("minimum"u8, number.Min);
                json.WriteNumber("maximum"u8, number.Max);
                break;
            case ScalarShape { IsNumber: true }:
                json.WriteString("type"u8, "number"u8);
                break;
            case ScalarShape:
                json.WriteStartArray("type"u8);
                json.WriteStringValue("string"u8);
                json.WriteStringValue("number"u8);
                json.WriteStringValue("boolean"u8);
                json.WriteEndArray();
                break;
            case SizeShape size:
                json.WriteStartArray("type"u8);
                json.WriteStringValue("string"u8);
                json.WriteStringValue("integer"u8);
                json.WriteEndArray();
                json.WriteString("pattern"u8, $"{SizePattern}|{FilledIn}");
                WriteBounds(json, size.Min, size.Max);
                break;
            case ListShape list:
                WriteList(json, list);
                break;
            case MapShape map:
                json.WriteString("type"u8, "object"u8);
                json.WriteStartObject("additionalProperties"u8);
                WriteShape(json, map.Value);
                json.WriteEndObject();
                break;
            case TableShape table:
                WriteTable(json, table.Table);
                break;
            default:
                throw new InvalidOperationException($"no schema for {shape}");
        }
    }

    private static void WriteText(Utf8JsonWriter json, string? pattern)
    {
        json.WriteString("type"u8, "string"u8);
        if (pattern is not null)
        {
            json.WriteString("pattern"u8, pattern);
        }
    }

    private static void WriteChoice(Utf8JsonWriter json, IReadOnlyList<string> choices)
    {
        json.WriteStartArray("anyOf"u8);
        json.WriteStartObject();
        json.WriteStartArray("enum"u8);
        foreach (string choice in choices)
        {
            json.WriteStringValue(choice);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteStartObject();
        WriteText(json, FilledIn);
        json.WriteEndObject();
        json.WriteEndArray();
    }

    private static void WriteList(Utf8JsonWriter json, ListShape list)
    {
        json.WriteString("type"u8, "array"u8);
        json.WriteStartObject("items"u8);
        WriteShape(json, list.Item);
        json.WriteEndObject();
        if (list.NeedsItems)
        {
            json.WriteNumber("minItems"u8, 1);
        }

        json.WriteBoolean("uniqueItems"u8, list.IsUnique);
    }

    private static void WriteBounds(Utf8JsonWriter json, long min, long max)
    {
        json.WriteNumber("minimum"u8, min);
        json.WriteNumber("maximum"u8, max);
    }

    private static TomlNode ValueOf(string toml)
    {
        var faults = new ConfigFaults();
        TomlTable table = TomlReader.Read(new TomlSource("key", $"value = {toml}", 0), faults);
        return table.TryFind("value", out TomlEntry entry)
            ? entry.Value
            : throw new InvalidOperationException($"a declaration has no TOML: {toml}");
    }

    private static void WriteValue(Utf8JsonWriter json, TomlNode node)
    {
        switch (node)
        {
            case TomlString text:
                json.WriteStringValue(text.Value);
                break;
            case TomlInteger integer:
                json.WriteNumberValue(integer.Value);
                break;
            case TomlBoolean boolean:
                json.WriteBooleanValue(boolean.Value);
                break;
            case TomlOther other when other.TryNumber(out double number):
                json.WriteNumberValue(number);
                break;
            case TomlArray array:
                json.WriteStartArray();
                foreach (TomlNode item in array.Items)
                {
                    WriteValue(json, item);
                }

                json.WriteEndArray();
                break;
            case TomlTable table:
                json.WriteStartObject();
                foreach (TomlEntry entry in table.Entries)
                {
                    json.WritePropertyName(entry.Key);
                    WriteValue(json, entry.Value);
                }

                json.WriteEndObject();
                break;
            default:
                throw new InvalidOperationException($"no key takes {node.Describe()}");
        }
    }
}
