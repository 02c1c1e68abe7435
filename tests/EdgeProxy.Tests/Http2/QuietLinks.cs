using System;
using System.Text;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport;

namespace EdgeProxy.Tests.Http2;

/// <summary>A link that allocates nothing itself: what is given to it is read, what is written is counted.</summary>
internal class SilentLink : ByteLink
{
    private byte[] _bytes = [];
    private int _at;

    public long WrittenCount => BytesWritten;

    public override IpAddress RemoteAddress { get; } = IpAddress.FromBytes([192, 0, 2, 7]);

    public override int RemotePort => 40_000;

    public override IpAddress LocalAddress => RemoteAddress;

    public override int LocalPort => 80;

    public override bool IsConnected => !IsBroken;

    public override bool HasEnded => IsBroken;

    public override bool IsBroken => _isClosed;

    public override bool MayRead => !_isClosed && _at < _bytes.Length;

    private bool _isClosed;

    public void Give(byte[] bytes)
    {
        Put(bytes);
        Owner?.OnLinkReady(this);
    }

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        count = Math.Min(destination.Length, _bytes.Length - _at);
        _bytes.AsSpan(_at, count).CopyTo(destination);
        _at += count;
        BytesRead += count;
        return _isClosed ? LinkStatus.Broken : count > 0 ? LinkStatus.Ok : LinkStatus.WouldBlock;
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        count = first.Length + second.Length + third.Length;
        BytesWritten += count;
        return LinkStatus.Ok;
    }

    public override void EndWrites()
    {
    }

    public override void Close() => _isClosed = true;

    public override void Abort() => _isClosed = true;

    protected void Put(byte[] bytes)
    {
        _bytes = bytes;
        _at = 0;
    }
}

/// <summary>A server that answers every write with the same bytes, at once.</summary>
internal sealed class AnsweringLink(string answer) : SilentLink
{
    private readonly byte[] _answer = Encoding.Latin1.GetBytes(answer);

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        Put(_answer);
        return base.TryWrite(first, second, third, out count);
    }
}
