using System;
using System.Buffers.Binary;
using System.IO;
using System.IO.MemoryMappedFiles;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Threading;

namespace EdgeProxy.Audit;

/// <summary>
/// What one loop recorded and the chain does not have on disk yet, in a file mapped into memory: noting a record is a
/// copy, no system call, and the bytes outlive the process. One thread writes, one reads; nothing is locked. The space
/// of a record is given back once it is durable in the chain, not when it was read.
/// </summary>
/// <remarks>
/// File: a page with magic (8 bytes), lane (8), at 64 the position everything before which is durable, at 128 the
/// position everything before which is published; then the bytes, which positions run through again and again. A slot,
/// at a multiple of 8: length (4), CRC-32C of the record (4), record. A length of all ones: the next slot is at the
/// start. Every block of the file is written once before use: a hole in a mapped file would end the process on a full
/// disk.
/// </remarks>
internal sealed unsafe class AuditRing : IDisposable
{
    private const int HeadBytes = 4096;
    private const int SlotHeadBytes = 8;
    private const int ReleasedOffset = 64;
    private const int PublishedOffset = 128;
    private const uint Wrap = uint.MaxValue;

    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _head;
    private readonly byte* _bytes;
    private readonly int _capacity;
    private long _written;
    private long _read;
    private long _lost;
    private long _durableNumber;
    private int _hasWaiters;

    private AuditRing(MemoryMappedFile file, MemoryMappedViewAccessor view, int capacity)
    {
        _file = file;
        _view = view;
        _capacity = capacity;
        byte* start = null;
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _head = start + view.PointerOffset;
        _bytes = _head + HeadBytes;
        Lane = *(ulong*)(_head + sizeof(ulong));
        _written = Volatile.Read(ref *(long*)(_head + PublishedOffset));
        _read = Volatile.Read(ref *(long*)(_head + ReleasedOffset));
    }

    /// <summary>Tells this ring's records from those of any other, of an earlier process too.</summary>
    public ulong Lane { get; }

    /// <summary>The number the next record has on this lane, from 1.</summary>
    public ulong NextNumber { get; private set; } = 1;

    /// <summary>The record of this number, and all before it, are in the chain and on the disk.</summary>
    public ulong DurableNumber => (ulong)Volatile.Read(ref _durableNumber);

    /// <summary>Records that found no room and were given up.</summary>
    public long Lost => Volatile.Read(ref _lost);

    /// <summary>The loop waits to hear that records became durable.</summary>
    public bool HasWaiters
    {
        get => Volatile.Read(ref _hasWaiters) != 0;
        set => Volatile.Write(ref _hasWaiters, value ? 1 : 0);
    }

    /// <summary>More than half of it waits to be made durable.</summary>
    public bool IsFilling => Volatile.Read(ref Published) - Volatile.Read(ref Released) > _capacity / 2;

    /// <summary>Reader: something is published that was not read.</summary>
    public bool HasUnread => Volatile.Read(ref Published) > _read;

    /// <summary>Reader: something was read that is not durable.</summary>
    public bool HasUnreleased => _read > Volatile.Read(ref Released);

    private static ReadOnlySpan<byte> Magic => "EDGERING"u8;

    private ref long Released => ref *(long*)(_head + ReleasedOffset);

    private ref long Published => ref *(long*)(_head + PublishedOffset);

    /// <summary>An empty ring in a new file, or in the place of what was in the file.</summary>
    public static AuditRing Create(string path, ulong lane, int capacity = AuditLimits.RingBytes)
    {
        using (var stream = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.Create,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            byte[] page = new byte[HeadBytes];
            for (int i = 0; i < capacity; i += HeadBytes)
            {
                stream.Seek(HeadBytes + i, SeekOrigin.Begin);
                stream.Write(page);
            }

            // The head comes last: a file without it is no ring.
            Magic.CopyTo(page);
            BinaryPrimitives.WriteUInt64LittleEndian(page.AsSpan(Magic.Length), lane);
            stream.Seek(0, SeekOrigin.Begin);
            stream.Write(page);
        }

        return Open(path) ?? throw new IOException($"{path} did not become a ring");
    }

