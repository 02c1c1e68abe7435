using System;
using System.Buffers.Binary;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>What a frame of a segment holds: its first byte.</summary>
internal enum FrameKind : byte
{
    Header = 1,
    Record = 2,
    Footer = 3,
}

/// <summary>
/// The frame around everything in a segment: length of the body (4 bytes, little-endian), body, then SHA-256 over the
/// hash of the frame before, the length and the body. Those stand one behind the other in the file, so what is hashed
/// is one piece of it.
/// </summary>
internal static class ChainFrame
{
    public const int LengthBytes = sizeof(uint);

    /// <summary>Kind and sequence number before a record.</summary>
    public const int RecordHeadBytes = 1 + sizeof(ulong);

    public const int BodyBytesMax = RecordHeadBytes + AuditLimits.RecordBytesMax;
    public const int OverheadBytes = LengthBytes + Sha256.HashBytes;
    public const int BytesMax = OverheadBytes + BodyBytesMax;

    /// <summary>
    /// Puts a frame into <paramref name="room"/>, whose first 32 bytes are the hash before it; the body is written by
    /// the caller already, behind those and the length. The frame's bytes without that hash.
    /// </summary>
    public static int Close(Span<byte> room, int bodyLength)
    {
        int hashed = Sha256.HashBytes + LengthBytes + bodyLength;
        BinaryPrimitives.WriteUInt32LittleEndian(room[Sha256.HashBytes..], (uint)bodyLength);
        Sha256.Write(room[..hashed], room.Slice(hashed, Sha256.HashBytes));
        return OverheadBytes + bodyLength;
    }
}
