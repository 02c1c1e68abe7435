using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text;
using EdgeProxy.Telemetry.Otlp;
using EdgeProxy.Telemetry.Spooling;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Telemetry.Spooling;

public sealed class SpoolTests : IDisposable
{
    private static readonly string[] s_texts = ["one", "two", "three"];

    private readonly TestFolder _folder = new();
    private readonly ManualTime _time = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void FirstInFirstOut_ByKind()
    {
        using Spool spool = Open();
        spool.Append(OtlpKind.Traces, 3, "t1"u8);
        spool.Append(OtlpKind.Logs, 1, "l1"u8);
        spool.Append(OtlpKind.Traces, 4, "t2"u8);

        Assert.Equal((7, 1), (spool.Waiting(OtlpKind.Traces).Items, spool.Waiting(OtlpKind.Logs).Items));
        Assert.Equal(["t1", "t2"], Drain(spool, OtlpKind.Traces));
        Assert.Equal(["l1"], Drain(spool, OtlpKind.Logs));
        Assert.Equal(0, spool.Bytes);
        Assert.Empty(Segments());
    }

    [Fact]
    public void Peeked_StaysUntilItIsAcknowledged_OverARestart()
    {
        using (Spool spool = Open())
        {
            spool.Append(OtlpKind.Logs, 1, "a"u8);
            spool.Append(OtlpKind.Logs, 1, "b"u8);
            spool.Append(OtlpKind.Logs, 1, "c"u8);
            Assert.Equal("a", Peek(spool, OtlpKind.Logs));
            Assert.Equal("a", Peek(spool, OtlpKind.Logs));
            Acknowledge(spool, OtlpKind.Logs);
        }

        using Spool again = Open();
        Assert.Equal(["b", "c"], Drain(again, OtlpKind.Logs));
    }

    [Fact]
    public void AcknowledgedWithoutASync_IsSentOnceMore_NeverLost()
    {
        Spool spool = Open();
        spool.Append(OtlpKind.Logs, 1, "a"u8);
        spool.Append(OtlpKind.Logs, 1, "b"u8);
        Acknowledge(spool, OtlpKind.Logs); // killed here

        using Spool again = Open();
        Assert.Equal(["a", "b"], Drain(again, OtlpKind.Logs));
    }

    [Fact]
    public void NumbersOfSegments_AreNotGivenTwice_OverRestarts()
    {
        using (Spool spool = Open())
        {
            spool.Append(OtlpKind.Logs, 1, "a"u8);
            spool.Append(OtlpKind.Logs, 1, "b"u8);
            Acknowledge(spool, OtlpKind.Logs);
            spool.Maintain();
            _time.Advance(TimeSpan.FromSeconds(2));
            spool.Maintain();
            Acknowledge(spool, OtlpKind.Logs);
        }

        using (Spool spool = Open())
        {
            spool.Append(OtlpKind.Logs, 1, "c"u8);
        }

        using Spool again = Open();
        Assert.Equal(["c"], Drain(again, OtlpKind.Logs));
    }

    [Fact]
    public void Full_TheOldestTracesGoFirst_ThenTheOldestLogs_CountedExactly()
    {
        var settings = new SpoolSettings { BytesMax = 64 * 1024 };
        using Spool spool = Open(settings);
        byte[] payload = new byte[3_000]; // one entry per segment of 4 KiB
        for (int i = 0; i < 10; i++)
        {
            spool.Append(OtlpKind.Traces, 10, payload);
            spool.Append(OtlpKind.Logs, 1, payload);
        }

        Assert.Equal((100, 10), Items(spool));
        for (int i = 0; i < 11; i++)
        {
            spool.Append(OtlpKind.Logs, 1, payload);
        }

        Assert.Equal((0, 21), Items(spool));
        Assert.Equal(100, spool.Lost(OtlpKind.Traces, SpoolLoss.Full));
        spool.Append(OtlpKind.Traces, 10, payload);
        Assert.Equal(110, spool.Lost(OtlpKind.Traces, SpoolLoss.Full)); // never in the place of logs
        spool.Append(OtlpKind.Deployments, 1, payload);
        Assert.Equal(1, spool.Lost(OtlpKind.Logs, SpoolLoss.Full));
        Assert.InRange(spool.Bytes, 0, settings.BytesMax);
        Assert.Equal(spool.Bytes, Segments().Sum(name => _folder.Files[name].Length));
    }

