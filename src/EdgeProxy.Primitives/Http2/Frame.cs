using System;
using System.Buffers.Binary;

namespace EdgeProxy.Primitives.Http2;

/// <summary>Kinds of frames (RFC 9113 section 6); others are ignored.</summary>
internal enum FrameType : byte
{
    Data = 0,
    Headers = 1,
    Priority = 2,
    ResetStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// <summary>Flags of frames; what a bit means depends on the type.</summary>
[Flags]
internal enum FrameFlags : byte
{
    None = 0,

    /// <summary>DATA and HEADERS.</summary>
    EndStream = 1,

    /// <summary>SETTINGS and PING.</summary>
    Ack = EndStream,

    /// <summary>HEADERS and CONTINUATION.</summary>
    EndHeaders = 4,

    /// <summary>DATA and HEADERS.</summary>
    Padded = 8,

    /// <summary>HEADERS.</summary>
    Priority = 32,
}

/// <summary>The nine bytes every frame begins with (RFC 9113 section 4.1).</summary>
internal readonly record struct FrameHeader(int Length, FrameType Type, FrameFlags Flags, int StreamId)
{
    public const int Bytes = 9;

    /// <summary>SETTINGS_MAX_FRAME_SIZE where nobody asked for another, and what this side stays with.</summary>
    public const int PayloadBytesDefault = 16 * 1024;

    /// <summary>The largest length the field can tell.</summary>
    public const int PayloadBytesMax = (1 << 24) - 1;

    /// <summary>Reads a header; <paramref name="bytes"/> MUST hold all of it.</summary>
    public static FrameHeader Read(ReadOnlySpan<byte> bytes) => new(
        (bytes[0] << 16) | (bytes[1] << 8) | bytes[2],
        (FrameType)bytes[3],
        (FrameFlags)bytes[4],
        BinaryPrimitives.ReadInt32BigEndian(bytes[5..]) & int.MaxValue);

    public void Write(Span<byte> destination)
    {
        destination[0] = (byte)(Length >> 16);
        destination[1] = (byte)(Length >> 8);
        destination[2] = (byte)Length;
        destination[3] = (byte)Type;
        destination[4] = (byte)Flags;
        BinaryPrimitives.WriteInt32BigEndian(destination[5..], StreamId);
    }

    public bool Has(FrameFlags flag) => (Flags & flag) != 0;

    /// <summary>
    /// Takes padding and, of HEADERS, the priority fields off a payload; false if there is more padding than payload
    /// (RFC 9113 sections 6.1 and 6.2).
    /// </summary>
    public bool TryStrip(ReadOnlySpan<byte> payload, out ReadOnlySpan<byte> content)
    {
        const int PriorityBytes = 5;
        content = payload;
        int padding = 0;
        if (Has(FrameFlags.Padded))
        {
            if (payload.IsEmpty)
            {
                return false;
            }

            padding = payload[0];
            content = payload[1..];
        }

        if (Type == FrameType.Headers && Has(FrameFlags.Priority))
        {
            if (content.Length < PriorityBytes)
            {
                return false;
            }

            content = content[PriorityBytes..];
        }

        if (padding > content.Length)
        {
            return false;
        }

        content = content[..^padding];
        return true;
    }
}
