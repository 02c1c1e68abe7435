using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Primitives;
using Xunit;

namespace EdgeProxy.Tests.Audit;

public sealed class AuditLogTests
{
    private static readonly AuditSettings s_interval = new() { Directory = "" };
    private static readonly AuditSettings s_always = s_interval with { Sync = AuditSync.Always };

    [Fact]
    public void StartAndStop_InOrder_LeaveASignedChain()
    {
        using var rig = new AuditLogRig();
        rig.Log.Start();
        rig.WaitDurable(rig.Note("one"));
        rig.Log.Dispose();

        Assert.Equal(["start", "one", "stop"], rig.Texts(out ChainReport report));
        Assert.Equal(3UL, report.SignedSeq);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, rig.KeyMode);
        Assert.Contains(rig.Logger.Lines, static line => line.EventId == EventIds.AuditSegmentClosed);
        using var next = new AuditLogRig(after: rig);
        Assert.Equal(["start", "one", "stop", "start"], next.Texts(out _));
    }

    [Fact]
    public void Always_DurableMeansAfterAPowerCut()
    {
        using var rig = new AuditLogRig(s_always);
        rig.Log.Start();
        for (int i = 0; i < 200; i++)
        {
            rig.WaitDurable(rig.Note($"{i}"));
        }

        rig.Kill();
        rig.Files.CutPower();
        foreach (string ring in Directory.GetFiles(rig.Folder, "*.ring"))
        {
            File.Delete(ring); // the page cache, too
        }

        using var next = new AuditLogRig(s_always, rig);
        Assert.Equal(Enumerable.Range(0, 200).Select(static i => $"{i}"), OfLoops(next.Texts(out _)));
    }

    [Fact]
    public void Killed_AtAnyMoment_NothingNotedIsLostOrTwice()
    {
        using var first = new AuditLogRig(s_interval with { SyncInterval = TimeSpan.FromMilliseconds(10) });
        AuditLogRig rig = first;
        var noted = new List<string>();
        for (int round = 0; round < 30; round++)
        {
            rig.Log.Start();
            for (int i = 0; i < round * 13; i++)
            {
                string text = $"{round}.{i}";
                Assert.NotEqual(0UL, rig.Note(text));
                noted.Add(text);
            }

            rig.Kill();
            rig = new AuditLogRig(s_interval, rig);
            Assert.Equal(noted, OfLoops(rig.Texts(out _)));
        }

        rig.Log.Start();
        rig.Log.Dispose();
        List<string> texts = rig.Texts(out ChainReport report);
        Assert.Contains("recovery", texts);
        Assert.Equal(report.LastSeq, report.SignedSeq);
    }

    [Fact]
    public void Killed_AfterWriteBeforeItsSpaceWasGivenBack_IsNotTwice()
    {
        using var rig = new AuditLogRig(s_interval with { SyncInterval = TimeSpan.FromMinutes(1) });
        rig.Log.Start();
        rig.WaitDurable(rig.Note("one"));
        rig.Note("two");
        AuditLogRig.Until(() => rig.Texts(out _).Contains("two"), "was not written");
        rig.Kill();

        using var next = new AuditLogRig(after: rig);

        Assert.Equal(["one", "two"], OfLoops(next.Texts(out _)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void DiskFull_ThenRoom_KeepsWhatWasNotedAndCountsWhatWasNot(bool isGap)
    {
        AuditFull onFull = isGap ? AuditFull.Gap : AuditFull.Block;
        using var rig = new AuditLogRig(s_always with { OnFull = onFull });
        rig.Log.Start();
        rig.WaitDurable(rig.Note("before"));
        rig.Files.Capacity = rig.Files.Bytes + 10;
        rig.Note("while full");
        AuditLogRig.Until(() => rig.Log.Status.IsStuck, "was not noticed");

        Assert.Equal(!isGap, rig.Log.IsBlocked);
        rig.Ring.Lose();
        rig.Ring.Lose();
        rig.Files.Capacity = long.MaxValue;
        AuditLogRig.Until(() => !rig.Log.Status.IsStuck, "does not go on");
        rig.WaitDurable(rig.Note("after"));
        rig.Log.Dispose();

        List<string> texts = rig.Texts(out _);
        Assert.Equal(["before", "while full", "after"], OfLoops(texts));
        Assert.Contains("gap", texts);
        Assert.Equal(2, rig.Log.Status.LostCount);
        Assert.False(rig.Log.IsBlocked);
    }

    [Fact]
    public void Sync_FailsOnce_NothingDurableIsLost()
    {
        using var rig = new AuditLogRig(s_always);
        rig.Log.Start();
        rig.WaitDurable(rig.Note("one"));
        rig.Files.FailingSyncs = 3;
        rig.WaitDurable(rig.Note("two"));
        rig.Kill();
        rig.Files.CutPower();

        using var next = new AuditLogRig(s_always, rig);
        Assert.Equal(["one", "two"], OfLoops(next.Texts(out _)));
        Assert.True(rig.Log.Status.FailureCount >= 3);
    }

    [Fact]
    public void Record_OfTheProxyItself_IsDurableWhenItComesBack()
    {
        using var rig = new AuditLogRig();
        rig.Log.Start();

        Assert.True(rig.Log.Record(ChainRig.Record("reload"), TimeSpan.FromSeconds(30)));

        Assert.Equal(["start", "reload"], rig.Texts(out _));
        rig.Files.Capacity = 0;
        Assert.False(rig.Log.Record(ChainRig.Record("later"), TimeSpan.FromMilliseconds(50)));
        rig.Files.Capacity = long.MaxValue;
        AuditLogRig.Until(() => rig.Log.Status.Seq == 3, "does not follow");
        Assert.Equal(["start", "reload", "later"], rig.Texts(out _));
    }

    // The loop's ring was taken already in that turn, the other one is being taken, and what is waited for comes last.
    [Fact]
    public void Flush_WhileRingsAreTaken_WaitsForWhatWasNotedBefore()
    {
        var time = new TimeThatTells();
        using var rig = new AuditLogRig(time: time);
        Stream? kept = null;
        bool isFlushed = false;
        var flush = new Thread(() =>
        {
            isFlushed = rig.Log.Flush(TimeSpan.FromSeconds(30));
            kept = rig.Files.OpenRead(rig.Files.List()[^1]);
        });
        time.Next = () =>
        {
            rig.Note("noted before");
            flush.Start();
            SpinWait.SpinUntil(
                () => (flush.ThreadState & ThreadState.WaitSleepJoin) != 0, TimeSpan.FromSeconds(30)); // it waits

            // At the end of the turn: had it let go of who waits, that one would look before the next turn writes.
            time.Next = () => flush.Join(TimeSpan.FromMilliseconds(200));
        };
        rig.Note("of payloads", rig.Log.PayloadRing);
        rig.Log.Start();
        AuditLogRig.Until(() => rig.Log.Status.Seq > 1, "was not taken");
        flush.Join();

        Assert.True(isFlushed);
        using var reader = new StreamReader(kept!, Encoding.Latin1);
        Assert.Contains("noted before", reader.ReadToEnd(), StringComparison.Ordinal);
    }

    [Fact]
    public void Segments_OverTheirSize_AreClosedAndOldOnesGoWithACheckpoint()
    {
        AuditSettings settings = s_always with { SegmentBytes = 4096, RetainBytes = 16 * 1024 };
        using var rig = new AuditLogRig(settings);
        rig.Log.Start();
        for (int i = 0; i < 400; i++)
        {
            rig.WaitDurable(rig.Note($"{i}: {new string('x', 100)}"));
        }

        rig.Log.Dispose();

        List<string> texts = rig.Texts(out ChainReport report);
        Assert.True(report.FirstSeq > 100);
        Assert.True(report.IsBeginningKnown);
        Assert.Contains("checkpoint", texts);
        Assert.InRange(rig.Files.Bytes, 8 * 1024, 32 * 1024);
        Assert.Equal(report.LastSeq, report.SignedSeq);
    }

    [Fact]
    public void Segment_OverItsAge_IsClosedWithoutTraffic()
    {
        using var rig = new AuditLogRig(s_interval with { SegmentAge = TimeSpan.FromMilliseconds(30) });
        rig.Log.Start();
        rig.Note("one");

        AuditLogRig.Until(
            () => rig.Log.Status.Seq >= 2 && rig.Files.List().Count >= 1 && Signed(rig) >= 2, "was not closed");
    }

    [Fact]
    public void Open_Twice_IsRefused()
    {
        using var rig = new AuditLogRig();
        var parts = new AuditOpeningParts
        {
            Settings = s_interval with { Directory = rig.Folder },
            Node = "box",
            Version = "1",
            Lanes = 1,
            Time = TimeProvider.System,
            Logger = rig.Logger,
        };

        Assert.Null(AuditOpening.Open(parts, out string problem, out _));
        Assert.Contains("another process writes this chain", problem, StringComparison.Ordinal);
        Assert.Null(AuditOpening.Open(
            parts with { Settings = s_interval with { Directory = "/proc/none" } }, out problem, out _));
        Assert.NotEmpty(problem);
    }

    // Of a chain that was signed with one key after the other every public key is kept, and each start names its own.
    [Fact]
    public void Open_WithAnotherKey_KeepsThePublicOneAndSaysWhichIsUsed()
    {
        using var rig = new AuditLogRig();
        rig.Log.Start();
        rig.WaitDurable(rig.Note("one"));
        rig.Log.Dispose();
        string before = File.ReadAllText(Path.Combine(rig.Folder, "key.pub.pem"));
        File.Delete(Path.Combine(rig.Folder, "key.pem"));
        using (var next = new AuditLogRig(after: rig))
        {
            next.Log.Start();
            next.WaitDurable(next.Note("two"));
            next.Log.Dispose();
        }

        string after = File.ReadAllText(Path.Combine(rig.Folder, "key.pub.pem"));
        using SegmentKey first = SegmentKey.OfPem(before);
        using SegmentKey second = SegmentKey.OfPem(after);
        Assert.Equal(before, File.ReadAllText(
            Path.Combine(rig.Folder, $"key-{Convert.ToHexStringLower(first.Id)}.pub.pem")));
        var named = new List<string>();
        ChainReport report = new ChainVerifier([first, second])
        {
            OnRecord = (_, _, record) => named.Add(AuditLogRig.Json(record.ToArray())["key_sha256"]?.ToString() ?? ""),
        }.Verify(rig.Files.List(), rig.Files.OpenRead);
        named.RemoveAll(string.IsNullOrEmpty);
        Assert.Null(report.Problem);
        Assert.Equal(report.LastSeq, report.SignedSeq);
        Assert.Equal([Convert.ToHexStringLower(first.Id), Convert.ToHexStringLower(second.Id)], named);
        Assert.NotNull(new ChainVerifier([second]).Verify(rig.Files.List(), rig.Files.OpenRead).Problem);
    }

    [Fact]
    public void Open_OpenSegmentOfAnotherKey_SaysSo()
    {
        using var rig = new AuditLogRig();
        rig.Log.Start();
        rig.WaitDurable(rig.Note("one"));
        rig.Kill();
        File.Delete(Path.Combine(rig.Folder, "key.pem"));
        var parts = new AuditOpeningParts
        {
            Settings = s_interval with { Directory = rig.Folder },
            Node = "box",
            Version = "1",
            Lanes = 1,
            Time = TimeProvider.System,
            Logger = rig.Logger,
            Files = rig.Files,
        };

        Assert.Null(AuditOpening.Open(parts, out string problem, out _));
        Assert.Contains("another key", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Rings_OfFewerLoopsThanBefore_AreGoneWithWhatTheyHeldKept()
    {
        using var rig = new AuditLogRig();
        rig.Note("never started");
        rig.Kill();
        File.Move(Path.Combine(rig.Folder, "loop-0.ring"), Path.Combine(rig.Folder, "loop-7.ring"));

        using var next = new AuditLogRig(after: rig);

        Assert.Equal(["never started"], OfLoops(next.Texts(out _)));
        Assert.Equal(2, next.RingFiles); // its loop's, and that of payloads
    }

    [Fact]
    public void ClockSetBack_SegmentIsSignedAllTheSame()
    {
        // Begun by a clock that was years ahead: its age is then less than nothing for years.
        var time = new SetTime { Ahead = TimeSpan.FromDays(3650) };
        using var rig = new AuditLogRig(
            new AuditSettings { Directory = "", SegmentAge = TimeSpan.FromHours(1) }, time: time);
        rig.Log.Start();
        rig.WaitDurable(rig.Note("ahead"));
        time.Ahead = TimeSpan.Zero;
        rig.WaitDurable(rig.Note("now"));
        AuditLogRig.Until(() => Signed(rig) > 0, "no segment was signed");
    }

    [Fact]
    public void CutOffBytes_ThatCannotBeKept_KeepNobodyFromStarting()
    {
        string folder = Directory.CreateTempSubdirectory("audit-").FullName;
        try
        {
            Directory.CreateDirectory(Path.Combine(folder, "1.audit.cut"));
            new DiskFiles(folder).Keep("1.audit", new MemoryStream([1, 2, 3]));
            Assert.Empty(Directory.GetFiles(folder));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class SetTime : TimeProvider
    {
        private long _ahead;

        public TimeSpan Ahead
        {
            get => new(Volatile.Read(ref _ahead));
            set => Volatile.Write(ref _ahead, value.Ticks);
        }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;
    }

    // Says once, to whoever asks it for the time next, that it was asked.
    private sealed class TimeThatTells : TimeProvider
    {
        private Action? _next;

        public Action? Next
        {
            set => Volatile.Write(ref _next, value);
        }

        public override DateTimeOffset GetUtcNow()
        {
            Interlocked.Exchange(ref _next, null)?.Invoke();
            return base.GetUtcNow();
        }
    }

    private static ulong Signed(AuditLogRig rig)
    {
        rig.Texts(out ChainReport report);
        return report.SignedSeq;
    }

    private static IEnumerable<string> OfLoops(IEnumerable<string> texts) => texts.Where(
        static text => text is not ("start" or "stop" or "recovery" or "gap" or "checkpoint"));
}
