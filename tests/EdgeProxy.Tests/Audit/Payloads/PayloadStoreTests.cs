using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Audit.Payloads;
using Xunit;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>Payloads lie apart from the chain, each bound to its record; what is not kept is told there.</summary>
public sealed class PayloadStoreTests
{
    [Theory]
    [InlineData("redacted", "mail [EMAIL]")]
    [InlineData("sealed", "mail a.b@example.com")]
    public void Kept_IsFoundByItsRecord(string mode, string expected)
    {
        using var rig = new PayloadRig();
        rig.Keep("mail a.b@example.com", "ok", PayloadRecords.ModeOf(System.Text.Encoding.ASCII.GetBytes(mode)));
        PayloadReport report = rig.Ended(out List<PayloadFate> fates);

        Assert.Equal(1, report.Kept);
        Assert.Empty(report.Problems);
        PayloadFate fate = Assert.Single(fates);
        Assert.Equal("ann", fate.ConsumerText);
        Assert.Equal((expected, "ok"), rig.Read(fate));
        bool isReadable = File.ReadAllText(rig.Files.PathOf(fate.Place.Segment)).Contains("example.com");
        Assert.False(isReadable);
    }

    [Fact]
    public void ManyOfThem_AreKeptOnce()
    {
        using var rig = new PayloadRig();
        for (int i = 0; i < 500; i++)
        {
            rig.Keep($"request {i}", $"answer {i}");
            if (i % 100 == 99)
            {
                rig.WaitKept(i + 1); // a ring takes what its writer has taken out
            }
        }

        PayloadReport report = rig.Ended(out List<PayloadFate> fates);
        Assert.Equal(500, report.Kept);
        Assert.Equal(0, report.NeverWritten);
        Assert.Empty(report.Problems);
        Assert.Equal(500, fates.ConvertAll(fate => rig.Read(fate).Request).Distinct().Count());
    }

    [Fact]
    public void AnyChangedByte_IsFound()
    {
        using var rig = new PayloadRig();
        rig.Keep("hello", "world");
        PayloadReport report = rig.Ended(out List<PayloadFate> fates);
        Assert.Equal(1, report.Kept);
        string path = rig.Files.PathOf(fates[0].Place.Segment);
        byte[] bytes = File.ReadAllBytes(path);
        for (int i = 0; i < fates[0].Place.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 1;
            File.WriteAllBytes(path, changed);
            Assert.Single(PayloadRig.Check(rig.Chain, rig.Files, out _).Problems);
        }

        File.Delete(path);
        Assert.Contains("is missing", Assert.Single(PayloadRig.Check(rig.Chain, rig.Files, out _).Problems));
        Directory.Delete(rig.Files.Folder);
        report = PayloadRig.Check(rig.Chain, rig.Files, out _);
        Assert.Equal(1, report.NotHere);
        Assert.Empty(report.Problems);
    }

    [Fact]
    public void LongBody_IsCutAndSaysSo()
    {
        using var rig = new PayloadRig(new PayloadSettings { BodyBytes = 256 });
        rig.Keep(new string('a', 100_000), "short", PayloadMode.Sealed);
        rig.Ended(out List<PayloadFate> fates);
        Assert.Equal((new string('a', 256), "short"), rig.Read(fates[0]));
        Assert.Equal(EntryFlags.RequestCut, EntryHead.Read(rig.Files.ReadEntry(fates[0].Place))!.Value.Flags);
    }

    [Fact]
    public void NoRoomInMemory_IsToldInTheRecord()
    {
        using var rig = new PayloadRig(new PayloadSettings { BodyBytes = 1024 * 1024, MemoryBytes = 256 * 1024 });
        rig.Keep(new string('a', 500_000), "");
        rig.Keep("next", "");
        PayloadReport report = rig.Ended(out _);
        Assert.Equal(1, report.Dropped);
        Assert.Equal(1, report.Kept);
        Assert.Equal(0, rig.Store.Memory.Used);
    }

