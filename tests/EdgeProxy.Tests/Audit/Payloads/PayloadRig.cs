using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using System.Text;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Tests.Host;

namespace EdgeProxy.Tests.Audit.Payloads;

/// <summary>A chain and its payloads at work, in a folder of their own.</summary>
internal sealed class PayloadRig : IDisposable
{
    private readonly ECDiffieHellman _pair = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP256);

    public PayloadRig(PayloadSettings? settings = null, AuditLogRig? after = null, TimeProvider? time = null,
        Func<MemoryFiles, IAuditFiles>? segments = null)
    {
        Chain = new AuditLogRig(
            new AuditSettings { Directory = "", SyncInterval = TimeSpan.FromMilliseconds(10) }, after);
        Chain.Log.Start();
        Files = PayloadFiles.Of(Chain.Folder);
        Store = new PayloadStore(Chain.Log, settings ?? new PayloadSettings(),
            PayloadSeal.OfPem(_pair.ExportSubjectPublicKeyInfoPem()), time ?? TimeProvider.System, Logger)
        {
            Segments = segments?.Invoke(Chain.Files) ?? Chain.Files,
        };
        Store.Start();
        Chain.Log.Payloads = Store;
    }

    public AuditLogRig Chain { get; }

    public PayloadFiles Files { get; }

    public PayloadStore Store { get; }

    public MemoryLog Logger { get; } = new();

    public PayloadSeal PrivateKey => PayloadSeal.OfPem(_pair.ExportPkcs8PrivateKeyPem(), isPrivate: true);

    /// <summary>As a loop does: a record, then what it speaks of.</summary>
    public EraseScope Keep(string request, string answer, PayloadMode mode = PayloadMode.Redacted, string consumer = "ann",
        long? unixMs = null, string requestId = "")
    {
        CapturedPayload payload = Store.Rent(mode);
        payload.Request.Take(Encoding.UTF8.GetBytes(request));
        payload.Answer.Take(Encoding.UTF8.GetBytes(answer));
        AuditRing ring = Chain.Ring;
        Span<byte> room = Room();
        long at = unixMs ?? ChainRig.NowMs;
        var writer = new RecordWriter(room, RecordKind.Exchange, at, ring.Lane, ring.NextNumber);
        writer.Add(RecordField.RequestId, requestId);
        writer.Add(RecordField.Payloads, payload.IsLost ? PayloadRecords.Dropped : PayloadRecords.TextOf(mode));
        payload.Lane = ring.Lane;
        payload.Number = ring.Commit(writer.Length);
        payload.UnixMs = at;
        var scope = new EraseScope("", requestId, [(payload.Lane, payload.Number)]);
        payload.Consumer = Encoding.UTF8.GetBytes(consumer);
        Chain.Log.Notify();
        if (payload.IsLost)
        {
            Store.CountDropped();
            Store.GiveBack(payload);
        }
        else
        {
            Store.Submit(payload);
        }

        return scope;
    }

    /// <summary>A call of which nothing is kept.</summary>
    public void NoteExchange(string requestId)
    {
        AuditRing ring = Chain.Ring;
        var writer = new RecordWriter(Room(), RecordKind.Exchange, ChainRig.NowMs, ring.Lane, ring.NextNumber);
        writer.Add(RecordField.RequestId, requestId);
        ring.Commit(writer.Length);
        Chain.Log.Notify();
    }

    // Once the writer has made some.
    private Span<byte> Room()
    {
        while (true)
        {
            if (Chain.Ring.TryReserve(AuditLimits.RecordBytesMax, out Span<byte> room))
            {
                return room;
            }

            Xunit.Assert.True(Chain.Log.Flush(TimeSpan.FromSeconds(30)), "the ring is full");
        }
    }

    public void WaitKept(long count) =>
        AuditLogRig.Until(() => Store.Status.Stored + Store.Status.Dropped >= count, $"{count} were not kept");

    /// <summary>Ends in order; the chain and the payloads are then looked at.</summary>
    public PayloadReport Ended(out List<PayloadFate> fates)
    {
        Chain.Log.Dispose();
        return Check(Chain, Files, out fates);
    }

    public static PayloadReport Check(AuditLogRig chain, PayloadFiles files, out List<PayloadFate> fates)
    {
        var found = new List<PayloadFate>();
        var check = new PayloadCheck(files);
        using SegmentKey key = SegmentKey.OfPem(File.ReadAllText(Path.Combine(chain.Folder, "key.pub.pem")));
        ChainReport report = new ChainVerifier([key])
        {
            OnRecord = (_, seq, record) =>
            {
                check.Take(seq, record);
                if (PayloadFate.Read(record) is { } fate)
                {
                    found.Add(fate);
                }
            },
        }.Verify(chain.Files.List(), chain.Files.OpenRead);
        Xunit.Assert.Null(report.Problem);
        fates = found;
        return check.Finish();
    }

    public (string Request, string Answer) Read(PayloadFate fate)
    {
        Xunit.Assert.True(
            PayloadEncoder.TryDecode(Files.ReadEntry(fate.Place)!, PrivateKey, out byte[] request, out byte[] answer,
                out string problem), problem);
        return (Encoding.UTF8.GetString(request), Encoding.UTF8.GetString(answer));
    }

    public void Dispose()
    {
        Chain.Dispose();
        _pair.Dispose();
    }
}
