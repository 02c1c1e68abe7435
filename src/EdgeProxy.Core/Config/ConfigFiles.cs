using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Text;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Tables;
using EdgeProxy.Config.Toml;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Config;

/// <summary>The files of one configuration: the first, what it includes, and one table merged of all.</summary>
internal sealed class ConfigFiles(ConfigEnvironment environment, IFilePlace place, ConfigFaults faults)
{
    private readonly List<string> _paths = [];
    private readonly List<FileStamp> _stamps = [];
    private readonly List<IncludePattern> _patterns = [];
    private readonly List<byte[]> _contents = [];
    private readonly List<WrittenFile> _written = [];
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private string _folder = "";

    public IReadOnlyList<string> Paths => _paths;

    public IReadOnlyList<FileStamp> Stamps => _stamps;

    public IReadOnlyList<IncludePattern> Patterns => _patterns;

    /// <summary>The TOML among them.</summary>
    public WrittenFiles Written => new(_written);

    /// <summary>Null if the first file cannot be read.</summary>
    public TomlTable? ReadAll(string path)
    {
        if (string.IsNullOrEmpty(path) || path.Contains('\0'))
        {
            faults.Add(new TomlSource(path, "", 0), 1, 1, "config", "is not a file name");
            return null;
        }

        string full = Path.GetFullPath(path);
        _folder = Path.GetDirectoryName(full) ?? "/";
        Beside = new SideFiles(_folder);
        if (ReadFile(full, path, out string? why) is not { } root)
        {
            faults.Add(new TomlSource(path, "", 0), 1, 1, "config", why!);
            return null;
        }

        // include is read before the other keys, which may stand in the files it names.
        if (root.TryFind(RootTable.IncludeName, out TomlEntry include))
        {
            var alone = new TomlTable(root.Source, 1, 1, 0, TomlTableOrigin.Header);
            alone.Add(include);
            var scope = new TableScope(alone, "", RootTable.Declaration, Alone(faults));
            foreach (Placed<string> pattern in RootTable.ReadInclude(scope))
            {
                Include(root, pattern, Path.GetDirectoryName(path) ?? "");
            }
        }

        return root;
    }

    /// <summary>Null if the text is too long.</summary>
    public TomlTable? ReadText(string text, string name)
    {
        var source = new TomlSource(name, WithoutMark(text), 0);
        if (Encoding.UTF8.GetByteCount(text) > ConfigLimits.FileBytesMax)
        {
            faults.Add(source, 1, 1, "config", TooLarge);
            return null;
        }

        TomlTable root = TomlReader.Read(source, faults);
        RefuseInclude(root, "is not supported here: there is no folder to look in");
        return root;
    }

    /// <summary>credentials_dir as an absolute path; null if there is none.</summary>
    public string? CredentialsFolder(TomlTable root)
    {
        if (RootTable.CredentialsFolderSource(root) is not { } source)
        {
            return null;
        }

        // Its faults are reported when the top table is read with all of its keys.
        var unheard = new ConfigFaults();
        var scope = new TableScope(root, "", RootTable.Declaration, Alone(unheard));
        string? folder = RootTable.ReadCredentialsFolder(scope);
        string relativeTo = source.Rank < _paths.Count ? Path.GetDirectoryName(_paths[source.Rank]) ?? "/" : "/";
        return folder is null ? null : Path.GetFullPath(folder, relativeTo);
    }

    /// <summary>Files that keys name are read relative to the folder of the first file.</summary>
    public SideFiles Beside { get; private set; } = new(null);

    /// <summary>Counts the files read beside the configuration among its own: no file is read after this.</summary>
    public void TakeBeside()
    {
        foreach ((FileStamp stamp, byte[] bytes) in Beside.Read)
        {
            if (_seen.Add(stamp.Path))
            {
                _paths.Add(stamp.Path);
                _stamps.Add(stamp);
                _contents.Add(bytes);
            }
        }
    }

