using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Text.Json.Nodes;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using Xunit;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>
/// What is erased is gone, the chain says so, and it verifies: wherever the process died on the way.
/// </summary>
public sealed class PayloadEraseTests
{
    private static readonly long Late = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() - 60_000;
    private static readonly long Early = Late - 60_000;

    [Fact]
    public async Task Erased_IsGoneAndToldAndVerifies()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's early words", "1", unixMs: Early);
        rig.Keep("ann's late words", "2", unixMs: Late);
        rig.Keep("bob's words", "3", consumer: "bob", unixMs: Early);
        EraseOutcome outcome = await rig.Store.EraseAsync("ann", Late, "test");
        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        rig.Keep("ann's next words", "4", unixMs: Early);
        PayloadReport report = rig.Ended(out List<PayloadFate> fates);

        Assert.Equal((3, 1), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.Equal(4, fates.Count);
        Assert.DoesNotContain("early", TextOf(rig.Files));
        List<string> said = rig.Chain.Records(
            record => (string)record["kind"]! == "erasure" ? record.ToJsonString() : "");
        said.RemoveAll(string.IsNullOrEmpty);
        Assert.Equal(2, said.Count);
        Assert.Contains("\"outcome\":\"begun\"", said[0]);
        Assert.Contains("\"outcome\":\"done\"", said[1]);
        Assert.Contains("\"by\":\"test\"", said[1]);
        Assert.Contains("\"erased\":1", said[1]);
    }

    // What was handed over before an erasure was asked for goes, wherever the thread is just then.
    [Fact]
    public async Task HandedOverBeforeItWasAskedFor_IsErased()
    {
        var time = new TimeThatTells();
        using var rig = new PayloadRig(time: time);
        Task<EraseOutcome>? asked = null;
        time.Next = () =>
        {
            rig.Keep("ann's words", "1", unixMs: Early);
            asked = rig.Store.EraseAsync("ann", long.MaxValue, "test");
        };
        await rig.Store.EraseAsync("bob", long.MaxValue, "test"); // a turn, which looks at the clock on its way
        EraseOutcome outcome = await asked!;
        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        Assert.DoesNotContain("ann's words", TextOf(rig.Files));
    }

