using System;
using System.Globalization;
using System.Text;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config.Effective;

/// <summary>Writes values as TOML does, secrets masked or not.</summary>
internal static class ValueText
{
    private const string Mask = "\"***\"";

    // Of names that authors choose (header fields, parameters): what a value under such a name usually is.
    private static readonly string[] s_secretWords =
        ["authorization", "cookie", "credential", "key", "password", "secret", "token"];

    /// <param name="key">Its declaration.</param>
    /// <param name="isMasked">Secrets are not shown.</param>
    public static string Of(TomlNode node, Key key, bool isMasked)
    {
        var text = new StringBuilder();
        Write(text, node, key.Shape, isMasked, isMasked && key.IsSecret);
        return text.ToString();
    }

    private static void Write(StringBuilder text, TomlNode node, KeyShape? shape, bool isMasked, bool isSecret)
    {
        switch (node)
        {
            case TomlString value:
                WriteString(text, value.Value, isMasked, isSecret);
                break;
            case TomlInteger or TomlOther or TomlBoolean when isSecret:
                text.Append(Mask);
                break;
            case TomlInteger value:
                text.Append(value.Text);
                break;
            case TomlBoolean value:
                text.Append(value.Value ? "true" : "false");
                break;
            case TomlOther value:
                text.Append(value.Text);
                break;
            case TomlArray list:
                WriteList(text, list, shape, isMasked, isSecret);
                break;
            case TomlTable table:
                WriteTable(text, table, shape, isMasked, isSecret);
                break;
        }
    }

    private static void WriteList(
        StringBuilder text, TomlArray list, KeyShape? shape, bool isMasked, bool isSecret)
    {
        text.Append('[');
        for (int i = 0; i < list.Items.Count; i++)
        {
            text.Append(i == 0 ? "" : ", ");
            Write(text, list.Items[i], (shape as ListShape)?.Item, isMasked, isSecret);
        }

        text.Append(']');
    }

    private static void WriteTable(
        StringBuilder text, TomlTable table, KeyShape? shape, bool isMasked, bool isSecret)
    {
        text.Append('{');
        bool isFirst = true;
        foreach (TomlEntry entry in table.Entries)
        {
            text.Append(isFirst ? " " : ", ").Append(ConfigText.Key(entry.Key)).Append(" = ");
            isFirst = false;
            Key? key = (shape as TableShape)?.Table is { } declaration ? Find(declaration, entry.Key) : null;
            bool isOwnSecret = isMasked && (key?.IsSecret ?? (shape is MapShape && IsSecretWord(entry.Key)));
            Write(text, entry.Value, key?.Shape ?? (shape as MapShape)?.Value, isMasked, isSecret || isOwnSecret);
        }

        text.Append(isFirst ? "}" : " }");
    }

    private static void WriteString(StringBuilder text, string value, bool isMasked, bool isSecret)
    {
        if (isSecret && !IsPlaceholder(value))
        {
            text.Append(Mask);
            return;
        }

        text.Append('"');
        foreach (char c in isMasked ? ConfigText.WithoutUserinfo(value) : value)
        {
            _ = c switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\t' => text.Append("\\t"),
                _ when char.IsControl(c) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:X4}"),
                _ => text.Append(c),
            };
        }

        text.Append('"');
    }

    // ${cred:NAME} and nothing beside it says where a secret is, not what.
    private static bool IsPlaceholder(string value) =>
        value.StartsWith("${", StringComparison.Ordinal)
        && value.IndexOf('}', StringComparison.Ordinal) == value.Length - 1;

    private static bool IsSecretWord(string name)
    {
        foreach (string word in s_secretWords)
        {
            if (name.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

    private static Key? Find(TableDeclaration declaration, string name)
    {
        foreach (Key key in declaration.Keys)
        {
            if (string.Equals(key.Name, name, StringComparison.Ordinal))
            {
                return key;
            }
        }

        return null;
    }
}
