using System;
using System.Buffers.Binary;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Numerics;
using System.Runtime.InteropServices;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry.Spooling;

/// <summary>An entry that was not acknowledged yet: one compressed request.</summary>
internal readonly record struct SpoolEntry(long Offset, int Length, int Count, long UnixMs);

/// <summary>
/// One file of a spool. Magic (8 bytes), then entries, all little-endian: length of the payload (4), CRC-32C of what
/// follows it (4), items in it (4), when it was stored (8, milliseconds since 1970), payload.
/// </summary>
internal sealed class SpoolSegment : IDisposable
{
    public const int HeadBytes = 8;
    public const int EntryHeadBytes = 20;
    private const string Extension = ".spool";

    private readonly ISpoolFile _file;
    private readonly byte[] _head = new byte[EntryHeadBytes];

    private SpoolSegment(ISpoolFile file, OtlpKind kind, ulong number)
    {
        _file = file;
        Kind = kind;
        Number = number;
    }

    public OtlpKind Kind { get; }

    public ulong Number { get; }

    public string Name => NameOf(Kind, Number);

    /// <summary>Entries that were not acknowledged, oldest first.</summary>
    public Queue<SpoolEntry> Entries { get; } = new();

    public long Length { get; private set; }

    /// <summary>Something was appended since the last sync.</summary>
    public bool IsDirty { get; private set; }

    private static ReadOnlySpan<byte> Magic => "EDGESPL1"u8;

    public static string NameOf(OtlpKind kind, ulong number) =>
        string.Create(CultureInfo.InvariantCulture, $"{OtlpKinds.Name(kind)}-{number:d20}{Extension}");

    /// <summary>False if a file of that name is none of ours.</summary>
    public static bool TryParseName(string name, out OtlpKind kind, out ulong number)
    {
        kind = default;
        number = 0;
        int dash = name.IndexOf('-', StringComparison.Ordinal);
        if (dash < 0 || !name.EndsWith(Extension, StringComparison.Ordinal))
        {
            return false;
        }

        for (kind = 0; (int)kind < OtlpKinds.Count; kind++)
        {
            if (name.AsSpan(0, dash).SequenceEqual(OtlpKinds.Name(kind)))
            {
                return ulong.TryParse(
                    name.AsSpan(dash + 1, name.Length - dash - 1 - Extension.Length), NumberStyles.None,
                    CultureInfo.InvariantCulture, out number) && name == NameOf(kind, number);
            }
        }

        return false;
    }

    public static SpoolSegment Create(ISpoolFolder folder, OtlpKind kind, ulong number)
    {
        var segment = new SpoolSegment(folder.Open(NameOf(kind, number)), kind, number);
        try
        {
            segment._file.Truncate(0);
            segment._file.Append(Magic);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            segment.Dispose();
            throw;
        }

        segment.Length = HeadBytes;
        return segment;
    }

    /// <summary>
    /// What a process left behind: the entries before the first that is damaged, from <paramref name="acknowledged"/>
    /// on. The rest of the file is cut off; <paramref name="lostBytes"/> says how much.
    /// </summary>
    public static SpoolSegment Recover(
        ISpoolFolder folder, OtlpKind kind, ulong number, long acknowledged, out long lostBytes)
    {
        var segment = new SpoolSegment(folder.Open(NameOf(kind, number)), kind, number);
        long fileBytes = segment._file.Length;
        long end = segment.Scan(fileBytes, acknowledged);
        lostBytes = fileBytes - end;

        // One that is nothing to go by is deleted by whoever reads this: a disk that is full has no room for its head.
        if (end >= HeadBytes && lostBytes > 0)
        {
            segment._file.Truncate(end);
        }

        segment.Length = end;
        return segment;
    }

    /// <summary>Appends a whole entry, or nothing.</summary>
    public void Append(ReadOnlySpan<byte> payload, int count, long unixMs)
    {
        Span<byte> head = _head;
        BinaryPrimitives.WriteInt32LittleEndian(head, payload.Length);
        BinaryPrimitives.WriteInt32LittleEndian(head[8..], count);
        BinaryPrimitives.WriteInt64LittleEndian(head[12..], unixMs);
        BinaryPrimitives.WriteUInt32LittleEndian(head[4..], Checksum(head[8..], payload));
        try
        {
            _file.Append(head);
            _file.Append(payload);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            // The disk is full, perhaps in the middle of it: what is there of it must not stand before the next one.
            _file.Truncate(Length);
            throw;
        }

        Entries.Enqueue(new SpoolEntry(Length, payload.Length, count, unixMs));
        Length += EntryHeadBytes + payload.Length;
        IsDirty = true;
    }

    /// <summary>The payload; false if it is damaged.</summary>
    public bool TryRead(in SpoolEntry entry, Span<byte> payload)
    {
        _file.Read(entry.Offset, _head);
        _file.Read(entry.Offset + EntryHeadBytes, payload);
        return BinaryPrimitives.ReadInt32LittleEndian(_head) == entry.Length
            && BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(4)) == Checksum(_head.AsSpan(8), payload);
    }

    public void Sync()
    {
        _file.Sync();
        IsDirty = false;
    }

    public void Dispose() => _file.Dispose();

    // Where the valid entries end.
    private long Scan(long fileBytes, long acknowledged)
    {
        Span<byte> magic = stackalloc byte[HeadBytes];
        if (fileBytes < HeadBytes)
        {
            return 0;
        }

        _file.Read(0, magic);
        if (!magic.SequenceEqual(Magic))
        {
            return 0;
        }

        long at = HeadBytes;
        byte[] payload = [];
        while (fileBytes - at >= EntryHeadBytes)
        {
            _file.Read(at, _head);
            int length = BinaryPrimitives.ReadInt32LittleEndian(_head);
            int count = BinaryPrimitives.ReadInt32LittleEndian(_head.AsSpan(8));
            if (length is < 0 or > SpoolLimits.EntryBytesMax || length > fileBytes - at - EntryHeadBytes)
            {
                break;
            }

            payload = payload.Length < length ? new byte[length] : payload;
            _file.Read(at + EntryHeadBytes, payload.AsSpan(0, length));
            uint sum = Checksum(_head.AsSpan(8), payload.AsSpan(0, length));
            if (sum != BinaryPrimitives.ReadUInt32LittleEndian(_head.AsSpan(4)))
            {
                break;
            }

            if (at >= acknowledged)
            {
                Entries.Enqueue(new SpoolEntry(
                    at, length, count, BinaryPrimitives.ReadInt64LittleEndian(_head.AsSpan(12))));
            }

            at += EntryHeadBytes + length;
        }

        return at;
    }

    private static uint Checksum(ReadOnlySpan<byte> head, ReadOnlySpan<byte> payload) =>
        ~Add(Add(uint.MaxValue, head), payload);

    private static uint Add(uint sum, ReadOnlySpan<byte> bytes)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (ulong word in words)
        {
            sum = BitOperations.Crc32C(sum, word);
        }

        foreach (byte value in bytes[(words.Length * sizeof(ulong))..])
        {
            sum = BitOperations.Crc32C(sum, value);
        }

        return sum;
    }
}
