using System;

namespace EdgeProxy.Primitives.Http;

/// <summary>
/// A slice of the bytes a head was read from: an offset and a length, so it stays true when the bytes move.
/// </summary>
internal readonly record struct ByteRange(int Offset, int Length)
{
    public int End => Offset + Length;

    public bool IsEmpty => Length == 0;

    public ReadOnlySpan<byte> Of(ReadOnlySpan<byte> head) => head.Slice(Offset, Length);
}
