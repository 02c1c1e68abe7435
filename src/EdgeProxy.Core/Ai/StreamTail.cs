using System;

namespace EdgeProxy.Ai;

/// <summary>Whether what has passed of a stream ends with a whole event, or a whole line; by its last bytes.</summary>
internal struct StreamTail(bool isLines)
{
    private const uint LineFeeds = 0x0A0A;
    private const uint Returns = 0x0D0D;
    private const uint Both = 0x0D0A0D0A;

    private uint _last = LineFeeds;

    /// <summary>So is the beginning.</summary>
    public readonly bool IsWhole => isLines
        ? (byte)_last == (byte)'\n'
        : (ushort)_last is (ushort)LineFeeds or (ushort)Returns || _last == Both;

    public void Add(ReadOnlySpan<byte> passed)
    {
        foreach (byte value in passed.Length > sizeof(uint) ? passed[^sizeof(uint)..] : passed)
        {
            _last = (_last << 8) | value;
        }
    }
}
