using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using CsCheck;
using EdgeProxy.Config;
using Xunit;

namespace EdgeProxy.Tests.Config;

/// <summary>
/// What must hold for any text at all: no exception, faults in place, no secret, bounded depth and bounded output.
/// </summary>
public class ConfigHardnessTests
{
    private static readonly string[] Seeds =
    [
        .. Directory.EnumerateFiles(ConfigCorpus.Folder, "*.toml")
            .Order(StringComparer.Ordinal).Select(File.ReadAllText),
    ];

    private static readonly string[] Pieces =
    [
        "[", "]", "[[", "]]", "{", "}", "=", ",", ".", "\"", "'", "\"\"\"", "'''", "\n", "\r\n", "\r",
        "#", "\\", "\\u", "\\U0001F600",
        "0", "1", "-1", "1_0", "0x", "1e5", "inf", "nan", "true", "2020-01-01", "${env:SECRET}", "${cred:x}",
        "${", "}", "$${",
        "a", "web", "rule", "service", "servers", "url", "entrypoints", "routers", "services",
        "include", "\0", "\uFEFF", "\uD800",
        "\U0001F600", " ", "\t", "`", "Host(`a`)", "&&", "http://", ":8080",
    ];

    private static readonly Gen<string> Piece = Gen.Int[0, Pieces.Length - 1].Select(i => Pieces[i]);

    [Fact]
    public void Parse_RandomPieces_NeverThrows() =>
        Piece.Array[0, 60].SampleSame(pieces => Check(string.Concat(pieces)), iter: 20_000);

    [Fact]
    public void Parse_MutatedFiles_NeverThrows() =>
        Gen.Select(Gen.Int[0, Seeds.Length - 1], Gen.Int[0, 2000], Gen.Int[0, 20], Piece)
            .SampleSame((seed, at, removed, inserted) =>
            {
                string text = Seeds[seed];
                int start = Math.Min(at, text.Length);
                Check(text.Remove(start, Math.Min(removed, text.Length - start)).Insert(start, inserted));
            }, iter: 5_000);

    [Fact]
    public void Parse_RandomBytesAsText_NeverThrows() =>
        Gen.Byte.Array[0, 200].SampleSame(bytes => Check(Encoding.UTF8.GetString(bytes)), iter: 10_000);

    [Fact]
    public void Parse_EveryPrefixOfAFile_NeverThrows()
    {
        string text = File.ReadAllText(Path.Combine(ConfigCorpus.Folder, "valid-everything.toml"));

        for (int length = 0; length < text.Length; length++)
        {
            Check(text[..length]);
        }
    }

    [Theory]
    [InlineData("a = ", "[", 2_000_000)]
    [InlineData("a = ", "{a=", 1_000_000)]
    [InlineData("a = ", "[{a=", 800_000)]
    [InlineData("[", "a.", 1_500_000)]
    [InlineData("", "a.", 1_500_000)]
    [InlineData("", "[a]\n[[", 600_000)]
    [InlineData("a = [", "1 ", 1_500_000)]
    [InlineData("", "a = \n", 800_000)]
    [InlineData("a = \"", "\n", 4_000_000)]
    [InlineData("", "\"\"\"", 1_000_000)]
    [InlineData("a = ", "9", 4_000_000)]
    public void Parse_Bomb_IsAFewFaults(string start, string repeated, int count)
    {
        string[] faults = ConfigCorpus.Faults(start + string.Concat(Enumerable.Repeat(repeated, count)));

        Assert.InRange(faults.Length, 1, ConfigLimits.FaultsMax + 1);
    }

    [Fact]
    public void Parse_MoreFaultsThanShown_CountsTheRest()
    {
        var text = new StringBuilder(ConfigCorpus.Small);
        for (int i = 0; i < ConfigLimits.FaultsMax + 5; i++)
        {
            text.Append($"unknown_{i} = 1\n");
        }

        string[] faults = ConfigCorpus.Faults(text.ToString());

        Assert.Equal(ConfigLimits.FaultsMax + 1, faults.Length);
        Assert.EndsWith(": config: and 5 more", faults[^1], StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_TenThousandRouters_AreLoaded()
    {
        ProxySettings settings = ConfigCorpus.Parse(TenThousandRouters());

        Assert.Equal(10_000, settings.Routers.Count);
        Assert.Equal(10_000, settings.Services.Count);
        Assert.Equal("r9999", settings.Routers[^1].Name);
    }

    internal static string TenThousandRouters()
    {
        var text = new StringBuilder("[entrypoints.web]\naddress = \":8080\"\n");
        for (int i = 0; i < 10_000; i++)
        {
            text.Append($"""

                [routers.r{i}]
                entrypoints = ["web"]
                rule = "Host(`shop-{i % 500}.example.com`) && PathPrefix(`/api/v{i}/orders`)"
                service = "s{i}"

                [services.s{i}]
                servers = [{"{"} url = "http://10.0.{i / 256}.{i % 256}:8080" {"}"}]

                """);
        }

        return text.ToString();
    }

    private static void Check(string text)
    {
        ProxySettings? settings = ConfigFile.Parse(text, "f", ConfigCorpus.Environment,
            out IReadOnlyList<ConfigFault> faults);

        Assert.Equal(settings is null, faults.Count > 0);
        int lines = text.Count(c => c == '\n') + 1;
        int line = 0;
        foreach (ConfigFault fault in faults)
        {
            Assert.InRange(fault.Line, Math.Max(1, line), lines);
            Assert.InRange(fault.Column, 1, text.Length + 1);
            Assert.DoesNotContain(ConfigCorpus.Secret, fault.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain('\n', fault.ToString());
            line = fault.Line;
        }
    }
}