    public string Hash()
    {
        var hash = new Sha256();
        foreach (byte[] content in _contents)
        {
            hash.Append(content);
        }

        return ConfigFile.HashOf(hash.End());
    }

    // A table read before the rest: nothing beside it is known.
    private ReadingContext Alone(ConfigFaults heard) =>
        new(heard, new Placeholders(environment, null), new SideFiles(null));

    private static string TooLarge => $"is larger than {ConfigLimits.FileBytesMax / (1024 * 1024)} MiB";

    private void Include(TomlTable root, in Placed<string> written, string shownFolder)
    {
        IncludePattern pattern = IncludePattern.Of(written.Value, _folder);
        _patterns.Add(pattern);
        string shownAt = Path.Combine(shownFolder, Path.GetDirectoryName(written.Value) ?? "");
        foreach (string full in place.Matching(pattern))
        {
            if (_seen.Contains(full))
            {
                continue;
            }

            if (_paths.Count == ConfigLimits.FilesMax)
            {
                faults.Add(written.Node, RootTable.IncludeName, $"names more than {ConfigLimits.FilesMax} files");
                return;
            }

            string shown = Path.Combine(shownAt, Path.GetFileName(full));
            if (ReadFile(full, shown, out string? why) is { } table)
            {
                RefuseInclude(table, "may not stand in an included file");
                Merge(root, table);
            }
            else
            {
                faults.Add(written.Node, RootTable.IncludeName, $"{ConfigText.Quote(shown)} {why}");
            }
        }
    }

    private TomlTable? ReadFile(string full, string shown, out string? why)
    {
        FileOutcome outcome = place.Read(full, ConfigLimits.FileBytesMax, out byte[] bytes, out FileStamp stamp);
        why = outcome switch
        {
            FileOutcome.Absent => "does not exist",
            FileOutcome.TooLarge => TooLarge,
            FileOutcome.Unreadable => "cannot be read",
            _ => null,
        };
        if (why is not null)
        {
            return null;
        }

        _seen.Add(full);
        _paths.Add(full);
        _stamps.Add(stamp);
        _contents.Add(bytes);
        _written.Add(new WrittenFile(full, bytes));
        // What is no UTF-8 becomes U+FFFD, which the reader reports with its place.
        return TomlReader.Read(new TomlSource(shown, WithoutMark(Encoding.UTF8.GetString(bytes)), _paths.Count - 1),
            faults);
    }

    private void RefuseInclude(TomlTable table, string why)
    {
        if (table.TryFind(RootTable.IncludeName, out TomlEntry include))
        {
            faults.Add(include.Source, include.Line, include.Column, RootTable.IncludeName, why);
        }
    }

    // Tables of the top level are merged; within them a name stands once.
    private void Merge(TomlTable into, TomlTable from)
    {
        foreach (TomlEntry entry in from.Entries)
        {
            if (string.Equals(entry.Key, RootTable.IncludeName, StringComparison.Ordinal))
            {
                continue;
            }

            if (!into.TryFind(entry.Key, out TomlEntry first))
            {
                into.Add(entry);
            }
            else if (first.Value is TomlTable firstTable && entry.Value is TomlTable table)
            {
                foreach (TomlEntry inner in table.Entries)
                {
                    if (firstTable.TryFind(inner.Key, out TomlEntry firstInner))
                    {
                        ReportTwice(inner, firstInner, $"{ConfigText.Key(entry.Key)}.{ConfigText.Key(inner.Key)}");
                    }
                    else
                    {
                        firstTable.Add(inner);
                    }
                }
            }
            else
            {
                ReportTwice(entry, first, ConfigText.Key(entry.Key));
            }
        }
    }

    private void ReportTwice(in TomlEntry second, in TomlEntry first, string key) =>
        faults.Add(second.Source, second.Line, second.Column, key,
            string.Create(CultureInfo.InvariantCulture,
                $"is defined twice; first at {first.Source.Name}:{first.Line}:{first.Column}"));

    private static string WithoutMark(string text) => text.StartsWith('\uFEFF') ? text[1..] : text;
}
