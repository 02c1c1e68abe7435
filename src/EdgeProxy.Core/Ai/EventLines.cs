using System;
using EdgeProxy.Primitives.Sse;

namespace EdgeProxy.Ai;

/// <summary>Finds the data of one event of a text/event-stream.</summary>
internal static class EventLines
{
    /// <summary>Lines of data it has; with one, the place of its bytes.</summary>
    public static int Find(ReadOnlySpan<byte> whole, out int start, out int length)
    {
        var reader = default(SseReader);

        // An event ends with its last CR; a LF after it comes with the next event.
        int at = whole[0] == (byte)'\n' ? 1 : 0;
        int count = 0;
        start = 0;
        length = 0;
        while (true)
        {
            switch (reader.Next(whole, ref at, out ReadOnlySpan<byte> data))
            {
                case SseStep.Data:
                    count++;
                    start = at - data.Length;
                    length = data.Length;
                    break;
                case SseStep.DataLine:
                    count++;
                    break;
                default:
                    return count;
            }
        }
    }
}
