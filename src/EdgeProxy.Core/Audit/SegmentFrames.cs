using System;
using System.Buffers.Binary;
using System.Text;
using EdgeProxy.Primitives.Hashing;

namespace EdgeProxy.Audit;

/// <summary>The first frame of a segment: where it belongs, and under which key it will be signed.</summary>
internal sealed record SegmentHeader(
    ulong Number, ulong FirstSeq, long CreatedMs, byte[] Previous, byte[] KeyId, string Node)
{
    private const byte Version = 1;
    private const int FixedBytes = 2 + 8 + (3 * sizeof(ulong)) + (2 * Sha256.HashBytes);
    private const int NodeBytesMax = 255;

    private static ReadOnlySpan<byte> Magic => "EDGEAUDT"u8;

    /// <summary>Writes the body; its length.</summary>
    public int Write(Span<byte> room)
    {
        room[0] = (byte)FrameKind.Header;
        room[1] = Version;
        Magic.CopyTo(room[2..]);
        BinaryPrimitives.WriteUInt64LittleEndian(room[10..], Number);
        BinaryPrimitives.WriteUInt64LittleEndian(room[18..], FirstSeq);
        BinaryPrimitives.WriteInt64LittleEndian(room[26..], CreatedMs);
        Previous.CopyTo(room[34..]);
        KeyId.CopyTo(room[66..]);
        byte[] node = Encoding.UTF8.GetBytes(Node);
        int length = Math.Min(node.Length, NodeBytesMax);
        node.AsSpan(0, length).CopyTo(room[FixedBytes..]);
        return FixedBytes + length;
    }

    /// <summary>Null if it is none, or of a version this one does not know.</summary>
    public static SegmentHeader? Read(ReadOnlySpan<byte> body) =>
        body.Length < FixedBytes || body[0] != (byte)FrameKind.Header || body[1] != Version
            || !body[2..].StartsWith(Magic)
            ? null
            : new SegmentHeader(
                BinaryPrimitives.ReadUInt64LittleEndian(body[10..]),
                BinaryPrimitives.ReadUInt64LittleEndian(body[18..]),
                BinaryPrimitives.ReadInt64LittleEndian(body[26..]),
                body.Slice(34, Sha256.HashBytes).ToArray(),
                body.Slice(66, Sha256.HashBytes).ToArray(),
                Encoding.UTF8.GetString(body[FixedBytes..]));
}

/// <summary>The last frame of a segment that was closed; its signature covers everything before it.</summary>
internal sealed record SegmentFooter(ulong Count, ulong LastSeq, long ClosedMs, byte[] Root, byte[] Signature)
{
    public const int SignatureBytes = 64;
    public const int BodyBytes = SignedBytes + SignatureBytes;
    private const int SignedBytes = 1 + (3 * sizeof(ulong)) + Sha256.HashBytes;

    private static ReadOnlySpan<byte> Domain => "edgeproxy audit segment 1\n"u8;

    /// <summary>
    /// What is signed: a word of ours, the hash of the last frame before the footer, the footer without its signature.
    /// </summary>
    public byte[] Signed(ReadOnlySpan<byte> before)
    {
        byte[] signed = new byte[Domain.Length + Sha256.HashBytes + SignedBytes];
        Domain.CopyTo(signed);
        before.CopyTo(signed.AsSpan(Domain.Length));
        WriteSigned(signed.AsSpan(Domain.Length + Sha256.HashBytes));
        return signed;
    }

    public int Write(Span<byte> room)
    {
        WriteSigned(room);
        Signature.CopyTo(room[SignedBytes..]);
        return BodyBytes;
    }

    /// <summary>Null if it is none.</summary>
    public static SegmentFooter? Read(ReadOnlySpan<byte> body) =>
        body.Length != BodyBytes || body[0] != (byte)FrameKind.Footer
            ? null
            : new SegmentFooter(
                BinaryPrimitives.ReadUInt64LittleEndian(body[1..]),
                BinaryPrimitives.ReadUInt64LittleEndian(body[9..]),
                BinaryPrimitives.ReadInt64LittleEndian(body[17..]),
                body.Slice(25, Sha256.HashBytes).ToArray(),
                body[SignedBytes..].ToArray());

    private void WriteSigned(Span<byte> room)
    {
        room[0] = (byte)FrameKind.Footer;
        BinaryPrimitives.WriteUInt64LittleEndian(room[1..], Count);
        BinaryPrimitives.WriteUInt64LittleEndian(room[9..], LastSeq);
        BinaryPrimitives.WriteInt64LittleEndian(room[17..], ClosedMs);
        Root.CopyTo(room[25..]);
    }
}