    [Fact]
    public async Task OfNobodyKnown_GoByThatAndVerify()
    {
        using var rig = new PayloadRig();
        rig.Keep("a stranger's words", "1", consumer: "", unixMs: Early);
        rig.Keep("ann's words", "2", unixMs: Early);
        EraseOutcome outcome = await rig.Store.EraseAsync(PayloadEraser.Anonymous, Late, "test");
        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        Assert.Equal("1 payloads of nobody known erased", outcome.Text);
        PayloadReport report = rig.Ended(out _);

        Assert.Equal((1, 1), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.DoesNotContain("stranger", TextOf(rig.Files));
    }

    // The rest is erased, and payloads are kept on; once it can be read the erasure comes to its end.
    [Fact]
    public async Task FileThatCannotBeRead_EndsNothingElse()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's words", "1", unixMs: Early);
        rig.WaitKept(1);
        await LooksAreOverAsync(rig);
        string bad = rig.Files.PathOf(1);
        File.CreateSymbolicLink(bad, bad); // leads to itself
        EraseOutcome failed = await rig.Store.EraseAsync("ann", long.MaxValue, "test");
        rig.Keep("bob's words", "2", consumer: "bob", unixMs: Early);
        rig.WaitKept(2);
        Assert.Equal((500, false), (failed.Status, rig.Store.Status.IsStuck));
        Assert.Equal(1, rig.Store.Status.Unreadable);

        File.Delete(bad);
        Assert.DoesNotContain("ann's words", TextOf(rig.Files));
        EraseOutcome outcome = await rig.Store.EraseAsync("bob", long.MaxValue, "test");
        PayloadReport report = rig.Ended(out _);
        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        Assert.Equal((0, 2), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
    }

    // A process that starts beside it keeps payloads, in a file of their own.
    [Fact]
    public void LastFileThatCannotBeRead_IsPassedOverByTheNextStart()
    {
        string folder = Directory.CreateTempSubdirectory("payloads-").FullName;
        try
        {
            var files = new PayloadFiles(folder);
            string bad = files.PathOf(ulong.MaxValue / 4);
            File.CreateSymbolicLink(bad, bad);
            using var writer = new PayloadWriter(files, TimeProvider.System);

            Assert.Empty(writer.Recover(out string? unreadable));
            EntryPlace place = writer.Append(EntryHead.EndMark(), new PayloadSettings());

            Assert.Contains(Path.GetFileName(bad), unreadable, StringComparison.Ordinal);
            Assert.Equal((ulong.MaxValue / 4) + 1, place.Segment);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task NothingOfAConsumer_IsToldAsWell()
    {
        using var rig = new PayloadRig();
        rig.Keep("bob's words", "3", consumer: "bob");
        EraseOutcome outcome = await rig.Store.EraseAsync("ann", long.MaxValue, "test");
        Assert.Equal((200, 0L), (outcome.Status, outcome.Count));
        Assert.Equal(1, rig.Ended(out _).Kept);
    }

    [Fact]
    public async Task ChainThatCannotBeWritten_KeepsThem()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's words", "1", unixMs: Early);
        rig.WaitKept(1);
        rig.Chain.Files.FailingAppends = int.MaxValue;
        EraseOutcome outcome = await rig.Store.EraseAsync("ann", long.MaxValue, "test");
        rig.Chain.Files.FailingAppends = 0;
        Assert.Equal(503, outcome.Status);
        Assert.Contains("ann's words", TextOf(rig.Files));
    }

    // Of one call, whoever made it and however many are kept beside it; and the chain says which.
    [Fact]
    public async Task OfOneRequest_IsGoneAndToldAndVerifies()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's first words", "1", unixMs: Early, requestId: "r-1");
        EraseScope sealedOne = rig.Keep("2", "2", PayloadMode.Sealed, unixMs: Early, requestId: "r-2");
        EraseScope third = rig.Keep("ann's third words", "3", unixMs: Late, requestId: "r-2"); // ids are clients'
        rig.Keep("a stranger's words", "4", consumer: "", unixMs: Early, requestId: "r-3");
        foreach (EraseScope scope in new[] { sealedOne, third })
        {
            EraseOutcome outcome = await rig.Store.EraseAsync(scope, long.MaxValue, "test");
            Assert.Equal((200, 1L, "1 payloads of request r-2 erased"), (outcome.Status, outcome.Count, outcome.Text));
        }

        PayloadReport report = rig.Ended(out _);
        List<string> unread = [];
        Assert.Equal(
            [.. sealedOne.Exchanges!, .. third.Exchanges!],
            Assert.Single(RequestSearch.Find(rig.Chain.Files, "r-2", unread)));
        Assert.Empty(RequestSearch.Find(rig.Chain.Files, "r-", unread));
        Assert.Empty(unread);

        Assert.Equal((2, 2), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.DoesNotContain("third", TextOf(rig.Files));
        Assert.Contains("first", TextOf(rig.Files));
        List<string> said = rig.Chain.Records(
            record => (string)record["kind"]! == "erasure" ? record.ToJsonString() : "");
        said.RemoveAll(string.IsNullOrEmpty);
        Assert.Equal(4, said.Count);
        Assert.All(said, text => Assert.Contains("\"request_id\":\"r-2\"", text));
        Assert.Contains("\"outcome\":\"done\"", said[3]);
    }

    // A client that says one id again and again has its payloads erased as anybody: files are gone over for many
    // exchanges at once, records name many, and what had no payload has no record.
    [Fact]
    public async Task OfOneRequest_HoweverManyExchangesItHas_IsGone()
    {
        const int Kept = EraseScope.OfRecordMax + 2;
        using var rig = new PayloadRig();
        for (int i = 0; i < RequestSearch.ExchangesMax; i++)
        {
            rig.NoteExchange("r-1");
        }

        for (int i = 0; i < Kept; i++)
        {
            rig.Keep($"ann's words {i}", "1", unixMs: Early, requestId: "r-1");
        }

        rig.Keep("bob's words", "2", consumer: "bob", unixMs: Early, requestId: "r-2");
        var ask = new EraseAsk("", "r-1", long.MaxValue);
        EraseOutcome outcome = await rig.Store.EraseAsync(ask, "test");
        EraseOutcome again = await rig.Store.EraseAsync(ask, "test");
        EraseOutcome nobodys = await rig.Store.EraseAsync(ask with { RequestId = "r-3" }, "test");
        PayloadReport report = rig.Ended(out _);

        Assert.Equal((200, (long)Kept), (outcome.Status, outcome.Count));
        Assert.Equal((200, 0L, 404), (again.Status, again.Count, nobodys.Status));
        Assert.Equal((1, Kept), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.DoesNotContain("ann's words", TextOf(rig.Files));
        List<string> said = rig.Chain.Records(record => (string)record["kind"]! == "erasure"
            ? $"{record["outcome"]} {record["erased"]} {record["of_exchanges"]!.AsArray().Count}" : "");
        said.RemoveAll(string.IsNullOrEmpty);
        Assert.Equal(["begun 128 128", "begun 2 2", "done 128 128", "done 2 2"], said);
    }

    // Its id was used before; the record of the last call is in no file yet.
    [Fact]
    public async Task OfOneRequest_TheCallJustMadeIsOneOfThem()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's first words", "1", unixMs: Early, requestId: "r-1");
        rig.WaitKept(1);
        rig.Keep("ann's last words", "2", unixMs: Early, requestId: "r-1");
        EraseOutcome outcome = await rig.Store.EraseAsync(new EraseAsk("", "r-1", long.MaxValue), "test");

        Assert.Equal((200, 2L), (outcome.Status, outcome.Count));
        Assert.DoesNotContain("words", TextOf(rig.Files));
    }

    // What it may have missed is told, and what it found is gone.
    [Fact]
    public async Task OfOneRequest_SegmentThatCannotBeRead_IsTold()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's words", "1", unixMs: Early, requestId: "r-1");
        rig.WaitKept(1);
        rig.Chain.Files["! before all others"] = [1, 2, 3];
        EraseOutcome outcome = await rig.Store.EraseAsync(new EraseAsk("", "r-1", long.MaxValue), "test");
        EraseOutcome nobodys = await rig.Store.EraseAsync(new EraseAsk("", "r-2", long.MaxValue), "test");

        Assert.Equal((500, 1L, 500), (outcome.Status, outcome.Count, nobodys.Status));
        Assert.Contains("! before all others, byte 0", outcome.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("words", TextOf(rig.Files));
    }

    // Each thousand is begun by itself: what is left of one is tried again, whatever becomes of the next.
    [Fact]
    public async Task OfOneRequest_FileThatCannotBeRead_KeepsWhatIsBegun()
    {
        using PayloadRig rig = SmallFiles();
        rig.Keep("ann's first words", "1", unixMs: Early, requestId: "r-1");
        Fill(rig);
        rig.Keep("ann's hidden words", "2", unixMs: Early, requestId: "r-1");
        Fill(rig);
        for (int i = 2; i < RequestSearch.ExchangesMax; i++)
        {
            rig.NoteExchange("r-1");
        }

        rig.Keep("ann's last words", "3", unixMs: Early, requestId: "r-1");
        rig.WaitKept(5);
        await LooksAreOverAsync(rig);
        string bad = Hide(rig, 1);
        var ask = new EraseAsk("", "r-1", long.MaxValue);
        EraseOutcome failed = await rig.Store.EraseAsync(ask, "test");
        EraseOutcome again = await rig.Store.EraseAsync(ask, "test");
        Show(bad);
        EraseOutcome outcome = await rig.Store.EraseAsync(ask, "again");
        PayloadReport report = rig.Ended(out _);

        Assert.Equal((500, 2L, true), (failed.Status, failed.Count, failed.IsBegun));
        Assert.StartsWith("2 payloads of request r-1 erased; then: what could be read", failed.Text);
        Assert.Equal((500, 0L), (again.Status, again.Count));
        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        Assert.Equal("1 payloads of request r-1 erased", outcome.Text);
        Assert.DoesNotContain("words", TextOf(rig.Files));
        Assert.Equal((2, 3), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.Empty(Directory.GetFiles(rig.Files.Folder, "*.pending*"));
    }

    // The chain says how many went, those of a file that could be read only later as well; so is told who asks again.
    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task FileThatCanBeReadAgain_IsCounted(bool isOfOne, bool isRestarted)
    {
        using PayloadRig rig = SmallFiles();
        EraseScope first = rig.Keep("ann's first words", "1", unixMs: Early, requestId: "r-1");
        Fill(rig);
        EraseScope second = rig.Keep("ann's second words", "2", unixMs: Early, requestId: "r-1");
        EraseScope third = rig.Keep("ann's third words", "3", unixMs: Early, requestId: "r-1");
        Fill(rig);
        rig.Keep("bob's words", "4", consumer: "bob", unixMs: Early, requestId: "r-2");
        rig.WaitKept(6);
        await LooksAreOverAsync(rig);
        string bad = Hide(rig, 1);
        EraseScope scope = !isOfOne ? new EraseScope("ann")
            : new EraseScope("", "r-1", [.. third.Exchanges!, .. first.Exchanges!, .. second.Exchanges!]);
        EraseOutcome failed = await rig.Store.EraseAsync(scope, long.MaxValue, "test");
        Show(bad);
        var said = new List<byte[]>();
        EraseOutcome outcome = isRestarted
            ? Assert.Single(new PayloadEraser(rig.Files, Tell(said), TimeProvider.System).Resume()).Outcome
            : await rig.Store.EraseAsync(scope, long.MaxValue, "test");
        rig.Chain.Log.Dispose();
        PayloadReport report = Check(rig, rig.Files, said);

        Assert.Equal((500, 1L, true), (failed.Status, failed.Count, failed.IsBegun));
        Assert.Equal((200, 2L), (outcome.Status, outcome.Count));
        Assert.Equal($"{(isRestarted ? 3 : 2)} payloads of {scope.Whose} erased", outcome.Text);
        Assert.Equal((3, 3), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
        Assert.DoesNotContain("ann's", TextOf(rig.Files));
        List<string> told = rig.Chain.Records(record => (string)record["kind"]! == "erasure" ? Told(record) : "");
        told.AddRange(said.ConvertAll(record => Told(AuditLogRig.Json(record))));
        told.RemoveAll(string.IsNullOrEmpty);
        told.RemoveAll(static text => text.EndsWith(" 0", StringComparison.Ordinal)); // of what found nothing more
        Assert.Equal(["begun 1", "begun 3", "done 3"], told);
    }

    // However many are begun for a file that cannot be read, each comes to its end.
    [Fact]
    public void Begun_OfSeveral_EachEnds()
    {
        using PayloadRig rig = SmallFiles();
        string[] names = ["ann", "bob", "eve"];
        rig.Keep("ann's hidden words", "2", unixMs: Early);
        Fill(rig);
        foreach (string name in names)
        {
            rig.Keep($"{name}'s words", "1", consumer: name, unixMs: Early);
        }

        Assert.Equal(5, rig.Ended(out _).Kept);
        string bad = Hide(rig, 0);
        var said = new List<byte[]>();
        var eraser = new PayloadEraser(rig.Files, Tell(said), TimeProvider.System);
        Assert.All(names, name =>
            Assert.True(eraser.Erase(new EraseScope(name), long.MaxValue, "test") is { Status: 500, IsBegun: true }));
        Assert.All(eraser.Resume(), static each => Assert.Equal(500, each.Outcome.Status));
        Show(bad);

        Assert.Equal(
            ["2 payloads of ann erased", "1 payloads of bob erased", "1 payloads of eve erased"],
            eraser.Resume().ConvertAll(static each => each.Outcome.Text));
        Assert.False(eraser.HasPending);
        PayloadReport report = Check(rig, rig.Files, said);
        Assert.Equal((1, 4), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
    }

    // One more than may wait is refused, and the others come to their ends.
    [Fact]
    public void Begun_MoreThanMayWait_IsRefused()
    {
        using PayloadRig rig = SmallFiles();
        rig.Keep("hidden", "2", unixMs: Early);
        Fill(rig);
        const int Count = PayloadLimits.PendingErasuresMax + 1;
        for (int i = 0; i < Count; i++)
        {
            rig.Keep($"words {i}.", "1", consumer: $"c{i}", unixMs: Early);
        }

        Assert.Equal(Count + 2, rig.Ended(out _).Kept);
        string bad = Hide(rig, 0);
        var said = new List<byte[]>();
        var eraser = new PayloadEraser(rig.Files, Tell(said), TimeProvider.System);
        for (int i = 0; i < Count - 1; i++)
        {
            Assert.True(eraser.Erase(new EraseScope($"c{i}"), long.MaxValue, "test").IsBegun);
        }

        int before = said.Count;
        EraseOutcome refused = eraser.Erase(new EraseScope($"c{Count - 1}"), long.MaxValue, "test");
        Assert.Equal((503, 0L, false), (refused.Status, refused.Count, refused.IsBegun));
        Assert.Contains("nothing was erased", refused.Text, StringComparison.Ordinal);
        Assert.Equal(before, said.Count);
        Show(bad);
        Assert.Contains($"words {Count - 1}.", TextOf(rig.Files), StringComparison.Ordinal);
        Assert.Equal(Enumerable.Range(0, Count - 1).Select(static i => $"c{i}"),
            eraser.Resume().ConvertAll(static each => each.Whose));
        Assert.Equal(200, eraser.Erase(new EraseScope($"c{Count - 1}"), long.MaxValue, "test").Status);
    }

    // A further try costs what is left: nothing is overwritten or announced once more, but for what came since.
    [Fact]
    public void Begun_TriedAgain_DoesOnlyWhatIsLeft()
    {
        using PayloadRig rig = SmallFiles();
        rig.Keep("hidden", "2", unixMs: Early);
        Fill(rig);
        rig.Keep("ann's words", "1", unixMs: Early);
        Assert.Equal(3, rig.Ended(out List<PayloadFate> fates).Kept);
        byte[] entry = rig.Files.ReadEntry(fates[2].Place)!;
        string last = rig.Files.PathOf(rig.Files.List()[1]);
        string bad = Hide(rig, 0);
        var said = new List<byte[]>();
        int synced = 0;
        var eraser = new PayloadEraser(
            rig.Files, Tell(said), TimeProvider.System, step => synced += step == "synced" ? 1 : 0);
        EraseOutcome begun = eraser.Erase(new EraseScope("ann"), long.MaxValue, "test");
        Assert.Equal((500, 1L, 1, 1), (begun.Status, begun.Count, synced, said.Count));

        for (int i = 0; i < 3; i++)
        {
            Assert.Equal((500, 0L, 1, 1), (Resumed(eraser).Status, Resumed(eraser).Count, synced, said.Count));
        }

        using (var file = new FileStream(last, FileMode.Append))
        {
            file.Write(entry); // what was captured before and kept since
        }

        EraseOutcome more = Resumed(eraser);
        Assert.Equal((500, 1L, 2, 2), (more.Status, more.Count, synced, said.Count));
        Assert.Equal("begun 2", Told(AuditLogRig.Json(said[1])));
        Assert.DoesNotContain("ann's", TextOf(rig.Files, bad));
        Show(bad);
        EraseOutcome ended = Resumed(eraser);
        Assert.Equal((200, 1L, 3), (ended.Status, ended.Count, synced));
        Assert.Equal(["begun 3", "done 3"], said[2..].ConvertAll(record => Told(AuditLogRig.Json(record))));
        Assert.False(eraser.HasPending);
    }

    private static EraseOutcome Resumed(PayloadEraser eraser) => Assert.Single(eraser.Resume()).Outcome;

    // It is told of, and the others come to their ends.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Begun_FileOfItThatCannotBeRead_KeepsNoOther(bool isLink)
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's words", "1", unixMs: Early);
        rig.WaitKept(1);
        await LooksAreOverAsync(rig);
        string bad = Path.Combine(rig.Files.Folder, "erase-000000000.pending");
        if (isLink)
        {
            File.CreateSymbolicLink(bad, bad); // leads to itself
        }
        else
        {
            File.WriteAllText(bad, "garbage");
        }

        EraseOutcome outcome = await rig.Store.EraseAsync("ann", long.MaxValue, "test");

        Assert.Equal((200, 1L), (outcome.Status, outcome.Count));
        Assert.False(rig.Store.Status.IsStuck);
        Assert.True(rig.Store.Status.Unreadable >= 1, "it was not counted");
        rig.Chain.Log.Dispose();
        Assert.DoesNotContain("ann's words", TextOf(rig.Files));
        Assert.Contains(rig.Logger.Lines,
            line => line.Message.Contains("erase-000000000.pending", StringComparison.Ordinal));
    }

    // One of an earlier version.
    [Theory]
    [InlineData("{0}\n1\n5\n5\ntest\nann")]
    [InlineData("{0}\n1\n5\n5\ntest\n\n{1}\nr-1")]
    public void BegunByAnEarlierVersion_Ends(string text)
    {
        using var rig = new PayloadRig();
        EraseScope scope = rig.Keep("ann's words", "1", unixMs: Early, requestId: "r-1");
        Assert.Equal(1, rig.Ended(out _).Kept);
        string exchanges = Convert.ToHexStringLower(EraseScope.Write([.. scope.Exchanges!]));
        File.WriteAllText(Path.Combine(rig.Files.Folder, "erase.pending"),
            string.Format(System.Globalization.CultureInfo.InvariantCulture, text, Late, exchanges));
        var eraser = new PayloadEraser(rig.Files, static _ => true, TimeProvider.System);

        Assert.Equal(200, Assert.Single(eraser.Resume()).Outcome.Status);
        Assert.DoesNotContain("ann's words", TextOf(rig.Files));
        Assert.False(eraser.HasPending);
    }

    // Of what went before it is told, too.
    [Fact]
    public async Task OfOneRequest_ChainThatCannotBeWrittenAnyMore_TellsWhatWasErased()
    {
        FailingReads? segments = null;
        using var rig = new PayloadRig(segments: files => segments = new FailingReads(files));
        rig.Keep("ann's first words", "1", unixMs: Early, requestId: "r-1");
        for (int i = 1; i < RequestSearch.ExchangesMax; i++)
        {
            rig.NoteExchange("r-1");
        }

        rig.Keep("ann's last words", "2", unixMs: Early, requestId: "r-1");
        rig.WaitKept(2);
        segments!.More.Add("~ behind all others");
        segments.Opened["~ behind all others"] = () =>
        {
            rig.Chain.Files.FailingAppends = int.MaxValue;
            throw new FileNotFoundException();
        };
        EraseOutcome outcome = await rig.Store.EraseAsync(new EraseAsk("", "r-1", long.MaxValue), "test");
        rig.Chain.Files.FailingAppends = 0;

        Assert.Equal((503, 1L, false), (outcome.Status, outcome.Count, outcome.IsBegun));
        Assert.StartsWith("1 payloads of request r-1 erased; then: the chain cannot be written", outcome.Text);
        Assert.DoesNotContain("first words", TextOf(rig.Files));
        Assert.Contains("last words", TextOf(rig.Files));
    }

    // Nothing came of the one that took its place.
    [Fact]
    public void Begun_OutlivesOneThatTheChainRefuses()
    {
        using var rig = new PayloadRig();
        rig.Keep("ann's words", "1", unixMs: Early);
        rig.Keep("bob's words", "2", consumer: "bob", unixMs: Early);
        Assert.Equal(2, rig.Ended(out _).Kept);
        string bad = rig.Files.PathOf(1);
        File.CreateSymbolicLink(bad, bad);
        bool isWell = true;
        var eraser = new PayloadEraser(rig.Files, _ => isWell, TimeProvider.System);
        EraseOutcome begun = eraser.Erase(new EraseScope("ann"), long.MaxValue, "test");
        isWell = false;
        EraseOutcome refused = eraser.Erase(new EraseScope("bob"), long.MaxValue, "test");
        isWell = true;
        File.Delete(bad);

        Assert.Equal((500, 1L, true), (begun.Status, begun.Count, begun.IsBegun));
        Assert.Equal((503, 0L, false), (refused.Status, refused.Count, refused.IsBegun));
        Assert.Equal("1 payloads of ann erased", Assert.Single(eraser.Resume()).Outcome.Text);
        Assert.False(eraser.HasPending);
        Assert.Contains("bob's words", TextOf(rig.Files));
    }

    // A file that cannot be read may have payloads of any exchange asked for: all are named, what was found is counted.
    [Fact]
    public void OfExchanges_RecordsCountWhatWasFound()
    {
        using var rig = new PayloadRig();
        (ulong lane, ulong number) = rig.Keep("ann's words", "1", unixMs: Early, requestId: "r-1").Exchanges!.First();
        Assert.Equal(1, rig.Ended(out _).Kept);
        string bad = rig.Files.PathOf(1);
        File.CreateSymbolicLink(bad, bad);
        List<(ulong, ulong)> asked = [];
        for (ulong i = 1; i <= EraseScope.OfRecordMax; i++)
        {
            asked.Add((lane, number + i));
        }

        asked.Add((lane, number));
        var said = new List<byte[]>();
        var eraser = new PayloadEraser(rig.Files, Tell(said), TimeProvider.System);
        EraseOutcome begun = eraser.Erase(new EraseScope("", "r-1", asked), long.MaxValue, "test");
        File.Delete(bad);
        EraseOutcome ended = Assert.Single(eraser.Resume()).Outcome;

        Assert.Equal((500, 1L), (begun.Status, begun.Count));
        Assert.Equal((200, 0L, "1 payloads of request r-1 erased"), (ended.Status, ended.Count, ended.Text));
        Assert.Equal(
            ["begun 1 128", "begun 0 1", "done 1 128", "done 0 1"],
            said.ConvertAll(static record =>
            {
                JsonObject json = AuditLogRig.Json(record);
                return $"{json["outcome"]} {json["erased"]} {json["of_exchanges"]!.AsArray().Count}";
            }));
        PayloadReport report = Check(rig, rig.Files, said);
        Assert.Equal((0, 1), (report.Kept, report.Erased));
        Assert.Empty(report.Problems);
    }

    // The last segment may end within what is being written; no other, and none may be changed.
    [Theory]
    [InlineData(0, -1, true)]
    [InlineData(0, 100, true)]
    [InlineData(1, -1, true)]
    [InlineData(2, -1, false)]
    [InlineData(2, 100, true)]
    public void Search_ToldOfWhatItCannotRead(int segment, int changed, bool isTold)
    {
        MemoryFiles files = ChainRig.Sample();
        string name = files.List()[segment];
        byte[] bytes = files[name];
        if (changed >= 0)
        {
            bytes[changed] ^= 1;
        }

        files[name] = changed >= 0 ? bytes : bytes[..^1];
        List<string> unread = [];

        Assert.Empty(RequestSearch.Find(files, "r-1", unread));
        Assert.Equal(isTold ? 1 : 0, unread.Count);
        Assert.All(unread, text => Assert.StartsWith(name, text, StringComparison.Ordinal));
    }

    // An erasure of one request covers nothing else: what is overwritten beside it was tampered with.
    [Fact]
    public async Task OfOneRequest_CoversNoOther()
    {
        using var rig = new PayloadRig();
        EraseScope one = rig.Keep("a stranger's words", "1", consumer: "", unixMs: Early, requestId: "r-1");
        rig.Keep("more of a stranger's", "2", consumer: "", unixMs: Early, requestId: "r-2");
        rig.WaitKept(2);
        Assert.Equal(200, (await rig.Store.EraseAsync(one, long.MaxValue, "test")).Status);
        rig.Ended(out List<PayloadFate> fates);
        foreach (PayloadFate fate in fates)
        {
            using FileStream file = File.OpenWrite(rig.Files.PathOf(fate.Place.Segment));
            file.Position = fate.Place.Offset + EntryHead.StateOffset;
            file.WriteByte((byte)EntryState.Erased);
        }

        PayloadReport report = PayloadRig.Check(rig.Chain, rig.Files, out _);
        Assert.Equal((0, 1), (report.Kept, report.Erased));
        Assert.Single(report.Problems);
    }

    // Dies at each step, starts again, and again dies at each step of that, and starts again.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Death_AtEachStep_EndsErased(bool isOfOne)
    {
        using var rig = new PayloadRig();
        for (int i = 0; i < 3; i++)
        {
            rig.Keep($"ann's words {i}", "of ann", i == 1 ? PayloadMode.Sealed : PayloadMode.Redacted);
            rig.Keep($"bob's words {i}", "of bob", consumer: "bob");
        }

        Assert.Equal(6, rig.Ended(out List<PayloadFate> fates).Kept);
        PayloadFate one = fates.Find(fate => fate.ConsumerText == "ann")!;
        EraseScope scope = isOfOne ? new EraseScope("", "r-1", [(one.Lane, one.Number)]) : new EraseScope("ann");
        int steps = 0;
        for (int first = 0; first <= steps; first++)
        {
            for (int second = 0; second <= steps; second++)
            {
                steps = Math.Max(steps, DieTwice(rig, scope, first, second));
            }
        }

        Assert.Equal(isOfOne ? 8 : 12, steps);
    }

    // Never so late that files are looked at for that.
    private sealed class TimeOfOneLook : TimeProvider
    {
        private readonly long _start = System.GetTimestamp();

        public override long GetTimestamp() =>
            Math.Min(System.GetTimestamp() - _start, 59 * System.TimestampFrequency);
    }

    // Says once, to whoever looks at it next, that it was looked at.
    private sealed class TimeThatTells : TimeProvider
    {
        private Action? _next;

        public Action? Next
        {
            set => Volatile.Write(ref _next, value);
        }

        public override long GetTimestamp()
        {
            Interlocked.Exchange(ref _next, null)?.Invoke();
            return base.GetTimestamp();
        }
    }

    private static int DieTwice(PayloadRig rig, EraseScope scope, int first, int second)
    {
        int gone = scope.IsOfExchanges ? 1 : 3;
        string copy = Directory.CreateTempSubdirectory("payloads-").FullName;
        try
        {
            foreach (string path in Directory.GetFiles(rig.Files.Folder))
            {
                File.Copy(path, Path.Combine(copy, Path.GetFileName(path)));
            }

            var files = new PayloadFiles(copy);
            var said = new List<byte[]>();
            int steps = RunUntil(files, said, first, eraser => eraser.Erase(scope, long.MaxValue, "test"));
            bool isKept = new PayloadEraser(files, Tell(said), TimeProvider.System).HasPending;
            PayloadReport report = Check(rig, files, said);
            Assert.Empty(report.Problems);

            RunUntil(files, said, second, eraser => eraser.Resume());
            Assert.Empty(Check(rig, files, said).Problems);
            new PayloadEraser(files, Tell(said), TimeProvider.System).Resume();
            report = Check(rig, files, said);
            Assert.Empty(report.Problems);
            bool isErased = isKept || report.Erased == gone;
            Assert.Equal(isErased ? (6 - gone, gone) : (6, 0), (report.Kept, report.Erased));
            Assert.Equal(isErased && gone == 3, !TextOf(files).Contains("ann's words"));
            Assert.Contains("bob's words", TextOf(files));
            return steps;
        }
        finally
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static int RunUntil(PayloadFiles files, List<byte[]> said, int death, Action<PayloadEraser> run)
    {
        int steps = 0;
        try
        {
            run(new PayloadEraser(files, Tell(said), TimeProvider.System, _ =>
            {
                if (steps++ == death)
                {
                    throw new TimeoutException("died");
                }
            }));
        }
        catch (TimeoutException)
        {
            // What was not done is not done.
        }

        return steps;
    }

    private static Func<byte[], bool> Tell(List<byte[]> said) => record =>
    {
        said.Add(record);
        return true;
    };

    private static PayloadReport Check(PayloadRig rig, PayloadFiles files, List<byte[]> said)
    {
        var check = new PayloadCheck(files);
        ulong last = 0;
        using SegmentKey key = SegmentKey.OfPem(File.ReadAllText(Path.Combine(rig.Chain.Folder, "key.pub.pem")));
        new ChainVerifier([key])
        {
            OnRecord = (_, seq, record) =>
            {
                last = seq;
                check.Take(seq, record);
            },
        }.Verify(rig.Chain.Files.List(), rig.Chain.Files.OpenRead);
        foreach (byte[] record in said)
        {
            check.Take(++last, record);
        }

        return check.Finish();
    }

    private static string Told(JsonObject record) => $"{record["outcome"]} {record["erased"]}";

    // Files take so little that one long payload fills one.
    private static PayloadRig SmallFiles() =>
        new(new PayloadSettings { RetainBytes = 512 * 1024 }, time: new TimeOfOneLook());

    // The store looks at its files once for each that is begun, behind what it erases: a whole turn after the last.
    private static async Task LooksAreOverAsync(PayloadRig rig)
    {
        var nothing = new EraseScope("", "nothing", [(1, 1)]);
        Assert.Equal(0, (await rig.Store.EraseAsync(nothing, long.MaxValue, "test")).Count);
        Assert.Equal(0, (await rig.Store.EraseAsync(nothing, long.MaxValue, "test")).Count);
    }

    // What is kept next begins another file.
    private static void Fill(PayloadRig rig)
    {
        string text = new('x', PayloadLimits.BodyBytesDefault);
        rig.Keep(text, text, PayloadMode.Sealed, consumer: "filler", unixMs: Early);
    }

    // A file, by its place among all, cannot be read; its path.
    private static string Hide(PayloadRig rig, int index)
    {
        string bad = rig.Files.PathOf(rig.Files.List()[index]);
        File.Move(bad, bad + ".hidden");
        File.CreateSymbolicLink(bad, bad); // leads to itself
        return bad;
    }

    private static void Show(string bad)
    {
        File.Delete(bad);
        File.Move(bad + ".hidden", bad);
    }

    private static string TextOf(PayloadFiles files, string but = "")
    {
        var text = new StringBuilder();
        foreach (ulong number in files.List().FindAll(number => files.PathOf(number) != but))
        {
            text.Append(Encoding.Latin1.GetString(File.ReadAllBytes(files.PathOf(number))));
        }

        return text.ToString();
    }
}
