using System;
using System.Diagnostics;
using System.Runtime.InteropServices;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport.Tls;

/// <summary>
/// TLS over another link, on its loop: to those above a link like any other, whose bytes are encrypted below. The
/// handshake goes on by itself; until it is over the link is not connected, and its owner is told of both
/// outcomes. Read and written by its loop only.
/// </summary>
/// <remarks>
/// An end without close_notify is not an end but a break: somebody may have cut the message short (RFC 8446 section
/// 6.1). A small message of several pieces leaves as one record with one system call.
/// </remarks>
internal sealed unsafe class TlsLink : ByteLink, ILinkOwner
{
    // RFC 8446 section 5.1.
    private const int RecordBytesMax = 16 * 1024;

    // RFC 6066 section 4: 1 stands for 512 bytes, 2 for twice that, and so on.
    private const int FragmentUnit = 256;

    // Where pieces are gathered into a record: one for each thread, which is to say for each loop.
    [ThreadStatic]
    private static byte* t_gathered;

    private readonly ByteLink _inner;
    private readonly TlsContext _context;
    private GCHandle _handle;
    private void* _ssl;
    private State _state;

    // A record that OpenSSL holds and the link below did not take whole, by its plain bytes.
    private int _heldBytes;

    // What one write may hand to OpenSSL: never more than it makes one record of. Of a write that became several it
    // holds the first, and looks at the bytes of the others again, which are no longer there.
    private int _recordBytes = RecordBytesMax;

    // Plain bytes at the front of the next write that such a record already took along.
    private int _sentAhead;

    private TlsLink(ByteLink inner, TlsContext context, ILinkOwner? owner)
    {
        _inner = inner;
        _context = context;
        Owner = owner;
        inner.Owner = this;
    }

    [Flags]
    private enum State : ushort
    {
        Established = 1,

        /// <summary>OpenSSL may have bytes that need no more from below.</summary>
        MayHold = 2,

        /// <summary>close_notify was read.</summary>
        EndRead = 4,
        Broken = 8,
        WritesEnded = 16,
        Closed = 32,
    }

    public override IpAddress RemoteAddress => _inner.RemoteAddress;

    public override int RemotePort => _inner.RemotePort;

    public override IpAddress LocalAddress => _inner.LocalAddress;

    public override int LocalPort => _inner.LocalPort;

    public override bool IsConnected => Has(State.Established) && !Has(State.Closed);

    public override bool HasEnded => Has(State.EndRead | State.Broken | State.Closed) || _inner.HasEnded;

    public override bool IsBroken => Has(State.Broken | State.Closed) || _inner.IsBroken;

    public override bool MayRead => Has(State.MayHold) || (!Has(State.EndRead | State.Closed) && _inner.MayRead);

    public override bool IsSecure => true;

    public override bool Serves(ReadOnlySpan<byte> host) =>
        _context is not TlsServerContext server || server.Covers(host, Certificate);

    public override string BreakReason => FailureText.Length > 0 ? FailureText : _inner.BreakReason;

    /// <summary>Why the handshake failed; None while it has not.</summary>
    public TlsFailure Failure { get; private set; }

    /// <summary>The same in words, for logs: OpenSSL's, or which check of a certificate failed.</summary>
    public string FailureText { get; private set; } = "";

    /// <summary>The certificate the client was shown; null before, and on connections of ours.</summary>
    public TlsCertificate? Certificate { get; internal set; }

    /// <summary>What the peer's certificate says, if one was asked for and given.</summary>
    public PeerCertificate? Peer { get; private set; }

    public bool IsResumed => _ssl is not null && LibSsl.IsResumed(_ssl) == 1;

    /// <summary>0x0303 for TLS 1.2, 0x0304 for TLS 1.3.</summary>
    public int Version => _ssl is null ? 0 : LibSsl.VersionOf(_ssl);

    /// <summary>This side asked for a certificate, whether it got one or not.</summary>
    public bool AsksForCertificate =>
        _context is TlsServerContext ? Policy.Auth != ClientAuth.None : _context.AsksForCertificate;

    /// <summary>What was asked of the client, by the host it asked for; of our own connections nothing.</summary>
    public ClientPolicy Policy { get; internal set; } = ClientPolicy.None;

