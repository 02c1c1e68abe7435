using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json.Nodes;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Host;
using EdgeProxy.Tests.Audit;
using Xunit;

namespace EdgeProxy.Tests.Host.Commands;

/// <summary>The audit verbs over a chain on disk: ten records, two signed segments and an open one.</summary>
public sealed class AuditCommandTests : IDisposable
{
    private const long NowMs = 1_800_000_000_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("edgeproxy-audit-").FullName;
    private readonly CommandRun _run;

    public AuditCommandTests()
    {
        using SegmentKey key = SegmentKey.Open(
            Path.Combine(_folder, "key.pem"), Path.Combine(_folder, "key.pub.pem"), mayMake: true);
        using var chain = new ChainWriter(new DiskFiles(_folder), key, "box", new ChainState());
        for (int i = 1; i <= 10; i++)
        {
            chain.Append(
                OwnRecords.Encode(i % 2 == 0 ? RecordKind.Exchange : RecordKind.Config, NowMs + (i * 1000),
                    (RecordField.RequestId, $"id-{i / 3}"), (RecordField.Consumer, i > 5 ? "alice" : "bob"),
                    (RecordField.Router, "r")),
                NowMs);
            if (i is 4 or 7)
            {
                chain.Close(NowMs);
            }
        }

        chain.Sync();
        _run = new CommandRun($"""
            [entrypoints.web]
            address = ":0"
            [admin]
            address = "off"
            [audit]
            directory = "{_folder}"
            """);
    }

