using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using EdgeProxy.Config.Toml;
using EdgeProxy.Middlewares.Identity;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Text;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Config.Keys;

/// <summary>A table being read: its declaration, its path for faults, and where faults go.</summary>
internal sealed class TableScope
{
    private readonly TomlTable _table;
    private readonly ReadingContext _context;
    private readonly ConfigFaults _faults;
    private readonly List<string> _meant = [];

    /// <summary>Reports keys the declaration does not have.</summary>
    public TableScope(TomlTable table, string path, TableDeclaration declaration, ReadingContext context)
    {
        _table = table;
        _context = context;
        _faults = context.Faults;
        Path = path;
        ReportUnknownKeys(declaration);
    }

    public string Path { get; }

    public TomlTable Table => _table;

    /// <summary>What tells this machine from others; null if nothing does.</summary>
    public string? MachineId => _context.Placeholders.MachineId;

    /// <summary>Files that keys name.</summary>
    public SideFiles Files => _context.Files;

    /// <summary>What outlives a restart is there.</summary>
    public string StateFolder => _context.StateFolder;

    /// <summary>What TLS entrypoints show; complete when they are read.</summary>
    public Sequence<CertificateSettings> Certificates => _context.Certificates;

    /// <summary>Who may call; complete when the middlewares are read.</summary>
    public Sequence<ConsumerSettings> Consumers => _context.Consumers;

    public bool TryFind(string key, out TomlEntry entry) => _table.TryFind(key, out entry);

    /// <summary>A table below the root has the key, whatever it says, or is no table.</summary>
    public bool HasTop(TableDeclaration declaration, string key) =>
        _context.Root?.TryFind(declaration.Name, out TomlEntry entry) == true
        && (entry.Value is not TomlTable table || table.TryFind(key, out _));

    /// <summary>1 if the key is written, however; else 0.</summary>
    public int Count(Key key) => _table.TryFind(key.Name, out _) ? 1 : 0;

    /// <summary>An empty key is the table itself.</summary>
    public void Report(TomlNode node, string key, string message) => _faults.Add(node, Join(key), message);

    public void Report(TomlNode node, int line, int column, string key, string message) =>
        _faults.Add(node.Source, line, column, Join(key), message);

    public void ReportMissing(Key key)
    {
        // One mistake, one fault: a key written wrong is reported as unknown already.
        if (!_faults.HasSyntaxFault && !_meant.Contains(key.Name))
        {
            _faults.Add(_table, Join(key.Name), $"is missing; {key.Accepts}");
        }
    }

    /// <summary>The string with its ${...} filled in; false, reported, if one cannot be filled.</summary>
    public bool TryFill(TomlString node, string key, [MaybeNullWhen(false)] out string text)
    {
        if (_context.Placeholders.TryFill(node.Value, out text, out string? why))
        {
            return true;
        }

        Report(node, key, why);
        return false;
    }

    /// <summary>A scope for a table within a value, reporting under the same key.</summary>
    public TableScope Within(TomlTable table, string key, TableDeclaration declaration) =>
        new(table, Join(key), declaration, _context);

    /// <summary>The table below, to be read; null if it is absent, or is no table, which is then reported.</summary>
    public TableScope? Below(TableDeclaration declaration)
    {
        if (!TryFind(declaration.Name, out TomlEntry entry))
        {
            return null;
        }

        if (entry.Value is TomlTable table)
        {
            return Within(table, declaration.Name, declaration);
        }

        Report(entry.Value, declaration.Name,
            $"is {entry.Value.Describe()}; write a table [{Join(declaration.Name)}]");
        return null;
    }

    /// <summary>A middleware names a service; whether there is one is looked at when all are read.</summary>
    public void MentionService(string key, Placed<string> name) =>
        _context.MentionedServices.Add((Join(key), name));

    private string Join(string key) => Path.Length == 0 ? key : key.Length == 0 ? Path : $"{Path}.{key}";

    private void ReportUnknownKeys(TableDeclaration declaration)
    {
        foreach (TomlEntry entry in _table.Entries)
        {
            if (declaration.Knows(entry.Key))
            {
                continue;
            }

            string message = "is not supported in this version";
            if (!declaration.KnowsLater(entry.Key))
            {
                string? nearest = NearestWord.Find(entry.Key, declaration.Names());
                _meant.Add(nearest ?? "");
                message = nearest is null ? "is unknown" : $"is unknown; did you mean '{nearest}'?";
            }

            _faults.Add(entry.Source, entry.Line, entry.Column, Join(ConfigText.Key(entry.Key)), message);
        }
    }
}
