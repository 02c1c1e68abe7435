using System;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>How a read or write on a <see cref="ByteLink"/> went.</summary>
internal enum LinkStatus : byte
{
    /// <summary>At least one byte moved.</summary>
    Ok,

    /// <summary>Nothing can move now; the owner is called when it can.</summary>
    WouldBlock,

    /// <summary>Reads only: the peer ended its direction in order (FIN).</summary>
    End,

    /// <summary>The connection is broken; both directions are over.</summary>
    Broken,
}

/// <summary>Who is told when a link can move bytes again. Called on the link's loop only.</summary>
internal interface ILinkOwner
{
    /// <summary>Something changed: readable, writable, connected, ended or broken. Try, and see.</summary>
    void OnLinkReady(ByteLink link);
}

/// <summary>
/// A byte stream in both directions that never blocks: the only thing the HTTP/1.1 engine knows of a connection, so
/// that it runs over an epoll socket, over TLS, and over memory in tests. Belongs to one loop; not
/// thread-safe.
/// </summary>
internal abstract class ByteLink
{
    /// <summary>Who hears of readiness; a pooled server connection changes owner with each exchange.</summary>
    public ILinkOwner? Owner { get; set; }

    /// <summary>Bytes the owners of this link read so far.</summary>
    public long BytesRead { get; protected set; }

    /// <summary>Bytes the owners of this link wrote so far.</summary>
    public long BytesWritten { get; protected set; }

    public abstract IpAddress RemoteAddress { get; }

    public abstract int RemotePort { get; }

    public abstract IpAddress LocalAddress { get; }

    public abstract int LocalPort { get; }

    /// <summary>
    /// False while a connection attempt of ours is under way, and after it failed (then <see cref="IsBroken"/>).
    /// </summary>
    public abstract bool IsConnected { get; }

    /// <summary>
    /// The peer's end or a failure was already seen, whether or not bytes wait before it. An idle server connection
    /// with this set, or with <see cref="MayRead"/>, is not to be used again.
    /// </summary>
    public abstract bool HasEnded { get; }

    public abstract bool IsBroken { get; }

    /// <summary>Bytes or an end may be waiting to be read.</summary>
    public abstract bool MayRead { get; }

    /// <summary>
    /// Bytes that wait to be read, where that is known before they are; else as many as there may be.
    /// </summary>
    public virtual int WaitingBytes => int.MaxValue;

    /// <summary>The connection: this link itself, or the one that a stream runs over.</summary>
    public virtual ByteLink Carrier => this;

    /// <summary>Major version of HTTP the peer is spoken to in.</summary>
    public virtual int HttpMajor => 1;

    /// <summary>
    /// What was asked on it is a tunnel by CONNECT: an answer of 2xx, whatever is meant by it, tells the peer that
    /// there is one (RFC 8441 section 5).
    /// </summary>
    public virtual bool AsksForTunnel => false;

    /// <summary>It is broken, and the peer promised that it did nothing with what was sent.</summary>
    public virtual bool IsUntouched => false;

    /// <summary>
    /// It is broken, and if it was used before, its end may have had nothing to do with what was sent last: the peer
    /// closes what is idle.
    /// </summary>
    public virtual bool MayBeStale => true;

    /// <summary>Nobody between us and the peer can read or change the bytes.</summary>
    public virtual bool IsSecure => false;

    /// <summary>Whether a request for this host may come over it, lower case and without a port.</summary>
    public virtual bool Serves(ReadOnlySpan<byte> host) => true;

    /// <summary>Why it is broken, for a log; "" if nothing more is known.</summary>
    public virtual string BreakReason => "";

    /// <summary>
    /// What <see cref="MayRead"/> asks, answered by looking if that is needed. For idle connections, which must not
    /// have anything to read.
    /// </summary>
    public virtual bool HasUnread() => MayRead;

    /// <summary>
    /// It was made by a proxy for somebody else: these are the client's address and the one it connected to.
    /// </summary>
    public virtual void StandFor(IpAddress remote, int remotePort, IpAddress local, int localPort) =>
        throw new NotSupportedException();

    /// <summary>
    /// Reads what is there. MUST be given at least one byte of room. A short read means the socket is drained, so the
    /// next call answers WouldBlock without a system call until the loop hears of more.
    /// </summary>
    public abstract LinkStatus TryRead(Span<byte> destination, out int count);

    /// <summary>
    /// Looks at what is there without taking it; 0 if there is nothing, or the link cannot tell. Bytes that come later
    /// are news to the owner.
    /// </summary>
    public virtual int Peek(Span<byte> destination) => 0;

    /// <summary>
    /// Writes up to three pieces with one system call; <paramref name="count"/> counts over all of them.
    /// </summary>
    public abstract LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count);

    /// <summary>Ends our direction (FIN) and leaves the peer's open.</summary>
    public abstract void EndWrites();

    /// <summary>Closes in order. The link is dead after this; a second call does nothing.</summary>
    public abstract void Close();

    /// <summary>Closes so that the peer sees a reset: its message is known not to be whole.</summary>
    public abstract void Abort();
}