    /// <summary>What a process left behind; null if the file is no ring.</summary>
    public static AuditRing? Open(string path)
    {
        long length = new FileInfo(path).Length;
        if (length <= HeadBytes || length > int.MaxValue || !BitOperations.IsPow2(length - HeadBytes))
        {
            return null;
        }

        var file = MemoryMappedFile.CreateFromFile(path, FileMode.Open, null, 0, MemoryMappedFileAccess.ReadWrite);
        MemoryMappedViewAccessor view = file.CreateViewAccessor(0, length, MemoryMappedFileAccess.ReadWrite);
        var ring = new AuditRing(file, view, (int)length - HeadBytes);
        if (new ReadOnlySpan<byte>(ring._head, Magic.Length).SequenceEqual(Magic)
            && ring._read >= 0 && ring._written >= ring._read && ring._written - ring._read <= ring._capacity
            && ring._read % SlotHeadBytes == 0)
        {
            return ring;
        }

        ring.Dispose();
        return null;
    }

    /// <summary>Room for a record of up to <paramref name="bytes"/>; false while too little of it is durable.</summary>
    public bool TryReserve(int bytes, out Span<byte> room)
    {
        int need = Align(SlotHeadBytes + bytes);
        int offset = (int)(_written & (_capacity - 1));
        int toEnd = _capacity - offset;
        int skipped = need > toEnd ? toEnd : 0;
        if (_written + skipped + need - Volatile.Read(ref Released) > _capacity)
        {
            room = default;
            return false;
        }

        if (skipped > 0)
        {
            *(uint*)(_bytes + offset) = Wrap;
            _written += skipped;
            offset = 0;
        }

        room = new Span<byte>(_bytes + offset + SlotHeadBytes, bytes);
        return true;
    }

    /// <summary>
    /// Publishes the record written to the room reserved last; its number. From here on it outlives the process.
    /// </summary>
    public ulong Commit(int length)
    {
        byte* slot = _bytes + (_written & (_capacity - 1));
        ((uint*)slot)[0] = (uint)length;
        ((uint*)slot)[1] = Checksum(new ReadOnlySpan<byte>(slot + SlotHeadBytes, length));
        _written += Align(SlotHeadBytes + length);
        Volatile.Write(ref Published, _written);
        return NextNumber++;
    }

    /// <summary>Counts a record that is given up.</summary>
    public void Lose() => Volatile.Write(ref _lost, _lost + 1);

    /// <summary>
    /// Reader: the next published record. False at the end, or if what is there is none: <paramref name="isTorn"/>.
    /// </summary>
    public bool TryRead(out ReadOnlySpan<byte> record, out bool isTorn)
    {
        record = default;
        isTorn = false;
        long published = Volatile.Read(ref Published);
        if (_read >= published)
        {
            return false;
        }

        int offset = (int)(_read & (_capacity - 1));
        if (*(uint*)(_bytes + offset) == Wrap)
        {
            _read += _capacity - offset;
            offset = 0;
        }

        uint length = *(uint*)(_bytes + offset);
        isTorn = _read >= published || length > AuditLimits.RecordBytesMax
            || length < RecordWriter.HeadBytes || length > _capacity - offset - SlotHeadBytes;
        if (!isTorn)
        {
            record = new ReadOnlySpan<byte>(_bytes + offset + SlotHeadBytes, (int)length);
            isTorn = Checksum(record) != *(uint*)(_bytes + offset + sizeof(uint))
                || new RecordReader(record).Lane != Lane;
        }

        if (isTorn)
        {
            record = default;
            return false;
        }

        _read += Align(SlotHeadBytes + (int)length);
        return true;
    }

    /// <summary>Reader: all that was read is durable, its space free.</summary>
    public void Release(ulong number)
    {
        Volatile.Write(ref Released, _read);
        Volatile.Write(ref _durableNumber, (long)number);
    }

    /// <summary>Reader: what was read since the last release did not become durable and is read again.</summary>
    public void Rewind() => _read = Volatile.Read(ref Released);

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }

    private static int Align(int bytes) => (bytes + SlotHeadBytes - 1) & ~(SlotHeadBytes - 1);

    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        uint sum = uint.MaxValue;
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return ~sum;
    }
}
