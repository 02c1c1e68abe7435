using System;
using System.Collections.Generic;

namespace EdgeProxy.Config.Toml;

/// <summary>How a table came to be, which decides who may add to it (TOML 1.1, "Table").</summary>
internal enum TomlTableOrigin : byte
{
    /// <summary>The path of a [header] passed through it; a later [header] may still define it.</summary>
    Implicit,

    /// <summary>[header], or one element of [[header]].</summary>
    Header,

    /// <summary>A dotted key; more dotted keys of the same table may add to it.</summary>
    Dotted,

    /// <summary>{ ... }, complete as written.</summary>
    Inline,
}

/// <summary>A key, where it stands, and its value.</summary>
internal readonly record struct TomlEntry(string Key, TomlSource Source, int Line, int Column, TomlNode Value);

/// <summary>A table that keeps the order of its keys.</summary>
internal sealed class TomlTable(TomlSource source, int line, int column, int offset, TomlTableOrigin origin)
    : TomlNode(source, line, column, offset)
{
    private const int ScannedEntriesMax = 8; // most of our tables; an index would cost more than it saves

    private readonly List<TomlEntry> _entries = [];
    private Dictionary<string, int>? _index;

    public TomlTableOrigin Origin { get; set; } = origin;

    public IReadOnlyList<TomlEntry> Entries => _entries;

    public bool TryFind(string key, out TomlEntry entry)
    {
        int at = IndexOf(key);
        entry = at < 0 ? default : _entries[at];
        return at >= 0;
    }

    /// <summary>The key MUST be new.</summary>
    public void Add(in TomlEntry entry)
    {
        _entries.Add(entry);
        if (_index is not null)
        {
            _index.Add(entry.Key, _entries.Count - 1);
        }
        else if (_entries.Count > ScannedEntriesMax)
        {
            _index = new Dictionary<string, int>(StringComparer.Ordinal);
            for (int i = 0; i < _entries.Count; i++)
            {
                _index.Add(_entries[i].Key, i);
            }
        }
    }

    public override string Describe() => "a table";

    private int IndexOf(string key)
    {
        if (_index is not null)
        {
            return _index.TryGetValue(key, out int found) ? found : -1;
        }

        for (int i = 0; i < _entries.Count; i++)
        {
            if (string.Equals(_entries[i].Key, key, StringComparison.Ordinal))
            {
                return i;
            }
        }

        return -1;
    }
}
