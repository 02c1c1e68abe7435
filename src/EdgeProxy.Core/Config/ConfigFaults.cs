using System.Collections.Generic;
using System.Globalization;
using EdgeProxy.Config.Toml;

namespace EdgeProxy.Config;

/// <summary>
/// Collects the faults of one load: all of them, in the order of files and lines, capped for the reader's sake.
/// </summary>
internal sealed class ConfigFaults
{
    private readonly List<Entry> _entries = [];

    /// <summary>Enough: nobody reads more, and each takes memory.</summary>
    public bool IsFull => _entries.Count >= ConfigLimits.FaultsKeptMax;

    /// <summary>
    /// Some text could not be read as TOML. What is missing may stand in that text, so absence is no fault then.
    /// </summary>
    public bool HasSyntaxFault { get; private set; }

    public void Add(TomlSource source, int line, int column, string key, string message) =>
        _entries.Add(new Entry(source.Rank, _entries.Count, new ConfigFault(source.Name, line, column, key, message)));

    public void Add(TomlNode node, string key, string message) =>
        Add(node.Source, node.Line, node.Column, key, message);

    public void AddSyntax(TomlSource source, int line, int column, string message)
    {
        HasSyntaxFault = true;
        Add(source, line, column, "toml", message);
    }

    public IReadOnlyList<ConfigFault> ToSortedList()
    {
        _entries.Sort(static (a, b) => a.CompareTo(b));
        int shown = _entries.Count > ConfigLimits.FaultsMax ? ConfigLimits.FaultsMax : _entries.Count;
        var faults = new List<ConfigFault>(shown + 1);
        for (int i = 0; i < shown; i++)
        {
            faults.Add(_entries[i].Fault);
        }

        if (shown < _entries.Count)
        {
            ConfigFault next = _entries[shown].Fault;
            string rest = (_entries.Count - shown).ToString(CultureInfo.InvariantCulture);
            faults.Add(new ConfigFault(next.File, next.Line, next.Column, "config", $"and {rest} more"));
        }

        return faults;
    }

    private readonly record struct Entry(int Rank, int Order, ConfigFault Fault)
    {
        public int CompareTo(in Entry other)
        {
            int byFile = Rank.CompareTo(other.Rank);
            int byLine = byFile != 0 ? byFile : Fault.Line.CompareTo(other.Fault.Line);
            int byColumn = byLine != 0 ? byLine : Fault.Column.CompareTo(other.Fault.Column);
            return byColumn != 0 ? byColumn : Order.CompareTo(other.Order);
        }
    }
}