    // Sending takes a while, and what comes meanwhile wants its room.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void DroppedWhileItIsSent_IsLostOnlyIfTheCollectorDoesNotTakeIt(bool isTaken)
    {
        using Spool spool = Open(new SpoolSettings { BytesMax = 64 * 1024 });
        byte[] payload = new byte[3_000]; // one entry per segment of 4 KiB, each like the other
        for (int i = 0; i < 21; i++)
        {
            spool.Append(OtlpKind.Logs, 7, payload);
        }

        byte[] buffer = [];
        Assert.True(spool.TryPeek(OtlpKind.Logs, ref buffer, out SpoolEntry entry));
        spool.Append(OtlpKind.Logs, 7, payload);
        spool.Append(OtlpKind.Logs, 7, payload);
        if (isTaken)
        {
            spool.Acknowledge(OtlpKind.Logs);
        }

        long sent = isTaken ? 7 : 0;
        sent += 7 * Drain(spool, OtlpKind.Logs).Count;
        Assert.Equal(23 * 7, sent + spool.Lost(OtlpKind.Logs, SpoolLoss.Full));
        Assert.Equal(isTaken ? 7 : 14, spool.Lost(OtlpKind.Logs, SpoolLoss.Full));
    }

    // A request may be sent for as long as a collector likes, in vain or not, while others come and go.
    [Fact]
    public void AnyOrder_BytesStayWithinTheirBound_AndEveryItemIsAccountedForOnce()
    {
        var random = new Random(11);
        var settings = new SpoolSettings { BytesMax = 128 * 1024, AgeMax = TimeSpan.FromMinutes(10) };
        using Spool spool = Open(settings);
        OtlpKind[] kinds = [OtlpKind.Deployments, OtlpKind.Logs, OtlpKind.Traces];
        var sending = new Dictionary<OtlpKind, SpoolEntry>();
        var sent = new HashSet<int>();
        byte[] buffer = [];
        long put = 0;
        long taken = 0;
        for (int i = 0; i < 6_000; i++)
        {
            OtlpKind kind = kinds[random.Next(kinds.Length)];
            if (random.Next(2) > 0)
            {
                int count = random.Next(1, 20);
                byte[] payload = new byte[4 + random.Next(6_000)];
                BitConverter.TryWriteBytes(payload, i);
                spool.Append(kind, count, payload);
                put += count;
            }
            else if (sending.Remove(kind, out SpoolEntry entry) && random.Next(2) > 0)
            {
                spool.Acknowledge(kind);
                taken += entry.Count;
            }
            else if (spool.TryPeek(kind, ref buffer, out entry))
            {
                sending.Add(kind, entry);
                sent.Add(BitConverter.ToInt32(buffer)); // perhaps more than once: it was not acknowledged
            }

            _time.Advance(TimeSpan.FromSeconds(random.Next(5)));
            Assert.InRange(spool.Bytes, 0, settings.BytesMax);
        }

        foreach (OtlpKind kind in kinds)
        {
            spool.TryPeek(kind, ref buffer, out _); // what was sent in vain and dropped is lost now
        }

        Assert.Equal(put, taken + Waiting(spool) + Lost(spool));
        Assert.True(Lost(spool) > 0 && taken > 0 && sent.Count > 100);
    }

    [Fact]
    public void Old_IsDropped()
    {
        using Spool spool = Open(new SpoolSettings { AgeMax = TimeSpan.FromHours(1) });
        spool.Append(OtlpKind.Logs, 5, "a"u8);
        _time.Advance(TimeSpan.FromMinutes(40));
        spool.Append(OtlpKind.Logs, 7, "b"u8);
        _time.Advance(TimeSpan.FromMinutes(40));

        Assert.Equal(["b"], Drain(spool, OtlpKind.Logs));
        Assert.Equal(5, spool.Lost(OtlpKind.Logs, SpoolLoss.Old));
    }

    [Fact]
    public void LittleFreeDisk_TheSpoolDoesNotGrow()
    {
        _folder.FreeBytes = 100;
        using Spool spool = Open(new SpoolSettings { FreeDiskMin = 1_000 });
        spool.Append(OtlpKind.Logs, 5, "a"u8);
        Assert.Equal((0, 5), (spool.Waiting(OtlpKind.Logs).Items, spool.Lost(OtlpKind.Logs, SpoolLoss.Disk)));

        _folder.FreeBytes = 10_000;
        spool.Append(OtlpKind.Logs, 5, "b"u8);
        Assert.Equal(["b"], Drain(spool, OtlpKind.Logs));
    }

