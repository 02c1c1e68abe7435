using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Audit;

namespace EdgeProxy.Tests.Audit;

/// <summary>A chain over memory: records appended by hand, then verified with the public key alone.</summary>
internal sealed class ChainRig : IDisposable
{
    public const long NowMs = 1_800_000_000_000;

    public static readonly SegmentKey Key = SegmentKey.Generate();
    public static readonly SegmentKey PublicKey = SegmentKey.OfPem(Key.PublicPem());

    public ChainRig(MemoryFiles? files = null)
    {
        Files = files ?? new MemoryFiles();
        End = ChainEnd.Find(Files);
        Chain = new ChainWriter(Files, Key, "box", End.State);
    }

    public MemoryFiles Files { get; }

    public ChainEnd End { get; }

    public ChainWriter Chain { get; }

    public static byte[] Record(string text, RecordKind kind = RecordKind.Admin) =>
        OwnRecords.Encode(kind, NowMs, (RecordField.Cause, text));

    public void Append(params string[] texts)
    {
        foreach (string text in texts)
        {
            Chain.Append(Record(text), NowMs);
        }
    }

    /// <summary>A chain of two closed segments and an open one, ten records.</summary>
    public static MemoryFiles Sample()
    {
        using var rig = new ChainRig();
        rig.Append("a", "b", "c", "d");
        rig.Chain.Close(NowMs);
        rig.Append("e", "f", "g");
        rig.Chain.Close(NowMs);
        rig.Append("h", "i", "j");
        rig.Chain.Sync();
        return rig.Files;
    }

    public static ChainReport Verify(MemoryFiles files, List<string>? texts = null, (ulong, byte[])? noted = null) =>
        new ChainVerifier([PublicKey])
        {
            Noted = noted,
            OnRecord = (_, _, record) => texts?.Add(Text(record)),
        }.Verify(files.List(), files.OpenRead);

    public static string Text(ReadOnlySpan<byte> record) =>
        RecordReader.TryFind(record, RecordField.Cause, out ReadOnlySpan<byte> value)
            ? Encoding.UTF8.GetString(value)
            : RecordJson.KindText((RecordKind)record[0]);

    public void Dispose() => Chain.Dispose();
}
