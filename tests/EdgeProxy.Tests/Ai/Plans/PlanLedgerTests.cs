using System;
using System.Collections.Generic;
using System.IO;
using EdgeProxy.Ai.Plans;
using Xunit;

namespace EdgeProxy.Tests.Ai.Plans;

/// <summary>What a ledger that was damaged at any byte is believed.</summary>
public sealed class PlanLedgerTests : IDisposable
{
    private const int SlotBytes = 128;
    private static readonly byte[] Boot = new byte[PlanLedger.BootBytes];
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-ledger-");

    private string LedgerPath => Path.Combine(_folder.FullName, "plans");

    [Fact]
    public void Read_AfterWrites_HasTheLastOfEach()
    {
        Write(times: 5);

        List<LedgerEntry> entries = PlanLedger.Read(LedgerPath, Boot);

        Assert.Equal([(6UL, 105L), (6UL, 205L)], entries.ConvertAll(entry => (entry.Version, entry.Used)));
        Assert.Equal(PlanCounter.KeyOf("alice tokens day "), entries[0].Key);
        Assert.Equal([0, 7], entries.ConvertAll(entry => entry.Debt));
    }

    [Fact]
    public void Read_AnyByteOfASlotWrong_HasTheLastOrTheOneBefore()
    {
        Write(times: 5);
        byte[] good = File.ReadAllBytes(LedgerPath);
        for (int at = good.Length - (2 * SlotBytes); at < good.Length; at++)
        {
            byte[] bad = [.. good];
            bad[at] ^= 0x40;
            File.WriteAllBytes(LedgerPath, bad);

            List<LedgerEntry> entries = PlanLedger.Read(LedgerPath, Boot);

            Assert.Equal(2, entries.Count);
            Assert.Contains(entries[0].Used, (long[])[104, 105]);
            Assert.Contains(entries[1].Used, (long[])[204, 205]);
        }
    }

    [Fact]
    public void Read_OfAnotherBootOrCutAnywhere_HasNothingWrong()
    {
        Write(times: 2);
        byte[] good = File.ReadAllBytes(LedgerPath);
        byte[] other = [.. Boot];
        other[0] = 1;
        Assert.Empty(PlanLedger.Read(LedgerPath, other));
        for (int length = 0; length < good.Length; length += 61)
        {
            File.WriteAllBytes(LedgerPath, good[..length]);
            Assert.All(PlanLedger.Read(LedgerPath, Boot), entry => Assert.Contains(entry.Used, (long[])[102, 202]));
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private void Write(int times)
    {
        PlanCounter[] counters =
        [
            new("alice tokens day ", PlanPeriod.Day) { Version = 1, Slot = 0 },
            new("bob tokens day ", PlanPeriod.Day) { Version = 1, Slot = 1 },
        ];
        counters[0].Restore(0, used: 100, debt: 0);
        counters[1].Restore(0, used: 200, debt: 7);
        using var ledger = PlanLedger.Create(LedgerPath, counters, Boot);
        PlanLedger.Publish(LedgerPath);
        for (int i = 0; i < times; i++)
        {
            foreach (PlanCounter counter in counters)
            {
                counter.Add(1);
                ledger.Write(counter);
            }
        }
    }
}
