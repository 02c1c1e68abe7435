using System;
using EdgeProxy.Primitives.Http;

namespace EdgeProxy.Middlewares;

/// <summary>
/// Parameters of a query as it came. A name is found however it is encoded, and behind ';' too, which some servers take
/// for '&amp;'.
/// </summary>
internal static class QueryText
{
    /// <summary>
    /// Copies the parameters but those named; what stays, stays as it is. Answers the length;
    /// <paramref name="room"/> MUST be as long as the query.
    /// </summary>
    public static int CopyWithout(ReadOnlySpan<byte> query, byte[][] names, Span<byte> room, out bool isChanged)
    {
        // Each parameter keeps the separator in front of it, but for the first.
        int length = 0;
        int start = 0;
        isChanged = false;
        while (start < query.Length)
        {
            int next = query[start..].IndexOfAny((byte)'&', (byte)';');
            int end = next < 0 ? query.Length : start + next;
            ReadOnlySpan<byte> parameter = query[start..end];
            int equals = parameter.IndexOf((byte)'=');
            if (IsAmong(names, equals < 0 ? parameter : parameter[..equals]))
            {
                isChanged = true;
            }
            else
            {
                if (length > 0)
                {
                    room[length++] = query[start - 1];
                }

                parameter.CopyTo(room[length..]);
                length += parameter.Length;
            }

            start = end + 1;
        }

        return length;
    }

    private static bool IsAmong(byte[][] names, ReadOnlySpan<byte> encoded)
    {
        foreach (byte[] name in names)
        {
            if (PercentText.Is(encoded, name))
            {
                return true;
            }
        }

        return false;
    }
}
