using System;
using System.Buffers;

namespace EdgeProxy.Primitives.Http;

/// <summary>What a field value may hold (RFC 9110 section 5.5).</summary>
internal static class FieldValue
{
    // CTL = %x00-1F and %x7F; HTAB is allowed.
    private static readonly SearchValues<byte> Controls = SearchValues.Create(
        [
            0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
            30, 31, 127,
        ]);

    /// <summary>A byte that no value may hold: it would end the line, or the head, in some reader.</summary>
    public static bool HasControl(ReadOnlySpan<byte> value) => value.ContainsAny(Controls);
}
