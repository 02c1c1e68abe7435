using System;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// What a collector says of a request it took: an Export*ServiceResponse, which may tell of items it threw away. One
/// that cannot be read is a good answer all the same: the status said so.
/// </summary>
internal static class OtlpReply
{
    private const int VarintWire = 0;
    private const int LengthWire = 2;
    private const int WireBits = 3;
    private const int WireMask = 7;

    public static OtlpAnswer Read(ReadOnlySpan<byte> reply)
    {
        long rejected = 0;
        if (TryFind(reply, OtlpFields.PartialSuccess, out ReadOnlySpan<byte> partial))
        {
            rejected = RejectedOf(partial);
        }

        return new OtlpAnswer(OtlpVerdict.Taken, Rejected: rejected);
    }

    private static bool TryFind(ReadOnlySpan<byte> message, int field, out ReadOnlySpan<byte> value)
    {
        value = default;
        while (TryVarint(ref message, out ulong tag) && (tag & WireMask) == LengthWire
            && TryVarint(ref message, out ulong length) && length <= (ulong)message.Length)
        {
            if (tag >> WireBits == (ulong)field)
            {
                value = message[..(int)length];
                return true;
            }

            message = message[(int)length..];
        }

        return false;
    }

    private static long RejectedOf(ReadOnlySpan<byte> partial)
    {
        while (TryVarint(ref partial, out ulong tag) && TryVarint(ref partial, out ulong number))
        {
            if (tag == ((OtlpFields.Rejected << WireBits) | VarintWire))
            {
                return number <= int.MaxValue ? (long)number : 0;
            }

            if ((tag & WireMask) == LengthWire)
            {
                if (number > (ulong)partial.Length)
                {
                    return 0;
                }

                partial = partial[(int)number..];
            }
        }

        return 0;
    }

    private static bool TryVarint(ref ReadOnlySpan<byte> bytes, out ulong value)
    {
        value = 0;
        for (int i = 0; i < bytes.Length && i < 10; i++)
        {
            value |= (ulong)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return true;
            }
        }

        return false;
    }
}
