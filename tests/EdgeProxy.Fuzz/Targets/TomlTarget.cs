using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Config.Toml;
using EdgeProxy.Tests.Primitives.Http;
using Tomlyn;
using TheirArray = Tomlyn.Model.TomlArray;
using TheirTable = Tomlyn.Model.TomlTable;
using TheirTables = Tomlyn.Model.TomlTableArray;

namespace EdgeProxy.Fuzz.Targets;

/// <summary>
/// Configuration files: any bytes are settings or faults, each fault within the file and in its order, and no secret in
/// one; what both our reader and Tomlyn's model take says the same.
/// </summary>
internal sealed class TomlTarget : FuzzTarget
{
    private const string Secret = "hunter2-correct-horse";

    private static readonly ConfigEnvironment Environment =
        new(static name => name == "SECRET" ? Secret : null, "fuzz-host");

    public override string Name => "toml";

    public override IReadOnlyList<byte[]> Seeds { get; } =
    [
        .. Directory.EnumerateFiles(Path.Combine(Corpus.RepositoryRoot(), "tests", "corpus", "config"), "*.toml")
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes).Where(bytes => bytes.Length < 4096),
        .. new[]
        {
            "a = 1\nb.c = [1, 0x1F, 1_0, -5]\n[t]\nd = { e = \"f\", g = [[], [true]] }\n[[u]]\n[[u]]\nv = 'w'\n",
            "s = \"\"\"\nx\\\n  y\\u00e9\"\"\"\nl = '''\n\\n'''\nd = 1979-05-27T07:32:00Z\nf = 1e5\n",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override IReadOnlyList<byte[]> Words { get; } =
    [
        .. new[]
        {
            "[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "\r", "#", "\\",
            "\\u00e9", "\\U0001F600", "\\x41", "\\e", "0", "-1", "1_0", "0x1f", "0o7", "0b1", "1e5", "inf", "nan",
            "true", "2020-01-01", "07:32:00", "${env:SECRET}", "${cred:x}", "${", "$${", "a", "a.b", "a = 1\n",
            "[a]\n", "[a.b]\n", "[[a]]\n", "web", "rule", "services", "servers", "url", "include", "\0", "\uFEFF",
            "\uFFFD", "\U0001F600", " ", "\t", "`", "Host(`a`)", "http://", ":8080", "9223372036854775808",
        }.Select(Encoding.UTF8.GetBytes),
    ];

    public override int Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        text = text.StartsWith('\uFEFF') ? text[1..] : text;
        ProxySettings? settings = ConfigFile.Parse(text, "f", Environment, out IReadOnlyList<ConfigFault> faults);
        Require(settings is null == faults.Count > 0, "settings and faults, or neither");
        CheckPlaces(text, faults);

        var syntax = new ConfigFaults();
        TomlTable ours = TomlReader.Read(new TomlSource("f", text, 0), syntax);
        TheirTable? theirs = syntax.ToSortedList().Count == 0 ? ReadTheirs(text) : null;
        if (theirs is not null)
        {
            CompareTables(ours, theirs, "");
        }

        // Messages quote what was found; their length tells kinds apart well enough.
        int first = faults.Count > 0 ? Math.Min(faults[0].Message.Length / 4, 40) : -1;
        int depth = faults.Count > 0 ? Math.Min(faults[0].Key.Count(c => c == '.'), 3) : -1;
        return HashCode.Combine(
            settings is null, syntax.HasSyntaxFault, theirs is null, Math.Min(faults.Count, 4), first, depth,
            Math.Min(ours.Entries.Count, 6));
    }

    private static void CheckPlaces(string text, IReadOnlyList<ConfigFault> faults)
    {
        string[] lines = text.Split('\n');
        int line = 1;
        foreach (ConfigFault fault in faults)
        {
            Require(fault.Line >= line && fault.Line <= lines.Length, $"line of {fault}");
            Require(fault.Column >= 1 && fault.Column <= lines[fault.Line - 1].Length + 1, $"column of {fault}");
            Require(!fault.ToString().Contains(Secret, StringComparison.Ordinal), $"a secret in {fault.Key}");
            Require(!fault.ToString().Contains('\n', StringComparison.Ordinal), $"two lines in {fault}");
            line = fault.Line;
        }
    }

    // Tomlyn refuses by exceptions of several kinds; whatever it throws is a refusal.
    private static TheirTable? ReadTheirs(string text)
    {
        try
        {
            return TomlSerializer.Deserialize<TheirTable>(text);
        }
#pragma warning disable CA1031 // The other reader is not under test.
        catch (Exception)
#pragma warning restore CA1031
        {
            return null;
        }
    }

    private static void CompareTables(TomlTable ours, TheirTable theirs, string path)
    {
        Require(
            ours.Entries.Select(entry => entry.Key).Order(StringComparer.Ordinal)
                .SequenceEqual(theirs.Keys.Order(StringComparer.Ordinal)),
            $"keys of [{path}]: {string.Join(' ', ours.Entries.Select(e => e.Key))} | {string.Join(' ', theirs.Keys)}");
        foreach (TomlEntry entry in ours.Entries)
        {
            Compare(entry.Value, theirs[entry.Key], $"{path}.{entry.Key}");
        }
    }

    private static void Compare(TomlNode ours, object? theirs, string path)
    {
        switch (ours, theirs)
        {
            case (TomlString text, string other):
                Require(text.Value == other, $"{path}: {text.Value} | {other}");
                break;
            case (TomlInteger number, long other):
                Require(number.Value == other, $"{path}: {number.Value} | {other}");
                break;
            case (TomlBoolean truth, bool other):
                Require(truth.Value == other, $"{path}: {truth.Value} | {other}");
                break;
            case (TomlOther, double or TomlDateTime):
                break;
            case (TomlTable table, TheirTable other):
                CompareTables(table, other, path);
                break;
            // Tomlyn 2.10.2 forgets the elements of [[a]] when another table stands between them and the next [[a]] or
            // [a.b]; TOML 1.1, "Array of Tables", does not ask them to stand together.
            case (TomlArray { IsOfTables: true } list, _)
                when theirs is not TheirTables known || known.Count < list.Items.Count:
                break;
            case (TomlArray list, TheirArray other):
                CompareLists(list, [.. other], path);
                break;
            case (TomlArray list, TheirTables other):
                CompareLists(list, [.. other], path);
                break;
            default:
                Require(false, $"{path}: {ours.Describe()} | {theirs?.GetType().Name}");
                break;
        }
    }

    private static void CompareLists(TomlArray ours, IReadOnlyList<object?> theirs, string path)
    {
        Require(ours.Items.Count == theirs.Count, $"{path}: {ours.Items.Count} | {theirs.Count} elements");
        for (int i = 0; i < theirs.Count; i++)
        {
            Compare(ours.Items[i], theirs[i], $"{path}[{i}]");
        }
    }
}
