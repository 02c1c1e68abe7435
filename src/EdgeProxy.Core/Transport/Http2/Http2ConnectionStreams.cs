using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http2;

namespace EdgeProxy.Transport.Http2;

/// <summary>Streams: how they begin and end, and what either side may send of them.</summary>
internal sealed partial class Http2Connection
{
    private readonly RecentResets _resets; // of a client
    private readonly List<Http2Stream> _unnumbered = [];
    private int _endsAwaited;
    private int _nextStream;
    private int _lastPeerStream;

    // What the last GOAWAY said that counts.
    private int _lastServed = int.MaxValue;
    private int _processedMax = int.MaxValue;

    // What it took at once when it refused one more, whatever it says.
    private int _streamsTaken = int.MaxValue;
    private Leaving _leaving;

    /// <summary>How far this side is with leaving.</summary>
    private enum Leaving : byte
    {
        No,

        /// <summary>The peer was told; streams on their way are let in.</summary>
        Announced,

        /// <summary>The last stream that counts was told.</summary>
        Said,
    }

    /// <summary>An answer is whole, and the frame that says so is still to come.</summary>
    public bool AwaitsEnds => _endsAwaited > 0;

    /// <summary>Streams of ours that the peer takes at once; until it says so, what is supposed.</summary>
    public int PeerStreamsMax { get; private set; }

    /// <summary>
    /// A stream of ours may have its number: before the peer said how many it takes, few have.
    /// </summary>
    internal bool MayNumber => HasBegun || _streams.Count < Http2Limits.StreamsBeforeTerms;

    /// <summary>Another stream of ours can be opened.</summary>
    public bool CanOpen => !IsServer && _phase <= Phase.Open && !_link.IsBroken && _leaving == Leaving.No
        && _processedMax == int.MaxValue && StreamCount < Math.Min(PeerStreamsMax, _streamsTaken)
        && _nextStream < int.MaxValue - 2;

    /// <summary>A stream of ours; MUST NOT be asked for unless <see cref="CanOpen"/>.</summary>
    public Http2Stream Open(ILinkOwner owner)
    {
        Http2Stream stream = _spares.Rent();
        stream.Open(this, 0, _peerStreamWindow, Http2Limits.StreamWindowBytes);
        stream.Owner = owner;
        _unnumbered.Add(stream);
        return stream;
    }

    // The last of those that wait for a number: nothing of them was sent.
    private void RefuseWaiting(int count)
    {
        for (int i = _unnumbered.Count - 1; i >= 0 && count > 0; i--)
        {
            if (!_unnumbered[i].IsReset)
            {
                _unnumbered[i].TakeReset(isRefused: true);
                MarkReady(_unnumbered[i]);
            }

            count--;
        }
    }

    // RFC 9113 section 5.1.1: ids go up, so they are given in the order in which requests leave.
    private void Number(Http2Stream stream)
    {
        _unnumbered.Remove(stream);
        stream.SetId(_nextStream);
        stream.SendWindow = _peerStreamWindow;
        stream.CarrierReadBefore = _link.BytesRead;
        stream.AskedMs = _loop.NowMs;
        _streams.Add(_nextStream, stream);
        _nextStream += 2;
    }

    /// <summary>The stream's owner is done with it.</summary>
    /// <param name="error">What the peer is told if it still thinks of it; null: nothing.</param>
    internal void Release(Http2Stream stream, Http2Error? error)
    {
        if (stream.Id == 0)
        {
            _unnumbered.Remove(stream);
        }
        else
        {
            _streams.Remove(stream.Id);
        }

        if (error is { } told && _phase <= Phase.Open && stream.Id != 0)
        {
            WriteReset(stream.Id, told);
        }

        if (stream.IsComplete)
        {
            _guard.EarnReset();
        }

        bool isSilent = !IsServer && error is Http2Error.Cancel && stream.Id != 0
            && stream.CarrierReadBefore == _link.BytesRead
            && stream.AskedMs + Http2Limits.SilenceMs <= _loop.NowMs;
        Recycle(stream);
        Touch();
        _owner.OnStreamEnded(this);
        if (isSilent)
        {
            Leave(); // nothing came for as long as somebody waited: nobody else is to wait on it
        }
        else if (!IsServer && !_wasConnected && StreamCount == 0)
        {
            Cut(Http2End.Broken); // an attempt nobody waits for any more
        }
    }

    /// <summary>The stream's owner has all it wants of it, and the peer has not ended it yet.</summary>
    internal void AwaitEnd(Http2Stream stream)
    {
        stream.IsEndAwaited = true;
        stream.EndAwaitedSinceMs = _loop.NowMs;
        _endsAwaited++;
        Touch();
        _owner.OnStreamEnded(this);
    }

    /// <summary>Cancels streams whose end was waited for too long.</summary>
    /// <returns>When to ask again; <see cref="long.MaxValue"/> if none is waited for.</returns>
    public long CancelAwaited(long nowMs)
    {
        long next = long.MaxValue;
        if (_endsAwaited == 0)
        {
            return next;
        }

        foreach (Http2Stream stream in _streams.Values)
        {
            if (!stream.IsEndAwaited)
            {
                continue;
            }

            long deadline = stream.EndAwaitedSinceMs + Http2Limits.EndAwaitedMs;
            if (deadline > nowMs)
            {
                next = Math.Min(next, deadline);
                continue;
            }

            WriteReset(stream.Id, Http2Error.Cancel);
            Forget(stream);
            Touch();
        }

        return next;
    }