    internal TlsContext Context => _context;

    internal TlsSession? Session { get; private set; }

    internal bool HasEndedBelow => _inner.HasEnded && !_inner.MayRead;

    /// <summary>A client's connection, accepted. <see cref="Advance"/> begins.</summary>
    public static TlsLink Accept(ByteLink inner, TlsServerContext context, ILinkOwner owner)
    {
        var link = new TlsLink(inner, context, owner) { Policy = context.Settings.Policy };
        link.Open(isServer: true);
        return link;
    }

    /// <summary>
    /// A connection of ours to a server, which may still be under way. <paramref name="session"/> is where the loop
    /// keeps the last session with that server.
    /// </summary>
    public static TlsLink Connect(
        ByteLink inner, TlsClientContext context, TlsDestination destination, TlsSession session, ILinkOwner owner)
    {
        var link = new TlsLink(inner, context, owner) { Session = session };
        link.Open(isServer: false);
        destination.Prepare(link._ssl, session);
        link.Advance();
        return link;
    }

    /// <summary>Takes the handshake as far as it goes; true once it is over, well or not.</summary>
    public bool Advance()
    {
        if (Has(State.Established | State.Broken | State.Closed))
        {
            return true;
        }

        if (_inner.IsBroken && !_inner.MayRead)
        {
            Fail(TlsFailure.Closed, "");
            return true;
        }

        if (!_inner.IsConnected)
        {
            return false;
        }

        LibCrypto.ClearErrors();
        int result = LibSsl.Handshake(_ssl);
        if (result != 1)
        {
            int error = LibSsl.ErrorOf(_ssl, result);
            if (error is LibSsl.ErrorWantRead or LibSsl.ErrorWantWrite)
            {
                return false;
            }

            NoteFailure();
            return true;
        }

        _state |= State.Established;
        int fragment = LibSsl.FragmentLengthOf(LibSsl.SessionOf(_ssl));
        _recordBytes = fragment == 0 ? RecordBytesMax : FragmentUnit << fragment;

        // What came behind the peer's last message is here already, and no edge will tell.
        Mark(State.MayHold, LibSsl.HasPending(_ssl) != 0);
        if (AsksForCertificate)
        {
            Peer = PeerCertificate.Read(_ssl);
            if (_context.Refusal(Peer) is { } refusal)
            {
                _state &= ~State.Established;
                Fail(TlsFailure.Certificate, refusal);
            }
        }

        return true;
    }

    void ILinkOwner.OnLinkReady(ByteLink link)
    {
        bool isNews = Has(State.Established) || Advance();
        if (isNews)
        {
            Owner?.OnLinkReady(this);
        }
    }

    /// <summary>
    /// Looks, where <see cref="MayRead"/> only supposes: what the peer's TLS has to say of its own (session tickets, a
    /// new key) is taken in and is nothing to read.
    /// </summary>
    public override bool HasUnread()
    {
        if (!IsConnected || !MayRead || Has(State.Broken))
        {
            return MayRead;
        }

        byte first;
        LibCrypto.ClearErrors();
        int count = LibSsl.Peek(_ssl, &first, 1);
        if (count > 0)
        {
            Mark(State.MayHold, true);
            return true;
        }

        _ = TakeReadError(count);
        return Has(State.EndRead | State.Broken | State.MayHold);
    }

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        Debug.Assert(!destination.IsEmpty, "a read without room cannot be told from an end");
        count = 0;
        if (!IsConnected || !MayRead)
        {
            return Has(State.EndRead) && !Has(State.Closed) ? LinkStatus.End
                : IsBroken ? LinkStatus.Broken
                : LinkStatus.WouldBlock;
        }

        LinkStatus status = LinkStatus.WouldBlock;
        fixed (byte* memory = destination)
        {
            do
            {
                LibCrypto.ClearErrors();
                int read = LibSsl.Read(_ssl, memory + count, destination.Length - count);
                if (read <= 0)
                {
                    status = TakeReadError(read);
                    break;
                }

                count += read;
                Mark(State.MayHold, LibSsl.HasPending(_ssl) != 0);
            }
            while (count < destination.Length && MayReadOn());
        }

