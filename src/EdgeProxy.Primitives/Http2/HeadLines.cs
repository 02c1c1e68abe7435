using System;

namespace EdgeProxy.Primitives.Http2;

/// <summary>
/// Goes through a head of HTTP/1.1 that this program wrote itself, which is whole and valid: for heads of others there
/// are readers that check.
/// </summary>
internal ref struct HeadLines
{
    private ReadOnlySpan<byte> _rest;

    /// <param name="head">With its first line and the empty one at its end, or trailers with theirs.</param>
    public HeadLines(ReadOnlySpan<byte> head, bool hasStart)
    {
        _rest = head;
        if (hasStart)
        {
            Start = TakeLine();
        }
    }

    /// <summary>The first line.</summary>
    public ReadOnlySpan<byte> Start { get; }

    public ReadOnlySpan<byte> Name { get; private set; }

    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>Length of the head at the start of <paramref name="bytes"/>; 0 if its end is not there.</summary>
    public static int LengthAt(ReadOnlySpan<byte> bytes)
    {
        int end = bytes.IndexOf("\r\n\r\n"u8);
        return end < 0 ? 0 : end + 4;
    }

    public bool MoveNext()
    {
        ReadOnlySpan<byte> line = TakeLine();
        int colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            return false;
        }

        Name = line[..colon];
        Value = line[(colon + 1)..].Trim(" \t"u8);
        return true;
    }

    private ReadOnlySpan<byte> TakeLine()
    {
        int end = _rest.IndexOf("\r\n"u8);
        if (end < 0)
        {
            return default;
        }

        ReadOnlySpan<byte> line = _rest[..end];
        _rest = _rest[(end + 2)..];
        return line;
    }
}
