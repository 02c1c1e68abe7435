using System;
using System.Buffers;
using System.Collections.Generic;
using System.IO;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Tests.Host;
using Xunit;

namespace EdgeProxy.Tests.Audit;

/// <summary>
/// The chain at work: its own folder for rings and key, segments in memory, one lane the test writes to.
/// </summary>
internal sealed class AuditLogRig : IDisposable
{
    // A wait that takes longer than this is a defect.
    private static readonly TimeSpan WaitMax = TimeSpan.FromSeconds(30);

    private readonly string _folder;
    private readonly bool _ownsFolder;

    public AuditLogRig(AuditSettings? settings = null, AuditLogRig? after = null, MemoryFiles? files = null,
        TimeProvider? time = null)
    {
        _ownsFolder = after is null;
        _folder = after?._folder ?? Path.Combine(Path.GetTempPath(), $"audit-{Guid.NewGuid():N}");
        Files = after?.Files ?? files ?? new MemoryFiles();
        AuditLog? log = AuditOpening.Open(
            new AuditOpeningParts
            {
                Settings = (settings ?? new AuditSettings { Directory = "" }) with { Directory = _folder },
                Node = "box",
                Version = "1.2.3",
                Lanes = 1,
                Time = time ?? TimeProvider.System,
                Logger = Logger,
                Files = Files,
            },
            out string problem, out _);
        Assert.True(log is not null, problem);
        Log = log;
        Ring = log.Ring(0);
        log.Listen(0, Durable.Set);
    }

    public MemoryFiles Files { get; }

    public MemoryLog Logger { get; } = new();

    public AuditLog Log { get; }

    public AuditRing Ring { get; }

    public ManualResetEventSlim Durable { get; } = new();

    /// <summary>Notes a record as a loop does; 0 if there is no room.</summary>
    /// <param name="text">The record's cause.</param>
    /// <param name="ring">Not that of the loop.</param>
    public ulong Note(string text, AuditRing? ring = null)
    {
        ring ??= Ring;
        if (!ring.TryReserve(AuditLimits.RecordBytesMax, out Span<byte> room))
        {
            return 0;
        }

        var writer = new RecordWriter(room, RecordKind.Exchange, ChainRig.NowMs, ring.Lane, ring.NextNumber);
        writer.Add(RecordField.Cause, text);
        ulong number = ring.Commit(writer.Length);
        Log.Notify();
        return number;
    }

    /// <summary>Waits as a loop does until its records are durable.</summary>
    public void WaitDurable(ulong number)
    {
        while (Ring.DurableNumber < number)
        {
            Durable.Reset();
            Ring.HasWaiters = true;
            Interlocked.MemoryBarrier();
            if (Ring.DurableNumber < number)
            {
                Log.Urge();
                Assert.True(Durable.Wait(WaitMax), $"record {number} did not become durable");
            }
        }
    }

    public static void Until(Func<bool> condition, string what) =>
        Assert.True(SpinWait.SpinUntil(condition, WaitMax), what);

    /// <summary>What the chain says, verified with the key of the folder.</summary>
    public List<string> Texts(out ChainReport report)
    {
        using SegmentKey key = SegmentKey.OfPem(File.ReadAllText(Path.Combine(_folder, "key.pub.pem")));
        var texts = new List<string>();
        report = new ChainVerifier([key]) { OnRecord = (_, _, record) => texts.Add(ChainRig.Text(record)) }
            .Verify(Files.List(), Files.OpenRead);
        Assert.Null(report.Problem);
        return texts;
    }

    /// <summary>Each record of the chain as the test wants to see it.</summary>
    public List<string> Records(Func<JsonObject, string> show)
    {
        var shown = new List<string>();
        using SegmentKey key = SegmentKey.OfPem(File.ReadAllText(Path.Combine(_folder, "key.pub.pem")));
        new ChainVerifier([key]) { OnRecord = (_, _, record) => shown.Add(show(Json(record))) }
            .Verify(Files.List(), Files.OpenRead);
        return shown;
    }

    public static JsonObject Json(ReadOnlySpan<byte> record)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text))
        {
            RecordJson.Write(json, "box", 1, record);
        }

        return JsonNode.Parse(text.WrittenSpan)!.AsObject();
    }

    public UnixFileMode KeyMode => File.GetUnixFileMode(Path.Combine(_folder, "key.pem"));

    public int RingFiles => Directory.GetFiles(_folder, "*.ring").Length;

    public string Folder => _folder;

    /// <summary>Ends as SIGKILL does: no thread runs any more, nothing is said, the lock goes.</summary>
    public void Kill()
    {
        Files.FailingAppends = int.MaxValue; // the writer gets nothing done from here on
        Log.Dispose();
        Files.FailingAppends = 0;
    }

    public void Dispose()
    {
        Log.Dispose();
        if (_ownsFolder && Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }
}
