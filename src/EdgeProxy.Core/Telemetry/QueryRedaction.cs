using System;

namespace EdgeProxy.Telemetry;

/// <summary>
/// A query of which only the names are told: a=REDACTED&amp;b=REDACTED. A part without a name may be a secret as a
/// whole.
/// </summary>
internal static class QueryRedaction
{
    public static ReadOnlySpan<byte> Redacted => "REDACTED"u8;

    /// <summary>Writes to <paramref name="destination"/>, as much as fits; the length.</summary>
    public static int Write(ReadOnlySpan<byte> query, Span<byte> destination)
    {
        int length = 0;
        while (!query.IsEmpty)
        {
            int end = query.IndexOf((byte)'&');
            ReadOnlySpan<byte> pair = end < 0 ? query : query[..end];
            query = end < 0 ? default : query[(end + 1)..];
            int name = pair.IndexOf((byte)'=') + 1;
            int bytes = name + (pair.IsEmpty ? 0 : Redacted.Length) + (end < 0 ? 0 : 1);
            if (bytes > destination.Length - length)
            {
                break;
            }

            pair[..name].CopyTo(destination[length..]);
            length += name;
            if (!pair.IsEmpty)
            {
                Redacted.CopyTo(destination[length..]);
                length += Redacted.Length;
            }

            if (end >= 0)
            {
                destination[length++] = (byte)'&';
            }
        }

        return length;
    }
}
