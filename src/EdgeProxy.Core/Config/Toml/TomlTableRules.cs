using System.Collections.Generic;
using System.Globalization;

namespace EdgeProxy.Config.Toml;

/// <summary>One part of a key path, a.b.c, and where it stands.</summary>
internal readonly record struct TomlKeyPart(string Key, int Line, int Column, int Offset);

/// <summary>
/// Who may define what, once (TOML 1.1, "Keys", "Table", "Array of Tables"). A table that may not be defined is
/// answered with a detached one, so that what follows is still read and reported nowhere twice.
/// </summary>
internal sealed class TomlTableRules(TomlSource source, ConfigFaults faults)
{
    public TomlTable NewTable(in TomlKeyPart at, TomlTableOrigin origin) =>
        new(source, at.Line, at.Column, at.Offset, origin);

    /// <summary>[a.b] or [[a.b]]: the table that the keys below it go to.</summary>
    public TomlTable OpenHeader(TomlTable root, List<TomlKeyPart> path, in TomlKeyPart bracket, bool isArray)
    {
        TomlTable table = root;
        for (int i = 0; i < path.Count - 1; i++)
        {
            if (Step(table, path[i], TomlTableOrigin.Implicit) is not { } next || next.Origin == TomlTableOrigin.Inline)
            {
                return Refuse("", path, i, table);
            }

            table = next;
        }

        return Define(table, path, bracket, isArray);
    }

    private TomlTable Define(TomlTable table, List<TomlKeyPart> path, in TomlKeyPart bracket, bool isArray)
    {
        TomlKeyPart last = path[^1];
        if (!table.TryFind(last.Key, out TomlEntry entry))
        {
            var created = new TomlTable(source, bracket.Line, bracket.Column, bracket.Offset, TomlTableOrigin.Header);
            TomlNode value = created;
            if (isArray)
            {
                var array = new TomlArray(source, bracket.Line, bracket.Column, bracket.Offset, isOfTables: true);
                array.Items.Add(created);
                value = array;
            }

            table.Add(new TomlEntry(last.Key, source, last.Line, last.Column, value));
            return created;
        }

        if (isArray && entry.Value is TomlArray { IsOfTables: true } tables)
        {
            var element = new TomlTable(source, bracket.Line, bracket.Column, bracket.Offset, TomlTableOrigin.Header);
            tables.Items.Add(element);
            return element;
        }

        if (!isArray && entry.Value is TomlTable { Origin: TomlTableOrigin.Implicit } open)
        {
            open.Origin = TomlTableOrigin.Header;
            return open;
        }

        return Refuse("", path, path.Count - 1, table);
    }

    /// <summary>a.b.c = value within <paramref name="table"/>, whose header is <paramref name="header"/>.</summary>
    public void AddValue(TomlTable table, List<TomlKeyPart> header, List<TomlKeyPart> path, TomlNode value)
    {
        TomlTable at = table;
        for (int i = 0; i < path.Count - 1; i++)
        {
            if (Step(at, path[i], TomlTableOrigin.Dotted) is not { Origin: TomlTableOrigin.Dotted } next)
            {
                Refuse(Prefix(header), path, i, at);
                return;
            }

            at = next;
        }

        TomlKeyPart last = path[^1];
        if (at.TryFind(last.Key, out _))
        {
            Refuse(Prefix(header), path, path.Count - 1, at);
            return;
        }

        at.Add(new TomlEntry(last.Key, source, last.Line, last.Column, value));
    }

    private TomlTable? Step(TomlTable table, in TomlKeyPart part, TomlTableOrigin origin)
    {
        if (!table.TryFind(part.Key, out TomlEntry entry))
        {
            TomlTable created = NewTable(part, origin);
            table.Add(new TomlEntry(part.Key, source, part.Line, part.Column, created));
            return created;
        }

        return entry.Value switch
        {
            TomlTable found => found,
            TomlArray { IsOfTables: true } tables => (TomlTable)tables.Items[^1],
            _ => null,
        };
    }

    private static string Prefix(List<TomlKeyPart> header) =>
        header.Count == 0 ? "" : Join(header, header.Count - 1) + ".";

    private static string Join(List<TomlKeyPart> path, int last)
    {
        string joined = ConfigText.Key(path[0].Key);
        for (int i = 1; i <= last; i++)
        {
            joined += "." + ConfigText.Key(path[i].Key);
        }

        return joined;
    }

    private TomlTable Refuse(string prefix, List<TomlKeyPart> path, int index, TomlTable owner)
    {
        TomlKeyPart at = path[index];
        _ = owner.TryFind(at.Key, out TomlEntry first);
        string line = first.Line.ToString(CultureInfo.InvariantCulture);
        string column = first.Column.ToString(CultureInfo.InvariantCulture);
        faults.Add(source, at.Line, at.Column, prefix + Join(path, index),
            $"is defined twice; first at {source.Name}:{line}:{column}");
        return NewTable(path[^1], TomlTableOrigin.Header);
    }
}