    // The disk was full when it was made, and is when the next process starts.
    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    public void SegmentWithoutItsHead_OnAFullDisk_DoesNotCostTheOthers(int length)
    {
        using (Spool before = Open(new SpoolSettings()))
        {
            before.Append(OtlpKind.Logs, 5, "a"u8);
        }

        _folder.Files[SpoolSegment.NameOf(OtlpKind.Logs, 2)] = new byte[length];
        _folder.Room = 0;
        using Spool spool = Open(new SpoolSettings());

        Assert.Equal(["a"], Drain(spool, OtlpKind.Logs));
        Assert.DoesNotContain(SpoolSegment.NameOf(OtlpKind.Logs, 2), _folder.Files.Keys);
    }

    // By a thread that a slow disk held up.
    [Fact]
    public void UsedAfterItsEnd_CountsAndThrowsNothing()
    {
        Spool spool = Open(new SpoolSettings());
        byte[] buffer = [];
        spool.Append(OtlpKind.Logs, 5, "a"u8);
        Assert.True(spool.TryPeek(OtlpKind.Logs, ref buffer, out SpoolEntry entry));
        spool.Dispose();

        spool.Append(OtlpKind.Logs, 7, "b"u8);
        spool.Acknowledge(OtlpKind.Logs);
        spool.Maintain();
        spool.Dispose();

        Assert.False(spool.TryPeek(OtlpKind.Logs, ref buffer, out _));
        Assert.Equal(7, spool.Lost(OtlpKind.Logs, SpoolLoss.Disk));
        using Spool next = Open(new SpoolSettings());
        Assert.Equal(["a"], Drain(next, OtlpKind.Logs)); // what was acknowledged too late is sent once more
    }

    [Fact]
    public void DiskFull_AtEveryByte_NothingIsHalfThere()
    {
        for (int room = 0; room < 60; room++)
        {
            _folder.Files.Clear();
            _folder.Room = long.MaxValue;
            using Spool spool = Open();
            spool.Append(OtlpKind.Logs, 1, "whole"u8);
            _folder.Room = room;
            spool.Append(OtlpKind.Logs, 2, "a longer one that may not fit"u8);
            bool fits = spool.Lost(OtlpKind.Logs, SpoolLoss.Disk) == 0;
            Assert.Equal(fits ? 3 : 1, spool.Waiting(OtlpKind.Logs).Items);
            Assert.Equal(fits, room >= SpoolSegment.EntryHeadBytes + 29);
            _folder.Room = long.MaxValue;
            spool.Append(OtlpKind.Logs, 4, "after"u8);

            using Spool again = Open();
            Assert.Equal(fits ? ["whole", "a longer one that may not fit", "after"] : ["whole", "after"],
                Drain(again, OtlpKind.Logs));
        }
    }

    [Fact]
    public void CutAtEveryByte_TheValidPrefixIsKept()
    {
        string name = Fill(out byte[] bytes, out int[] ends);
        for (int length = 0; length <= bytes.Length; length++)
        {
            _folder.Files.Clear();
            _folder.Files[name] = bytes[..length];
            using Spool spool = Open();

            int whole = ends.Count(end => end <= length);
            Assert.Equal(s_texts[..whole], Drain(spool, OtlpKind.Logs));
            int kept = whole == 0 ? (length >= SpoolSegment.HeadBytes ? SpoolSegment.HeadBytes : 0) : ends[whole - 1];
            Assert.Equal(length - kept, spool.LostBytes);
        }
    }

    [Fact]
    public void DamagedAtEveryByte_WhatComesBeforeIsKept_AndItGoesOn()
    {
        string name = Fill(out byte[] bytes, out int[] ends);
        for (int at = 0; at < bytes.Length; at++)
        {
            for (int bit = 0; bit < 8; bit++)
            {
                _folder.Files.Clear();
                byte[] damaged = [.. bytes];
                damaged[at] ^= (byte)(1 << bit);
                _folder.Files[name] = damaged;
                using Spool spool = Open();

                int whole = at < SpoolSegment.HeadBytes ? 0 : ends.Count(end => end <= at);
                Assert.Equal(whole, spool.Waiting(OtlpKind.Logs).Items);
                spool.Append(OtlpKind.Logs, 1, "next"u8);
                Assert.Equal([.. s_texts[..whole], "next"], Drain(spool, OtlpKind.Logs));
            }
        }
    }

