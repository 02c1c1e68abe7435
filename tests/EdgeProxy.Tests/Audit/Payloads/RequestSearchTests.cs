using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using Xunit;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>A segment that cannot be read hides nothing but its own records, and is told.</summary>
public sealed class RequestSearchTests
{
    // The exchanges found before it in the same file are kept, those in the files behind it are found.
    [Fact]
    public void SegmentThatBreaksOff_IsToldAndHidesNoOther()
    {
        MemoryFiles files = Sample();
        var broken = new FailingReads(files);
        string second = files.List()[1];
        broken.Broken[second] = files[second].Length - 1;
        List<string> unread = [];

        Assert.Equal([1, 2, 3, 4, 5], Found(broken, unread));
        Assert.StartsWith($"{second}, byte ", Assert.Single(unread), StringComparison.Ordinal);
        Assert.Contains("input/output error", unread[0], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void SegmentThatCannotBeOpened_IsToldAndHidesNoOther(int segment)
    {
        MemoryFiles files = Sample();
        string name = files.List()[segment];
        Exception[] exceptions = [new IOException("no"), new UnauthorizedAccessException("no")];
        foreach (Exception exception in exceptions)
        {
            var broken = new FailingReads(files);
            broken.Opened[name] = () => throw exception;
            List<string> unread = [];

            Assert.Equal(Of(0, segment).Concat(Of(1, segment)).Concat(Of(2, segment)), Found(broken, unread));
            Assert.Equal([$"{name}: no"], unread);
        }
    }

    // It was listed, and retention removed it before it was opened.
    [Fact]
    public void SegmentThatIsGone_IsNothingToTell()
    {
        MemoryFiles files = Sample();
        var broken = new FailingReads(files) { More = { "! removed" } };
        broken.Opened["! removed"] = static () => throw new FileNotFoundException();
        List<string> unread = [];

        Assert.Equal([1, 2, 3, 4, 5], Found(broken, unread));
        Assert.Empty(unread);
    }

    private static ulong[] Of(int segment, int missing) => segment == missing ? []
        : segment switch { 0 => [1, 2], 1 => [3, 4], _ => [5] };

    private static IEnumerable<ulong> Found(IAuditFiles files, List<string> unread) =>
        RequestSearch.Find(files, "r-1", unread).SelectMany(static some => some).Select(static one => one.Number);

    // Two exchanges of it in each of two closed segments, one in the open one.
    private static MemoryFiles Sample()
    {
        using var rig = new ChainRig();
        for (ulong number = 1; number <= 5; number++)
        {
            var writer = new RecordWriter(
                new byte[AuditLimits.RecordBytesMax], RecordKind.Exchange, ChainRig.NowMs, lane: 7, number);
            writer.Add(RecordField.RequestId, "r-1");
            rig.Chain.Append(writer.ToArray(), ChainRig.NowMs);
            if (number % 2 == 0)
            {
                rig.Chain.Close(ChainRig.NowMs);
            }
        }

        rig.Chain.Sync();
        return rig.Files;
    }
}