        if (count > 0 && status is (LinkStatus.End or LinkStatus.Broken))
        {
            // The end came with the bytes: no edge will tell of it, so it stays to be read.
            Mark(State.MayHold, true);
        }

        BytesRead += count;
        return count > 0 ? LinkStatus.Ok : status;
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        count = 0;
        if (Has(State.Broken | State.WritesEnded | State.Closed))
        {
            return LinkStatus.Broken;
        }

        if (!Has(State.Established))
        {
            return LinkStatus.WouldBlock;
        }

        int total = first.Length + second.Length + third.Length;
        int done = Math.Min(_sentAhead, total);
        _sentAhead -= done;
        while (done < total)
        {
            int taken = _heldBytes > 0 ? WriteHeld(total - done) : WriteRecord(first, second, third, done);
            if (taken == 0)
            {
                break;
            }

            done += taken;
        }

        count = done;
        BytesWritten += done;
        return done > 0 || total == 0 ? LinkStatus.Ok
            : Has(State.Broken) ? LinkStatus.Broken
            : LinkStatus.WouldBlock;
    }

    public override void EndWrites()
    {
        if (!Has(State.WritesEnded | State.Closed))
        {
            SayClose();
            _state |= State.WritesEnded;
            _inner.EndWrites();
        }
    }

    public override void Close()
    {
        if (!Has(State.Closed))
        {
            SayClose();
            _state = (_state | State.Closed) & ~State.MayHold;
            _inner.Close();
            Free();
        }
    }

    public override void Abort()
    {
        if (!Has(State.Closed))
        {
            _state = (_state | State.Closed) & ~State.MayHold;
            _inner.Abort();
            Free();
        }
    }

    /// <summary>
    /// Bytes below TLS, in clear text, to a peer that does not speak it; its handshake has failed before.
    /// </summary>
    public void SayPlain(ReadOnlySpan<byte> text) => _inner.TryWrite(text, default, default, out _);

    /// <summary>Throws away what comes below; anything but Ok ends it.</summary>
    public LinkStatus DropBelow(Span<byte> scratch, out int count) => _inner.TryRead(scratch, out count);

    /// <summary>Our side ends below TLS, after <see cref="SayPlain"/>.</summary>
    public void EndBelow() => _inner.EndWrites();

    /// <summary>The protocol both sides chose, as ALPN names it; empty for none.</summary>
    public ReadOnlySpan<byte> Protocol()
    {
        byte* name = null;
        uint length = 0;
        if (_ssl is not null)
        {
            LibSsl.AlpnChosen(_ssl, &name, &length);
        }

        return new ReadOnlySpan<byte>(name, (int)length);
    }

    internal LinkStatus ReadBelow(Span<byte> into, out int count) => _inner.TryRead(into, out count);

    internal LinkStatus WriteBelow(ReadOnlySpan<byte> bytes, out int count) =>
        _inner.TryWrite(bytes, default, default, out count);

    // Out of a callback: what is thrown there would unwind through C.
    internal void Failed(Exception exception) => Fail(TlsFailure.Malformed, exception.Message);

    private bool Has(State any) => (_state & any) != 0;

    private void Mark(State flag, bool isSet) => _state = isSet ? _state | flag : _state & ~flag;

    private void Open(bool isServer)
    {
        _ssl = _context.NewSsl();
        _handle = GCHandle.Alloc(this);
        void* bio = TlsBio.New(_handle);
        LibSsl.SetBio(_ssl, bio, bio);
        if (isServer)
        {
            LibSsl.SetAccept(_ssl);
        }
        else
        {
            LibSsl.SetConnect(_ssl);
        }
    }

    private void Free()
    {
        if (_ssl is not null)
        {
            if (Has(State.Established) && !Has(State.Broken))
            {
                // Else OpenSSL takes the session for spoiled; that we go away does not make it so (RFC 8446 section
                // 6.1).
                LibSsl.SetShutdown(_ssl, LibSsl.BothShutDown);
            }

            LibSsl.Free(_ssl); // and its BIO
            _ssl = null;
            _handle.Free();
        }
    }

    private void NoteFailure()
    {
        nint verified = LibSsl.VerifyResult(_ssl);
        TlsFailure failure = Failure != TlsFailure.None ? Failure : TlsFailures.Of(OpenSsl.LastReason());
        Fail(failure, failure switch
        {
            TlsFailure.Closed => "the connection ended within the TLS handshake",
            TlsFailure.Certificate when verified != 0 => "certificate: " + OpenSsl.VerifyText(verified),
            _ => "TLS: " + OpenSsl.LastText(),
        });
    }

    /// <summary>Inside a callback of the handshake: it will fail, and this is why.</summary>
    internal void Refuse(TlsFailure failure) => Failure = failure;

    private void Fail(TlsFailure failure, string text)
    {
        _state |= State.Broken;
        Failure = failure;
        FailureText = text;
    }

    // Where the peer's end was seen, what is whole is handed out before the end is looked at: it may be a break.
    private bool MayReadOn() => Has(State.MayHold) || (_inner.MayRead && !_inner.HasEnded);

    private LinkStatus TakeReadError(int result)
    {
        switch (LibSsl.ErrorOf(_ssl, result))
        {
            case LibSsl.ErrorWantRead:
                Mark(State.MayHold, false);
                return LinkStatus.WouldBlock;
            case LibSsl.ErrorWantWrite:
                Mark(State.MayHold, true); // an answer of TLS's own has to leave first; then it is to be tried again
                return LinkStatus.WouldBlock;
            case LibSsl.ErrorZeroReturn:
                _state = (_state | State.EndRead) & ~State.MayHold;
                return LinkStatus.End;
            default:
                _state = (_state | State.Broken) & ~State.MayHold;
                return LinkStatus.Broken;
        }
    }

    // The plain bytes of the held record are not looked at again: its length is what OpenSSL wants to hear.
    private int WriteHeld(int wanted)
    {
        int sent = WriteSsl(Gathered(), _heldBytes);
        if (sent == 0)
        {
            return 0;
        }

        _heldBytes = 0;
        int taken = Math.Min(sent, wanted);
        _sentAhead = sent - taken;
        return taken;
    }

    private int WriteRecord(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, int start)
    {
        ReadOnlySpan<byte> piece = PieceAt(first, second, third, start);
        int left = first.Length + second.Length + third.Length - start;
        if (piece.Length >= _recordBytes || piece.Length == left)
        {
            fixed (byte* memory = piece)
            {
                return WriteSsl(memory, Math.Min(piece.Length, _recordBytes));
            }
        }

        byte* gathered = Gathered();
        int length = 0;
        while (length < left && length < _recordBytes)
        {
            piece = PieceAt(first, second, third, start + length);
            int count = Math.Min(piece.Length, _recordBytes - length);
            piece[..count].CopyTo(new Span<byte>(gathered + length, count));
            length += count;
        }

        return WriteSsl(gathered, length);
    }

    private static ReadOnlySpan<byte> PieceAt(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, int at)
    {
        if (at < first.Length)
        {
            return first[at..];
        }

        at -= first.Length;
        return at < second.Length ? second[at..] : third[(at - second.Length)..];
    }

    // 0 if nothing was taken: held up or broken.
    private int WriteSsl(byte* memory, int length)
    {
        LibCrypto.ClearErrors();
        int sent = LibSsl.Write(_ssl, memory, length);
        if (sent > 0)
        {
            return sent;
        }

        if (LibSsl.ErrorOf(_ssl, sent) is LibSsl.ErrorWantWrite or LibSsl.ErrorWantRead)
        {
            // Not if something of TLS's own was in the way: then OpenSSL has not looked at the bytes yet.
            _heldBytes = LibSsl.IsInHandshake(_ssl) == 0 ? length : 0;
        }
        else
        {
            _state |= State.Broken;
        }

        return 0;
    }

    private static byte* Gathered()
    {
        if (t_gathered is null)
        {
            t_gathered = (byte*)NativeMemory.Alloc(RecordBytesMax);
        }

        return t_gathered;
    }

    // close_notify, as far as it can leave now. After a failure OpenSSL must not be asked for one.
    private void SayClose()
    {
        if (Has(State.Established) && !Has(State.Broken | State.WritesEnded) && _heldBytes == 0 && !_inner.IsBroken)
        {
            LibCrypto.ClearErrors();
            _ = LibSsl.Shutdown(_ssl);
        }
    }
}
