using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Tests.Config;

namespace EdgeProxy.Tests.Parity;

/// <summary>A row of tests/corpus/parity/middlewares.toml, which explains itself.</summary>
internal sealed record ParityRow(string Traefik, IReadOnlyList<string> Ours, string State, string? How)
{
    private static readonly string[] Known = ["traefik", "ours", "state", "how"];

    public static IReadOnlyList<ParityRow> All { get; } = ReadAll();

    public bool IsAccepted => State != "no";

    /// <summary>The README's table.</summary>
    public static string Markdown()
    {
        var text = new StringBuilder("| Traefik | EdgeProxy | |\n|---|---|---|\n");
        foreach (ParityRow row in All)
        {
            string traefik = row.Traefik.Length == 0 ? "-" : row.Traefik;
            string ours = row.Ours.Count == 0 || !row.IsAccepted
                ? "-" : string.Join(", ", row.Ours.Select(name => $"`{name}`"));
            string state = row.State == "differs" ? row.How!
                : row.How is null ? row.State : $"{row.State}: {row.How}";
            text.Append("| ").AppendJoin(" | ", traefik, ours, state).Append(" |\n");
        }

        return text.ToString();
    }

    private static ParityRow[] ReadAll()
    {
        string path = Path.Combine(ConfigCorpus.Root, "tests", "corpus", "parity", "middlewares.toml");
        JsonObject file = TomlJson.Of(File.ReadAllText(path))
            ?? throw new InvalidDataException($"{path} is not TOML");
        return [.. file["row"]!.AsArray().Select(node => Of(node!.AsObject()))];
    }

    private static ParityRow Of(JsonObject row) =>
        row.FirstOrDefault(member => !Known.Contains(member.Key)) is { Key: { } unknown }
            ? throw new InvalidDataException($"a row has a key {unknown}")
            : new ParityRow(
                (string)row["traefik"]!,
                [.. row["ours"]!.AsArray().Select(name => (string)name!)],
                (string)row["state"]!,
                (string?)row["how"]);
}