    // The end that was waited for came, or will not. The table is walked through meanwhile, which a removal allows.
    private void Forget(Http2Stream stream)
    {
        stream.IsEndAwaited = false;
        _endsAwaited--;
        _streams.Remove(stream.Id);
        Recycle(stream);
        _owner.OnStreamEnded(this);
    }

    /// <summary>
    /// There is no room for a stream that a client began: it may be asked again. That is no fault of the client's, and
    /// costs it as much as any frame does that moves nothing.
    /// </summary>
    internal void Refuse(Http2Stream stream)
    {
        TrySpendFrame();
        stream.End(Http2Error.RefusedStream);
    }

    /// <summary>A stream ends by a fault of either side that is not the whole connection's.</summary>
    internal void Reset(Http2Stream stream, Http2Error error)
    {
        WriteReset(stream.Id, error);
        stream.TakeReset(isRefused: false);
        MarkReady(stream);
        Touch();
    }

    /// <summary>A stream wants to write more than it may: its owner is called when it may.</summary>
    internal void Block(Http2Stream stream)
    {
        if (!IsServer && stream.Id == 0 && !MayNumber)
        {
            return; // the peer's SETTINGS wake it
        }

        if (HasRoom && _sendWindow > 0 && stream.SendWindow <= 0)
        {
            stream.WaitsForWindow = true;
        }
        else if (!stream.IsBlocked)
        {
            stream.IsBlocked = true;
            _blocked.Enqueue(stream);
        }

        Touch();
    }

    /// <summary>
    /// Payload was read, or thrown away: the peer may send more. Returns what it was not told of yet.
    /// </summary>
    internal int Return(Http2Stream stream, int bytes, int unreturned)
    {
        ReturnUnread(bytes);
        unreturned += bytes;
        if (unreturned < Http2Limits.StreamWindowBytes / 2 || stream.HasEndReceived || stream.IsReset)
        {
            return unreturned;
        }

        WriteWindowUpdate(stream.Id, unreturned);
        stream.ReceiveWindow += unreturned;
        return 0;
    }

    /// <summary>
    /// Payload of a client's connection waits in its streams, and the connection with it. On a connection to a server
    /// that would let one client's slowness hold up all others: there it is given back as soon as it comes, and each
    /// stream's window bounds what waits.
    /// </summary>
    internal void ReturnUnread(int bytes)
    {
        if (IsServer)
        {
            Return(bytes);
        }
    }

    /// <summary>The same for the connection alone.</summary>
    private void Return(int bytes)
    {
        _unreturned += bytes;
        if (_unreturned >= Http2Limits.ConnectionWindowBytes / 2 && _phase <= Phase.Open)
        {
            WriteWindowUpdate(0, _unreturned);
            _receiveWindow += _unreturned;
            _unreturned = 0;
        }
    }

    private Http2Stream Add(int id)
    {
        Http2Stream stream = _spares.Rent();
        stream.Open(this, id, _peerStreamWindow, Http2Limits.StreamWindowBytes);
        _streams.Add(id, stream);
        return stream;
    }

    // Not before it left the lists it stands in.
    private void Recycle(Http2Stream stream)
    {
        if (stream.IsClosed && !stream.IsReady && !stream.IsBlocked && !stream.IsEndAwaited)
        {
            _spares.Return(stream);
        }
    }

    // A stream of the peer's, or of its making, ends early through it. A server's answers cost who asked for them.
    private bool TrySpendReset()
    {
        if (!IsServer || _guard.TrySpendReset(_loop.NowMs))
        {
            return true;
        }

        Fail(Http2Error.EnhanceYourCalm, Http2End.Flood);
        return false;
    }

    private bool TrySpendFrame(int cost = 1)
    {
        if (_guard.TrySpendFrame(_loop.NowMs, cost))
        {
            return true;
        }

        Fail(Http2Error.EnhanceYourCalm, Http2End.Flood);
        return false;
    }

    // The peer's fault, and only this stream's.
    private void Refuse(int id, Http2Error error)
    {
        if (!TrySpendReset())
        {
            return;
        }

        if (_streams.TryGetValue(id, out Http2Stream? stream))
        {
            Reset(stream, error);
        }
        else
        {
            WriteReset(id, error);
        }
    }

    /// <summary>
    /// A frame for a stream that is over is no mistake: it may have been on its way when the stream was reset here (RFC
    /// 9113 section 5.1). Servers are taken to have done so, since others' streams go on beside it.
    /// </summary>
    private bool IsLate(int id) => !IsServer || IsPassedOver(id) || _resets.MayHold(id, _lastPeerStream);

    // It costs work and moves nothing. A server answers what it was asked, and is not held to that.
    private void SpendLate()
    {
        if (IsServer)
        {
            TrySpendFrame();
        }
    }

    // Ids of the peer are odd where it is the client (RFC 9113 section 5.1.1).
    private bool IsPeers(int id) => (id & 1) == (IsServer ? 1 : 0);

    /// <summary>It came behind the last stream that counts, as its peer was told.</summary>
    private bool IsPassedOver(int id) => IsServer && id > _lastServed;

    /// <summary>Nobody has used the id yet.</summary>
    private bool IsIdle(int id) => IsPeers(id) ? id > _lastPeerStream : id >= _nextStream;
}
