using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Hashing;
using Microsoft.Extensions.Logging;

namespace EdgeProxy.Audit;

/// <summary>What the chain is opened for.</summary>
internal sealed record AuditOpeningParts
{
    public required AuditSettings Settings { get; init; }

    /// <summary>The name of this box, in each segment's header.</summary>
    public required string Node { get; init; }

    /// <summary>Of the program, for the record of its start.</summary>
    public required string Version { get; init; }

    /// <summary>What it is opened for, if not to serve.</summary>
    public string Cause { get; init; } = "";

    /// <summary>Loops that note records.</summary>
    public required int Lanes { get; init; }

    public required TimeProvider Time { get; init; }

    public required ILogger Logger { get; init; }

    /// <summary>Null: those of the directory.</summary>
    public IAuditFiles? Files { get; init; }
}

/// <summary>
/// Opens the chain: (1) lock and key, (2) the valid part of what is there, (3) what the last process noted and did not
/// bring into the chain, (4) a record of what was found and one of the start, (5) empty rings.
/// </summary>
internal static class AuditOpening
{
    private const string RingPattern = "*.ring";
    private const int AgainErrno = 11; // EAGAIN: the lock is another's

    /// <summary>Null if it cannot be opened: <paramref name="problem"/> says why. Not started yet.</summary>
    /// <param name="notPermitted">The folder or a file of it is not ours to use.</param>
    public static AuditLog? Open(AuditOpeningParts parts, out string problem, out bool notPermitted)
    {
        problem = "";
        notPermitted = false;
        var holds = new Holds();
        try
        {
            return Open(parts, holds);
        }
        catch (Exception exception) when (exception
            is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            holds.Dispose();
            problem = exception.Message;
            notPermitted = exception is UnauthorizedAccessException;
            return null;
        }
    }

    private static AuditLog Open(AuditOpeningParts parts, Holds holds)
    {
        AuditSettings settings = parts.Settings;
        Sha256.UseLibrary();
        Directory.CreateDirectory(settings.Directory, (UnixFileMode)0b111_101_000);

        // (1)
        holds.Lock = Locked(Path.Combine(settings.Directory, "lock"));
        SegmentKey key = SegmentKey.Open(settings.KeyFile ?? Path.Combine(settings.Directory, "key.pem"),
            Path.Combine(settings.Directory, "key.pub.pem"), mayMake: settings.KeyFile is null);
        holds.Key = key;

        // (2)
        IAuditFiles files = parts.Files ?? new DiskFiles(settings.Directory);
        ChainEnd end = ChainEnd.Find(files);
        if (end.OpenKeyId is { } openKey && !openKey.AsSpan().SequenceEqual(key.Id))
        {
            throw new IOException(
                $"segment {DiskFiles.NameOf(end.State.SegmentNumber)} has no footer and was begun under another key: "
                + "start once with that key, or move the segment away");
        }

        var chain = new ChainWriter(files, key, parts.Node, end.State);
        holds.Chain = chain;

        // (3), (4)
        long nowMs = parts.Time.GetUtcNow().ToUnixTimeMilliseconds();
        (long taken, long torn) = TakeRings(settings.Directory, end, chain, nowMs);
        if (!end.IsClean || taken + torn + end.CutBytes > 0)
        {
            Log.Recovered(parts.Logger, end.State.Seq, taken, end.CutBytes, null);
            chain.Append(OwnRecords.Encode(RecordKind.Recovery, nowMs, (RecordField.CutBytes, end.CutBytes),
                (RecordField.CutDigest, end.CutDigest), (RecordField.DrainedCount, taken),
                (RecordField.DroppedCount, torn)), nowMs);
        }

        chain.Append(OwnRecords.Encode(RecordKind.Start, nowMs, (RecordField.Cause, parts.Cause),
            (RecordField.Version, parts.Version), (RecordField.KeyId, key.Id)), nowMs);
        chain.Sync();

        // (5)
        AuditRing[] rings = MakeRings(settings.Directory, parts.Lanes + 1); // the last is the payloads'
        var retention = new Retention(files, end.Closed, parts.Logger);
        return new AuditLog(settings, chain, rings, retention, parts.Time, parts.Logger, holds)
        {
            LastClosed = end.Closed.Count > 0 ? end.Closed[^1] : null,
        };
    }

    private static FileStream Locked(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException exception) when (exception.HResult == AgainErrno)
        {
            throw new IOException($"{path} is held: another process writes this chain", exception);
        }
    }

    private static (long Taken, long Torn) TakeRings(string folder, ChainEnd end, ChainWriter chain, long nowMs)
    {
        long taken = 0;
        long torn = 0;
        foreach (string path in RingFiles(folder))
        {
            using AuditRing? ring = AuditRing.Open(path);
            bool isTorn = false;
            while (ring is not null && ring.TryRead(out ReadOnlySpan<byte> record, out isTorn))
            {
                // What the chain has already was written but its space not given back yet.
                if (!end.Has(ring.Lane, new RecordReader(record).Number))
                {
                    chain.Append(record, nowMs);
                    taken++;
                }
            }

            torn += isTorn ? 1 : 0;
        }

        return (taken, torn);
    }

    private static AuditRing[] MakeRings(string folder, int count)
    {
        foreach (string path in RingFiles(folder))
        {
            File.Delete(path);
        }

        var rings = new AuditRing[count];
        for (int i = 0; i < count; i++)
        {
            // Half of a random GUID; 0 is the proxy's own records.
            ulong lane = BitConverter.ToUInt64(Guid.NewGuid().ToByteArray(), sizeof(ulong)) | 1;
            rings[i] = AuditRing.Create(Path.Combine(folder, $"loop-{i}.ring"), lane);
        }

        return rings;
    }

    private static List<string> RingFiles(string folder)
    {
        var paths = new List<string>(Directory.EnumerateFiles(folder, RingPattern));
        paths.Sort(StringComparer.Ordinal);
        return paths;
    }

    private sealed class Holds : IDisposable
    {
        public FileStream? Lock { get; set; }

        public SegmentKey? Key { get; set; }

        public ChainWriter? Chain { get; set; }

        public void Dispose()
        {
            Chain?.Dispose();
            Key?.Dispose();
            Lock?.Dispose();
        }
    }

    private static class Log
    {
        public static readonly Action<ILogger, ulong, long, long, Exception?> Recovered =
            LoggerMessage.Define<ulong, long, long>(LogLevel.Warning, EventIds.AuditRecovered,
                "the audit chain was not ended in order: goes on behind record {Seq}, {Taken} taken from memory, "
                + "{Cut} bytes cut off");
    }
}
