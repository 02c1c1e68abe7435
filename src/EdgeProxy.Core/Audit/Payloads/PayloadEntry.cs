using System;
using System.Buffers.Binary;
using System.Security.Cryptography;

namespace EdgeProxy.Audit.Payloads;

/// <summary>What an entry of a payload file is now.</summary>
internal enum EntryState : byte
{
    Live = 1,

    /// <summary>Its body was overwritten because its consumer's payloads were erased.</summary>
    Erased = 2,

    /// <summary>The end of a file that takes no more.</summary>
    End = 3,
}

/// <summary>What an entry does not have of the bodies.</summary>
[Flags]
internal enum EntryFlags : byte
{
    None = 0,
    RequestCut = 1,
    AnswerCut = 2,

    /// <summary>It is no text, or text that cannot be looked into: nothing of it may be kept as redacted.</summary>
    RequestLeftOut = 4,

    AnswerLeftOut = 8,
}

/// <summary>
/// The head of an entry: magic (4 bytes), state (1), mode (1), flags (1), length of the consumer's name (1), of the
/// body (4), lane (8) and number (8) of the record it belongs to, time (8), SHA-256 of all from the mode on but itself
/// (32); then the name, then the body. Integers are little-endian. A record of the chain has that SHA-256 as well.
/// </summary>
internal readonly record struct EntryHead(
    EntryState State, PayloadMode Mode, EntryFlags Flags, int ConsumerBytes, int BodyBytes, ulong Lane, ulong Number,
    long UnixMs)
{
    public const int Bytes = 68;
    public const int StateOffset = 4;
    public const int DigestOffset = 36;
    private const uint Magic = 0x59415045; // "EPAY"
    private const int HashedOffset = 5;

    /// <summary>Bytes of the entry.</summary>
    public int Length => Bytes + ConsumerBytes + BodyBytes;

    /// <summary>What a seal is bound to: the head from the mode to the time, without the body's length.</summary>
    public const int BoundBytes = DigestOffset - HashedOffset;

    /// <summary>Null if there is none.</summary>
    public static EntryHead? Read(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < Bytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes) != Magic)
        {
            return null;
        }

        int body = BinaryPrimitives.ReadInt32LittleEndian(bytes[8..]);
        return body is >= 0 and <= PayloadLimits.EntryBytesMax
            ? new EntryHead((EntryState)bytes[StateOffset], (PayloadMode)bytes[5], (EntryFlags)bytes[6], bytes[7], body,
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[12..]),
                BinaryPrimitives.ReadUInt64LittleEndian(bytes[20..]),
                BinaryPrimitives.ReadInt64LittleEndian(bytes[28..]))
            : null;
    }

    /// <summary>All but the digest.</summary>
    public void Write(Span<byte> room)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(room, Magic);
        room[StateOffset] = (byte)State;
        room[5] = (byte)Mode;
        room[6] = (byte)Flags;
        room[7] = (byte)ConsumerBytes;
        BinaryPrimitives.WriteInt32LittleEndian(room[8..], BodyBytes);
        BinaryPrimitives.WriteUInt64LittleEndian(room[12..], Lane);
        BinaryPrimitives.WriteUInt64LittleEndian(room[20..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(room[28..], UnixMs);
    }

    /// <summary>Of a whole entry.</summary>
    public static byte[] DigestOf(ReadOnlySpan<byte> entry)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(entry[HashedOffset..DigestOffset]);
        hash.AppendData(entry[Bytes..]);
        return hash.GetHashAndReset();
    }

    /// <summary>The entry is as it was written.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> entry) =>
        DigestOf(entry).AsSpan().SequenceEqual(entry.Slice(DigestOffset, SHA256.HashSizeInBytes));

    /// <summary>The part of an entry's head that a seal is bound to.</summary>
    public static ReadOnlySpan<byte> Bound(ReadOnlySpan<byte> entry) => entry[HashedOffset..DigestOffset];

    public static byte[] EndMark()
    {
        byte[] bytes = new byte[Bytes];
        new EntryHead(EntryState.End, PayloadMode.None, EntryFlags.None, 0, 0, 0, 0, 0).Write(bytes);
        DigestOf(bytes).CopyTo(bytes, DigestOffset);
        return bytes;
    }
}