    [Fact]
    public void DamagedWhileItRuns_IsCounted_AndTheRestIsSent()
    {
        using Spool spool = Open();
        spool.Append(OtlpKind.Logs, 3, "one"u8);
        spool.Append(OtlpKind.Logs, 4, "two"u8);
        string name = Assert.Single(Segments());
        _folder.Files[name][SpoolSegment.HeadBytes + SpoolSegment.EntryHeadBytes] ^= 1;

        Assert.Equal(["two"], Drain(spool, OtlpKind.Logs));
        Assert.Equal(3, spool.Lost(OtlpKind.Logs, SpoolLoss.Damaged));
    }

    [Fact]
    public void OtherFiles_AreLeftAlone()
    {
        _folder.Files["notes.txt"] = [1];
        _folder.Files["logs-1.spool"] = [1];
        using Spool spool = Open();
        spool.Append(OtlpKind.Logs, 1, "a"u8);
        Drain(spool, OtlpKind.Logs);

        Assert.Equal([1], _folder.Files["notes.txt"]);
        Assert.Equal([1], _folder.Files["logs-1.spool"]);
    }

    [Theory]
    [InlineData(0, 3)]
    [InlineData(1_000, 1)]
    public void Fsync_OnceInItsInterval(int intervalMs, int syncs)
    {
        using Spool spool = Open(new SpoolSettings { FsyncInterval = TimeSpan.FromMilliseconds(intervalMs) });
        for (int i = 0; i < 3; i++)
        {
            spool.Append(OtlpKind.Logs, 1, "a"u8);
            spool.Maintain();
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        spool.Maintain();
        spool.Maintain();
        Assert.Equal(syncs, _folder.Syncs);
    }

    [Fact]
    public void OnDisk_TheSame_AndOneProcessOnly()
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-spool-");
        try
        {
            string path = Path.Combine(folder.FullName, "spool");
            using (var spool = new Spool(new SpoolSettings { FreeDiskMin = 0 }, new DiskFolder(path), _time))
            {
                spool.Append(OtlpKind.Logs, 1, "a"u8);
                spool.Append(OtlpKind.Logs, 1, "b"u8);
                Acknowledge(spool, OtlpKind.Logs);
                Assert.ThrowsAny<IOException>(() => new DiskFolder(path));
            }

            using var again = new Spool(new SpoolSettings { FreeDiskMin = 0 }, new DiskFolder(path), _time);
            Assert.Equal(["b"], Drain(again, OtlpKind.Logs));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private Spool Open(SpoolSettings? settings = null) => new(settings ?? new SpoolSettings(), _folder, _time);

    private List<string> Segments() => [.. _folder.List().Where(name => name.EndsWith(".spool"))];

    // A segment with three entries of one item each; where each ends.
    private string Fill(out byte[] bytes, out int[] ends)
    {
        using Spool spool = Open();
        var all = new List<int>();
        string name = "";
        foreach (string text in s_texts)
        {
            spool.Append(OtlpKind.Logs, 1, Encoding.ASCII.GetBytes(text));
            name = Assert.Single(Segments());
            all.Add(_folder.Files[name].Length);
        }

        bytes = _folder.Files[name];
        ends = [.. all];
        return name;
    }

    private static (long Traces, long Logs) Items(Spool spool) =>
        (spool.Waiting(OtlpKind.Traces).Items, spool.Waiting(OtlpKind.Logs).Items);

    private static long Waiting(Spool spool) => Enumerable.Range(0, OtlpKinds.Count)
        .Sum(kind => spool.Waiting((OtlpKind)kind).Items);

    private static long Lost(Spool spool) => Enumerable.Range(0, OtlpKinds.Count)
        .Sum(kind => Enumerable.Range(0, (int)SpoolLoss.Count)
            .Sum(loss => spool.Lost((OtlpKind)kind, (SpoolLoss)loss)));

    private static string? Peek(Spool spool, OtlpKind kind)
    {
        byte[] buffer = [];
        return spool.TryPeek(kind, ref buffer, out SpoolEntry entry)
            ? Encoding.ASCII.GetString(buffer, 0, entry.Length)
            : null;
    }

    private static void Acknowledge(Spool spool, OtlpKind kind)
    {
        byte[] buffer = [];
        Assert.True(spool.TryPeek(kind, ref buffer, out SpoolEntry entry));
        spool.Acknowledge(kind);
    }

    private static List<string> Drain(Spool spool, OtlpKind kind)
    {
        var all = new List<string>();
        while (Peek(spool, kind) is { } text)
        {
            all.Add(text);
            Acknowledge(spool, kind);
        }

        return all;
    }
}
