using System;
using System.Buffers.Binary;
using System.IO;
using System.Numerics;
using EdgeProxy.Telemetry.Otlp;

namespace EdgeProxy.Telemetry.Spooling;

/// <summary>
/// Up to where each kind was acknowledged, in a file of its own: segment (8 bytes), offset (8), CRC-32C (4) for each. A
/// damaged one says nothing, and what was acknowledged is sent once more.
/// </summary>
internal sealed class SpoolCursors : IDisposable
{
    private const string Name = "acknowledged";
    private const int CursorBytes = 20;

    private readonly ISpoolFile _file;
    private readonly byte[] _bytes = new byte[CursorBytes * OtlpKinds.Count];
    private bool _isDirty;

    public SpoolCursors(ISpoolFolder folder)
    {
        _file = folder.Open(Name);
        if (_file.Length == _bytes.Length)
        {
            _file.Read(0, _bytes);
        }
    }

    /// <summary>The segment and the offset in it; zeros if nothing is known.</summary>
    public (ulong Segment, long Offset) Read(OtlpKind kind)
    {
        ReadOnlySpan<byte> cursor = _bytes.AsSpan((int)kind * CursorBytes, CursorBytes);
        return BinaryPrimitives.ReadUInt32LittleEndian(cursor[16..]) == Checksum(cursor)
            ? (BinaryPrimitives.ReadUInt64LittleEndian(cursor), BinaryPrimitives.ReadInt64LittleEndian(cursor[8..]))
            : default;
    }

    public void Note(OtlpKind kind, ulong segment, long offset)
    {
        Span<byte> cursor = _bytes.AsSpan((int)kind * CursorBytes, CursorBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(cursor, segment);
        BinaryPrimitives.WriteInt64LittleEndian(cursor[8..], offset);
        BinaryPrimitives.WriteUInt32LittleEndian(cursor[16..], Checksum(cursor));
        _isDirty = true;
    }

    public void Save()
    {
        if (!_isDirty)
        {
            return;
        }

        try
        {
            _file.Truncate(0);
            _file.Append(_bytes);
            _isDirty = false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException
                or ArgumentOutOfRangeException) // EFBIG
        {
            // What was acknowledged since may be sent once more after a restart.
        }
    }

    public void Dispose() => _file.Dispose();

    private static uint Checksum(ReadOnlySpan<byte> cursor) => ~BitOperations.Crc32C(
        BitOperations.Crc32C(uint.MaxValue, BinaryPrimitives.ReadUInt64LittleEndian(cursor)),
        BinaryPrimitives.ReadUInt64LittleEndian(cursor[8..]));
}