    private List<JsonNode> Lines =>
        [.. _run.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonNode.Parse(line)!)];

    [Fact]
    public async Task Verify_GoodChain_SaysHowFarItIsSigned()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "verify"));

        Assert.StartsWith("ok: 10 records, 1 to 10, in 3 segments, ", _run.Output);
        Assert.Contains("signed up to record 7, chained up to 10, hash ", _run.Output, StringComparison.Ordinal);
        Assert.Contains("--public-key", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_WithAKeyKeptElsewhere_NeedsNoConfiguration()
    {
        string key = Path.Combine(_folder, "..", Path.GetFileName(_folder) + ".pem");
        File.Move(Path.Combine(_folder, "key.pub.pem"), key);
        try
        {
            File.Delete(_run.ConfigPath);
            Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync(
                "audit", "verify", "--directory", _folder, "--public-key", key, "--format", "json"));
        }
        finally
        {
            File.Delete(key);
        }

        JsonNode answer = JsonNode.Parse(_run.Output)!;
        Assert.True((bool)answer["ok"]!);
        Assert.Equal((10, 7, 3, false), ((int)answer["last_record"]!, (int)answer["signed_record"]!,
            (int)answer["segments"]!, (bool)answer["own_key"]!));
    }

    [Fact]
    public async Task Verify_AnyBitFlipped_IsFoundInItsFrame()
    {
        foreach (string path in Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal))
        {
            byte[] good = File.ReadAllBytes(path);
            for (int at = 0; at < good.Length; at += 7)
            {
                byte[] bad = [.. good];
                bad[at] ^= (byte)(1 << (at % 8));
                File.WriteAllBytes(path, bad);
                using var run = new CommandRun("");

                Assert.Equal(ExitCodes.Failed,
                    await run.InvokeAsync("audit", "verify", "--directory", _folder, "--format", "json"));
                JsonNode place = JsonNode.Parse(run.Output)!["at"]!;
                Assert.Equal(Path.GetFileName(path), (string)place["segment"]!);
                Assert.InRange(at, (long)place["offset"]!, good.Length);
            }

            File.WriteAllBytes(path, good);
        }
    }

    // As when retention removes it between the look at the folder and the reading.
    [Theory]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("show", "1", "--proof")]
    public async Task SegmentThatCannotBeRead_IsToldInALine(params string[] verb)
    {
        File.CreateSymbolicLink(Path.Combine(_folder, $"{new string('0', 20)}.audit"), "/nonexistent");

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync(["audit", .. verb]));

        Assert.StartsWith("edgeproxy: ", _run.Error, StringComparison.Ordinal);
        Assert.Single(_run.Error.TrimEnd().Split('\n'));
    }

    // Without --public-key each key that the folder kept is tried, as after another key_file.
    [Fact]
    public async Task Verify_KeyThatWasReplaced_IsFoundInTheFolder()
    {
        File.Move(Path.Combine(_folder, "key.pub.pem"), Path.Combine(_folder, "key-before.pub.pem"));
        using SegmentKey other = SegmentKey.Generate();
        File.WriteAllText(Path.Combine(_folder, "key.pub.pem"), other.PublicPem());

        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "verify"));
        File.Delete(Path.Combine(_folder, "key-before.pub.pem"));
        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync("audit", "verify"));
        Assert.Equal(2, _run.Output.Split("which was not given").Length - 1); // each signed segment
    }

    // It may be what one segment needs, and then that one says so.
    [Theory]
    [InlineData("verify")]
    [InlineData("export")]
    [InlineData("show", "6")]
    public async Task KeyOfBeforeThatCannotBeRead_IsPassedOver(params string[] verb)
    {
        string link = Path.Combine(_folder, "key-a.pub.pem");
        File.CreateSymbolicLink(link, link); // leads to itself
        File.WriteAllText(Path.Combine(_folder, "key-b.pub.pem"), "garbage");

        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync(["audit", .. verb]));

        Assert.Contains("key-a.pub.pem is passed over: ", _run.Error, StringComparison.Ordinal);
        Assert.Contains("key-b.pub.pem is passed over: ", _run.Error, StringComparison.Ordinal);
        File.WriteAllText(Path.Combine(_folder, "key.pub.pem"), "garbage");
        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync(["audit", .. verb]));
    }

    [Fact]
    public async Task Verify_SegmentMissing_IsNotOk()
    {
        File.Delete(Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal).First());

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync("audit", "verify"));
        Assert.Contains("NOT OK: begins with record 5", _run.Output, StringComparison.Ordinal);
    }

    // Nothing is chained over what is missing, though what is behind it is right by itself.
    [Fact]
    public async Task Verify_SegmentMissingWithin_IsChainedUpToThere()
    {
        File.Delete(Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal).ElementAt(1));

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync("audit", "verify"));

        Assert.Contains("segment 2 is missing", _run.Output, StringComparison.Ordinal);
        Assert.Contains("well besides: 7 records, 1 to 10, in 2 segments", _run.Output, StringComparison.Ordinal);
        Assert.Contains("signed up to record 4, chained up to 4, hash ", _run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Verify_HeadNotedElsewhere_ShowsACutEnd()
    {
        await _run.InvokeAsync("audit", "verify", "--format", "json");
        JsonNode answer = JsonNode.Parse(_run.Output)!;
        string head = $"{answer["last_record"]}:{((string)answer["hash"]!)[..16]}";
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "verify", "--head", head));
        File.Delete(Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal).Last());

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync("audit", "verify", "--head", head));
        Assert.Contains("--head are not in it", _run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Usage, await _run.InvokeAsync("audit", "verify", "--head", "7"));
    }

    [Fact]
    public async Task Verify_NoChain_IsNotOk()
    {
        using var run = new CommandRun("[entrypoints.web]\naddress = \":0\"\n");
        Assert.Equal(ExitCodes.Failed, await run.InvokeAsync("audit", "verify"));
        Assert.Contains("no [audit]", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCodes.Failed, await run.InvokeAsync("audit", "verify", "--directory", "/nonexistent"));
        using var faulty = new CommandRun("nonsense");
        Assert.Equal(ExitCodes.ConfigFault, await faulty.InvokeAsync("audit", "verify"));
    }

    [Fact]
    public async Task Show_ByNumberOrRequest_IsJson()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "show", "6"));
        JsonNode record = JsonNode.Parse(_run.Output)!;
        Assert.Equal((6, "exchange", "box"), ((int)record["seq"]!, (string)record["kind"]!, (string)record["node"]!));

        using var run = new CommandRun("");
        Assert.Equal(ExitCodes.Ok, await run.InvokeAsync("audit", "show", "id-3", "--directory", _folder));
        Assert.Equal(2, run.Output.Split("\"seq\"").Length - 1);
        Assert.Equal(ExitCodes.Failed, await run.InvokeAsync("audit", "show", "11", "--directory", _folder));
        Assert.Contains("no record 11", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Export_FiltersAndWritesALineEach()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "export", "--kind", "exchange", "--consumer", "alice",
            "--since", "2027-01-15T08:00:00Z", "--until", "2027-01-15T08:00:09Z", "--router", "r"));

        Assert.Equal([6, 8], Lines.Select(line => (int)line["seq"]!));
        using var run = new CommandRun("");
        await run.InvokeAsync("audit", "export", "--directory", _folder);
        Assert.Equal(10, run.Output.Split('\n').Length - 1);
        Assert.Equal(ExitCodes.Usage, await run.InvokeAsync("audit", "export", "--since", "yesterday"));
    }

    // A segment that is not right to its end is left out; those behind it are under signatures of their own.
    [Fact]
    public async Task Export_ChangedRecord_LeavesOutItsSegment()
    {
        string path = Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal).First();
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^300] ^= 1;
        File.WriteAllBytes(path, bytes);

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync("audit", "export"));
        Assert.Equal([5, 6, 7, 8, 9, 10], Lines.Select(static line => (int)line["seq"]!));
        Assert.Contains($"NOT OK: {Path.GetFileName(path)}", _run.Error, StringComparison.Ordinal);
    }

    // Every hash made anew, and no key: nothing of it is shown, and those behind it are.
    [Theory]
    [InlineData("export")]
    [InlineData("show", "2")]
    public async Task Read_ForgedSegment_IsNotShown(params string[] verb)
    {
        string path = Directory.GetFiles(_folder, "*.audit").Order(StringComparer.Ordinal).First();
        List<byte[]> bodies = ByTheDocument.Bodies(File.ReadAllBytes(path));
        int at = bodies[2].AsSpan().IndexOf("bob"u8);
        "eve"u8.CopyTo(bodies[2].AsSpan(at));
        File.WriteAllBytes(path, ByTheDocument.Segment(bodies));

        Assert.Equal(ExitCodes.Failed, await _run.InvokeAsync(["audit", .. verb]));

        Assert.DoesNotContain("eve", _run.Output, StringComparison.Ordinal);
        Assert.Equal(verb.Length > 1, _run.Output.Length == 0);
        Assert.Contains("the footer speaks of other records", _run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_OpenSegment_IsShownAndSaidToBeUnsigned()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "show", "9"));
        Assert.Equal("edgeproxy: from record 8 on nothing is signed yet\n", _run.Error);
        using var run = new CommandRun("");
        Assert.Equal(ExitCodes.Ok, await run.InvokeAsync("audit", "show", "7", "--directory", _folder));
        Assert.Equal("", run.Error);
    }

    [Fact]
    public async Task Proof_OfASignedRecord_HoldsWithTheKeyAlone()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "show", "6", "--proof"));
        string proof = Path.Combine(_folder, "proof.json");
        File.WriteAllText(proof, _run.Output);
        string key = Path.Combine(_folder, "key.pub.pem");

        using var run = new CommandRun("");
        Assert.Equal(ExitCodes.Ok, await run.InvokeAsync("audit", "verify", "--proof", proof, "--public-key", key));
        Assert.StartsWith("ok: record 6 ", run.Output);
        File.WriteAllText(proof, _run.Output.Replace("\"index\": 1", "\"index\": 2", StringComparison.Ordinal));
        Assert.Equal(ExitCodes.Failed, await run.InvokeAsync("audit", "verify", "--proof", proof, "--public-key", key));
        Assert.Equal(ExitCodes.Usage, await run.InvokeAsync("audit", "verify", "--proof", proof));
        Assert.Equal(ExitCodes.Failed, await run.InvokeAsync("audit", "show", "9", "--proof", "--directory", _folder));
        Assert.Contains("no signed segment has record 9", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_IsThePublicOne()
    {
        Assert.Equal(ExitCodes.Ok, await _run.InvokeAsync("audit", "key"));

        Assert.StartsWith("-----BEGIN PUBLIC KEY-----", _run.Output);
    }

    public void Dispose()
    {
        _run.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
