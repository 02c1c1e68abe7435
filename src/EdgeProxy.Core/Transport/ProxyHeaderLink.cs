using System;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>
/// A connection of ours that begins with a header of the PROXY protocol, before TLS and before anything else: to those
/// above a link like any other, which is connected once the header has left.
/// </summary>
internal sealed class ProxyHeaderLink : ByteLink, ILinkOwner
{
    private readonly ByteLink _inner;
    private readonly byte[] _header;
    private int _sentBytes;

    public ProxyHeaderLink(ByteLink inner, byte[] header, ILinkOwner owner)
    {
        _inner = inner;
        _header = header;
        Owner = owner;
        inner.Owner = this;
        Advance();
    }

    public override IpAddress RemoteAddress => _inner.RemoteAddress;

    public override int RemotePort => _inner.RemotePort;

    public override IpAddress LocalAddress => _inner.LocalAddress;

    public override int LocalPort => _inner.LocalPort;

    public override bool IsConnected => _inner.IsConnected && IsSent;

    public override bool HasEnded => _inner.HasEnded;

    public override bool IsBroken => _inner.IsBroken;

    public override bool MayRead => _inner.MayRead;

    public override int WaitingBytes => _inner.WaitingBytes;

    public override string BreakReason => _inner.BreakReason;

    private bool IsSent => _sentBytes == _header.Length;

    void ILinkOwner.OnLinkReady(ByteLink link)
    {
        Advance();
        if (IsSent || IsBroken || HasEnded)
        {
            Owner?.OnLinkReady(this);
        }
    }

    public override bool HasUnread() => _inner.HasUnread();

    public override int Peek(Span<byte> destination) => _inner.Peek(destination);

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        LinkStatus status = _inner.TryRead(destination, out count);
        BytesRead += count;
        return status;
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        count = 0;
        if (!IsSent)
        {
            return IsBroken ? LinkStatus.Broken : LinkStatus.WouldBlock;
        }

        LinkStatus status = _inner.TryWrite(first, second, third, out count);
        BytesWritten += count;
        return status;
    }

    public override void EndWrites() => _inner.EndWrites();

    public override void Close() => _inner.Close();

    public override void Abort() => _inner.Abort();

    private void Advance()
    {
        while (!IsSent && _inner.IsConnected
            && _inner.TryWrite(_header.AsSpan(_sentBytes), default, default, out int count) == LinkStatus.Ok)
        {
            _sentBytes += count;
        }
    }
}