    [Fact]
    public void FullDisk_IsToldAndBlocksOnlyIfAsked()
    {
        foreach (PayloadsFull onFull in (PayloadsFull[])[PayloadsFull.Drop, PayloadsFull.Block])
        {
            using var rig = new PayloadRig(new PayloadSettings { FreeDiskMin = long.MaxValue, OnFull = onFull });
            rig.Keep("one", "");
            rig.WaitKept(1);
            AuditLogRig.Until(() => rig.Store.Status.IsStuck, "it is not stuck");
            Assert.Equal(onFull == PayloadsFull.Block, rig.Store.IsBlocked);
            rig.Store.Configure(new PayloadSettings { OnFull = onFull }, null);
            AuditLogRig.Until(() => !rig.Store.Status.IsStuck, "it stays stuck");
            rig.Keep("two", "");
            PayloadReport report = rig.Ended(out List<PayloadFate> fates);
            Assert.Equal((1, 1), (report.Dropped, report.Kept));
            Assert.Contains("free_disk_min", fates[0].Dropped);
        }
    }

    [Fact]
    public void OldFiles_GoAndTheChainSaysSo()
    {
        using var first = new PayloadRig();
        first.Keep("one", "");
        first.WaitKept(1);
        first.Chain.Log.Dispose();

        using var second = new PayloadRig(new PayloadSettings { RetainBytes = 1 }, first.Chain);
        second.Keep("two", "");
        AuditLogRig.Until(() => second.Files.List().Count == 1 && second.Store.Status.Stored == 1, "none was removed");
        PayloadReport report = second.Ended(out _);
        Assert.Equal((1, 1), (report.Removed, report.Kept));
        Assert.Empty(report.Problems);
    }

    [Fact]
    public void AfterAKill_WhatIsWholeBehindADamageStays()
    {
        using var first = new PayloadRig();
        first.Keep("one", "1");
        first.Keep("two", "2");
        first.WaitKept(2);
        string path = first.Files.PathOf(first.Files.List()[0]);
        byte[] written = File.ReadAllBytes(path);
        first.Chain.Kill();
        int end = written.AsSpan().LastIndexOf("EPAY"u8);
        byte[] left = end == written.Length - EntryHead.Bytes ? written[..end] : written;
        left[EntryHead.Bytes + 5] ^= 1; // of the first
        File.WriteAllBytes(path, left);

        using var second = new PayloadRig(after: first.Chain);
        second.Keep("three", "3");
        second.WaitKept(2);
        PayloadReport report = second.Ended(out List<PayloadFate> fates);
        Assert.Equal(2, report.Kept);
        Assert.Single(report.Problems);
        Assert.Contains(("two", "2"), fates.FindAll(fate => fate.Place.Offset > 0).ConvertAll(second.Read));
    }

    [Fact]
    public void AfterAKill_WhatWasWrittenIsKept()
    {
        using var first = new PayloadRig();
        first.Keep("one", "1");
        first.Keep("two", "2");
        first.WaitKept(2);
        string path = first.Files.PathOf(first.Files.List()[0]);
        byte[] written = File.ReadAllBytes(path);
        first.Chain.Kill();

        // At the death the file had no end, and half of a third entry.
        int end = written.AsSpan().LastIndexOf("EPAY"u8);
        byte[] whole = end == written.Length - EntryHead.Bytes ? written[..end] : written;
        File.WriteAllBytes(path, [.. whole, .. whole.AsSpan(0, 50)]);
        using var second = new PayloadRig(after: first.Chain);
        second.Keep("three", "3");
        second.WaitKept(3);
        PayloadReport report = second.Ended(out List<PayloadFate> fates);
        Assert.Equal(3, report.Kept);
        Assert.Empty(report.Problems);
        Assert.Contains(("one", "1"), fates.ConvertAll(second.Read));
    }
}
