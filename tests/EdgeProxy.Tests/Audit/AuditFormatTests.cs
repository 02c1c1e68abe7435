using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using EdgeProxy.Ai;
using EdgeProxy.Audit;
using EdgeProxy.Tests.Config;
using Xunit;

namespace EdgeProxy.Tests.Audit;

/// <summary>src/AUDIT.md says what a chain is: who reads it alone can check one, and it leaves nothing out.</summary>
public sealed partial class AuditFormatTests
{
    private static readonly string s_text = File.ReadAllText(Path.Combine(ConfigCorpus.Root, "src", "AUDIT.md"));

    [Fact]
    public void Kinds_AreThoseOfTheCode() =>
        Assert.Equal(
            Enum.GetValues<RecordKind>().Select(kind => ((int)kind, RecordJson.KindText(kind))), Table("Kind"));

    [Fact]
    public void Fields_AreThoseOfTheCode() =>
        Assert.Equal(
            Enum.GetValues<RecordField>().Select(field =>
                ((int)field, field == RecordField.Fact ? "facts" : RecordJson.FieldText(field))),
            Table("Field"));

    [Fact]
    public void Facts_OfTheCode_AreAllThere()
    {
        string[] noted = [.. Directory.EnumerateFiles(
                Path.Combine(ConfigCorpus.Root, "src", "EdgeProxy.Core"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(path => FactNames().Matches(File.ReadAllText(path)))
            .Select(match => match.Groups[1].Value).Distinct().Order()];
        string facts = s_text[s_text.IndexOf("Facts of a call", StringComparison.Ordinal)..];
        facts = facts[..facts.IndexOf("\n## ", StringComparison.Ordinal)];

        Assert.True(noted.Length > 10);
        Assert.Empty(noted.Except(Words().Matches(facts).Select(match => match.Groups[1].Value)));
    }

    [Fact]
    public void Outcomes_OfTheCode_AreAllThere()
    {
        string row = s_text.Split('\n').Single(
            static line => line.StartsWith("| `edgeproxy.ai.outcome` |", StringComparison.Ordinal));

        Assert.Equal(
            Enum.GetValues<CallOutcome>()
                .Select(static outcome => Encoding.ASCII.GetString(CallOutcomes.WordOf(outcome))).Order(),
            OutcomeWords().Matches(row.Split('|')[2]).Select(static match => match.Groups[1].Value).Order());
    }

    [Fact]
    public void Chain_IsRightByTheDocument()
    {
        using var rig = new ChainRig();
        rig.Append("a", "b", "c", "d", "e");
        rig.Chain.Close(ChainRig.NowMs);
        rig.Append("f", "g", "h");
        rig.Chain.Close(ChainRig.NowMs);
        byte[][] segments = [.. rig.Files.List().Select(name => rig.Files[name])];

        Assert.Equal(8UL, ByTheDocument.Check(segments, ChainRig.Key.PublicPem()));
        Assert.Equal("box", ByTheDocument.NodeOf(ByTheDocument.Bodies(segments[0])[0]));
        Assert.Equal(segments[0], ByTheDocument.Segment(ByTheDocument.Bodies(segments[0])));
        Assert.Throws<InvalidOperationException>(() => ByTheDocument.Check(segments[1..], ChainRig.Key.PublicPem()));
    }

    [Fact]
    public void Proof_OfEachRecord_IsRightByTheDocument()
    {
        for (int count = 1; count <= 9; count++)
        {
            using var rig = new ChainRig();
            rig.Append([.. Enumerable.Range(0, count).Select(static i => $"{i}")]);
            rig.Chain.Close(ChainRig.NowMs);
            string name = Assert.Single(rig.Files.List());
            for (int seq = 1; seq <= count; seq++)
            {
                JsonNode proof = Written(InclusionProof.Make(rig.Files.OpenRead(name), (ulong)seq)!);
                byte[] footer = proof["footer"]!.GetValue<string>() is { } text ? Convert.FromBase64String(text) : [];
                byte[] body = Convert.FromBase64String((string)proof["body"]!);

                Assert.Equal((ulong)seq, ByTheDocument.U64(body, 1));
                Assert.Equal(footer[25..57], ByTheDocument.RootBy(body, (long)proof["index"]!,
                    (long)ByTheDocument.U64(footer, 1),
                    proof["path"]!.AsArray().Select(static hash => Convert.FromBase64String((string)hash!))));
            }
        }
    }

    private static JsonNode Written(InclusionProof proof)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            proof.WriteTo(json);
        }

        return JsonNode.Parse(text.WrittenSpan)!;
    }

    // Number and name of each row of the table with that head.
    private static List<(int, string)> Table(string head)
    {
        string table = s_text[s_text.IndexOf($"| {head} | |", StringComparison.Ordinal)..];
        table = table[..table.IndexOf("\n\n", StringComparison.Ordinal)];
        return [.. Rows().Matches(table).Select(static row =>
            (int.Parse(row.Groups[1].Value, System.Globalization.CultureInfo.InvariantCulture), row.Groups[2].Value))];
    }

    [GeneratedRegex(@"^\| (\d+) \| `([a-z0-9_]+)` \|", RegexOptions.Multiline)]
    private static partial Regex Rows();

    [GeneratedRegex(@"`((?:gen_ai|edgeproxy)\.[a-z_.]+)`")]
    private static partial Regex Words();

    [GeneratedRegex("`([a-z_]+)`")]
    private static partial Regex OutcomeWords();

    [GeneratedRegex(@"(?:NoteFact|Tell)\((?:exchange, )?""([a-z_.]+)""u8")]
    private static partial Regex FactNames();
}
