using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Numerics;

namespace EdgeProxy.Ai.Plans;

/// <summary>One count as a file has it; the key is its identity's, in bytes.</summary>
internal readonly record struct LedgerEntry(UInt128 Key, ulong Version, long StartMs, long Used, long Debt);

/// <summary>
/// The counts of plans in a file mapped into memory: counting is a copy, no system call, and the bytes outlive the
/// process. Each count has two places, written in turn, each with a CRC-32C: one that was being written when the
/// process was killed is not believed, and the one before counts. One writer at a time.
/// </summary>
/// <remarks>
/// File, little-endian: a page with magic (8 bytes), slots (8), the id of the boot that wrote it (16); then slots of
/// 128 bytes: twice key (16), version (8, from 1), start (8), used (8), debt (8), CRC-32C of those (4). Every block is
/// written before use: a hole in a mapped file would end the process on a full disk.
/// </remarks>
internal sealed unsafe class PlanLedger : IDisposable
{
    public const int BootBytes = 16;

    private const int HeadBytes = 4096;
    private const int PlaceBytes = 64;
    private const int SlotBytes = 2 * PlaceBytes;
    private const int VersionOffset = PlanCounter.KeyBytes;
    private const int StartOffset = VersionOffset + sizeof(ulong);
    private const int UsedOffset = StartOffset + sizeof(long);
    private const int DebtOffset = UsedOffset + sizeof(long);
    private const int SumOffset = DebtOffset + sizeof(long);
    private const int BootOffset = 16;

    private readonly FileStream _held;
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _slots;

    private PlanLedger(FileStream held, int slots)
    {
        _held = held;
        _file = MemoryMappedFile.CreateFromFile(
            held, null, held.Length, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _file.CreateViewAccessor(0, held.Length, MemoryMappedFileAccess.ReadWrite);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _slots = start + _view.PointerOffset + HeadBytes;
        Slots = slots;
    }

    public int Slots { get; }

    private static ReadOnlySpan<byte> Magic => "EDGEPLA2"u8;

    /// <summary>A new file beside the one at the path; <see cref="Publish"/> puts it in its place.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static PlanLedger Create(string path, IReadOnlyList<PlanCounter> counters, ReadOnlySpan<byte> boot)
    {
        byte[] bytes = new byte[HeadBytes + (counters.Count * SlotBytes)];
        Magic.CopyTo(bytes);
        BinaryPrimitives.WriteInt64LittleEndian(bytes.AsSpan(Magic.Length), counters.Count);
        boot.CopyTo(bytes.AsSpan(BootOffset));
        for (int i = 0; i < counters.Count; i++)
        {
            WritePlace(PlaceOf(bytes.AsSpan(HeadBytes), i, counters[i].Version), counters[i]);
        }

        var held = new FileStream(NextOf(path), new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        try
        {
            held.Write(bytes);
            held.Flush(flushToDisk: true);
            return new PlanLedger(held, counters.Count);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>
    /// What a process left behind, if the machine ran on since: what the memory of one that lost its power had is not
    /// in the file. Empty if there is nothing to believe.
    /// </summary>
    /// <exception cref="IOException">Another process has it.</exception>
    public static List<LedgerEntry> Read(string path, ReadOnlySpan<byte> boot)
    {
        var entries = new List<LedgerEntry>();
        if (!File.Exists(path))
        {
            return entries;
        }

        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        byte[] bytes = new byte[Math.Min(stream.Length, HeadBytes + ((long)PlanLimits.CountersMax * SlotBytes))];
        stream.ReadExactly(bytes);
        if (bytes.Length < HeadBytes || !bytes.AsSpan().StartsWith(Magic)
            || !bytes.AsSpan(BootOffset, boot.Length).SequenceEqual(boot))
        {
            return entries;
        }

        for (int at = HeadBytes; at + SlotBytes <= bytes.Length; at += SlotBytes)
        {
            LedgerEntry first = ReadPlace(bytes.AsSpan(at, PlaceBytes));
            LedgerEntry second = ReadPlace(bytes.AsSpan(at + PlaceBytes, PlaceBytes));
            LedgerEntry last = first.Version >= second.Version ? first : second;
            if (last.Version > 0)
            {
                entries.Add(last);
            }
        }

        return entries;
    }

    /// <summary>From here on it is what the next process finds.</summary>
    public static void Publish(string path) => File.Move(NextOf(path), path, overwrite: true);

    /// <summary>The count's next version goes to the place of the one before the last.</summary>
    public void Write(PlanCounter counter)
    {
        counter.Version++;
        WritePlace(PlaceOf(new Span<byte>(_slots, Slots * SlotBytes), counter.Slot, counter.Version), counter);
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
        _held.Dispose();
    }

    private static string NextOf(string path) => path + ".new";

    private static Span<byte> PlaceOf(Span<byte> slots, int slot, ulong version) =>
        slots.Slice((slot * SlotBytes) + ((int)(version & 1) * PlaceBytes), PlaceBytes);

    private static void WritePlace(Span<byte> place, PlanCounter counter)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(place, counter.Key);
        BinaryPrimitives.WriteUInt64LittleEndian(place[VersionOffset..], counter.Version);
        BinaryPrimitives.WriteInt64LittleEndian(place[StartOffset..], counter.Window.StartMs);
        BinaryPrimitives.WriteInt64LittleEndian(place[UsedOffset..], counter.Used);
        BinaryPrimitives.WriteInt64LittleEndian(place[DebtOffset..], counter.Debt);
        BinaryPrimitives.WriteUInt32LittleEndian(place[SumOffset..], Checksum(place));
    }

    // Version 0 if it is not whole.
    private static LedgerEntry ReadPlace(ReadOnlySpan<byte> place) =>
        BinaryPrimitives.ReadUInt32LittleEndian(place[SumOffset..]) != Checksum(place)
            ? default
            : new LedgerEntry(
                BinaryPrimitives.ReadUInt128LittleEndian(place),
                BinaryPrimitives.ReadUInt64LittleEndian(place[VersionOffset..]),
                BinaryPrimitives.ReadInt64LittleEndian(place[StartOffset..]),
                BinaryPrimitives.ReadInt64LittleEndian(place[UsedOffset..]),
                BinaryPrimitives.ReadInt64LittleEndian(place[DebtOffset..]));

    private static uint Checksum(ReadOnlySpan<byte> place)
    {
        uint sum = uint.MaxValue;
        for (int at = 0; at < SumOffset; at += sizeof(ulong))
        {
            sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(place[at..]));
        }

        return ~sum;
    }
}
