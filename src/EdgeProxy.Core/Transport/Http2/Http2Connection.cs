using System;
using System.Collections.Generic;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Transport.Http2;

/// <summary>
/// One connection of HTTP/2 (RFC 9113) on its loop, of either side: frames come from a link and go to it, streams are
/// links themselves. Strict, bounded, and without patience for peers that only make work (<see cref="FloodGuard"/>).
/// While idle it holds its tables and no block.
/// </summary>
/// <remarks>
/// A turn: (1) read what is there and take the frames; (2) call the owners of streams that have news; (3) send, and let
/// those write that wait for room. Frames come first, so that a request that was taken back in the same turn is never
/// begun. What streams write between turns leaves in the next one, which comes before the loop waits.
/// </remarks>
internal sealed partial class Http2Connection : ILinkOwner, ILoopWork
{
    // One turn reads at most this often (32 KiB each) before others have theirs.
    private const int ReadsPerTurnMax = 8;

    private readonly EpollLoop _loop;
    private readonly ByteLink _link;
    private readonly IHttp2Owner _owner;
    private readonly Http2Streams _spares;
    private readonly Http2Terms _terms;
    private readonly Queue<Http2Stream> _ready = new();
    private readonly Queue<Http2Stream> _blocked = new();
    private readonly Dictionary<int, Http2Stream> _streams = [];
    private FloodGuard _guard;
    private Block? _input;
    private Phase _phase;
    private Http2End _end;
    private Http2Error _error;
    private int _lingered;
    private bool _isPosted;
    private bool _isInTurn;
    private bool _hasEndedOwner;
    private bool _wasConnected;
    private bool _isReadHeld;

    /// <summary>Takes over a link, connected or about to be; <see cref="Start"/> begins.</summary>
    public Http2Connection(ByteLink link, IHttp2Owner owner, Http2Streams spares, Http2Terms terms)
    {
        _loop = spares.Loop;
        _link = link;
        _owner = owner;
        _spares = spares;
        _terms = terms;
        _output = new ByteQueue(_loop.Blocks);
        _guard = new FloodGuard(_loop.NowMs);
        PeerStreamsMax = terms.PeerStreamsMax;
        _nextStream = terms.IsServer ? 2 : 1;
        _resets = terms.IsServer ? new RecentResets() : default;
        link.Owner = this;
    }

    /// <summary>In the order of its life.</summary>
    private enum Phase : byte
    {
        /// <summary>The link is not there yet, or the peer's first frame is not.</summary>
        Opening,
        Open,

        /// <summary>Over, but for streams that have to hear of it.</summary>
        Ending,

        /// <summary>The last frame leaves; what comes is thrown away.</summary>
        Lingering,
        Closed,
    }

    public ByteLink Link => _link;

    public bool IsServer => _terms.IsServer;

    /// <summary>Streams may be read and written.</summary>
    public bool IsOpen => _phase is Phase.Opening or Phase.Open && _link.IsConnected;

    /// <summary>Why it is broken, for a log.</summary>
    public string BreakReason
    {
        get => field.Length > 0 ? field : _link.BreakReason;
        private set;
    } = "";

    public int StreamCount => _streams.Count + _unnumbered.Count;

    /// <summary>The peer's first frame came.</summary>
    public bool HasBegun => _phase != Phase.Opening;

    public bool IsLingering => _phase == Phase.Lingering;

    public bool IsClosed => _phase == Phase.Closed;

    /// <summary>A field section has begun and not ended.</summary>
    public bool IsWithinHead => _sectionStream != 0;

    /// <summary>Frames wait that the peer does not take.</summary>
    public bool HasOutput => !_output.IsEmpty;

    // A peer that does not read its answers is asked for no more questions.
    private bool IsOutputOver => _output.Length > 2 * Http2Limits.OutputBytes;

    /// <summary>Grows with every byte that left.</summary>
    public long BytesSent => _link.BytesWritten;

    /// <summary>Says what this side grants, and takes what is there.</summary>
    public void Start()
    {
        SayTerms();
        if (IsServer)
        {
            Turn();
        }
        else
        {
            Touch(); // whoever opens a stream knows of it before it can hear that the link is broken
        }
    }

    /// <summary>
    /// No more streams are wanted. Those that are open finish, and those on their way are let in until the peer has
    /// heard (RFC 9113 section 6.8); then the connection ends.
    /// </summary>
    public void Leave()
    {
        if (_phase > Phase.Open || _leaving != Leaving.No)
        {
            return;
        }

        if (IsServer)
        {
            _leaving = Leaving.Announced;
            WriteGoAway(int.MaxValue, Http2Error.None);
            WritePing(LeavingPing, isAck: false);
            foreach (Http2Stream stream in _streams.Values)
            {
                MarkReady(stream); // a tunnel has something to say at the end
            }
        }
        else
        {
            _leaving = Leaving.Said;
            WriteGoAway(0, Http2Error.None);
        }

        Touch();
    }

    /// <summary>The peer had time enough to hear of <see cref="Leave"/>.</summary>
    public void LeaveNow()
    {
        if (_phase <= Phase.Open && _leaving != Leaving.Said)
        {
            _leaving = Leaving.Said;
            _lastServed = _lastPeerStream;
            WriteGoAway(_lastServed, Http2Error.None);
            Touch();
        }
    }

    /// <summary>Ends now: the owners of its streams are told, then its own.</summary>
    public void Cut(Http2End end)
    {
        if (_phase == Phase.Closed)
        {
            return;
        }

        _end = _end == Http2End.None ? end : _end;
        _output.Clear();
        BeginEnd();
        Shut(isReset: end != Http2End.Asked);
    }

    void ILinkOwner.OnLinkReady(ByteLink link) => Turn();

    void ILoopWork.RunOn(EpollLoop loop)
    {
        _isPosted = false;
        Turn();
    }

    /// <summary>Something is to be sent, or to be heard; the turn comes before the loop waits.</summary>
    private void Touch()
    {
        if (!_isInTurn && !_isPosted && _phase != Phase.Closed)
        {
            _isPosted = true;
            _loop.Post(this);
        }
    }

    private void Turn()
    {
        if (_phase == Phase.Closed || _isInTurn)
        {
            return;
        }

        _isInTurn = true;
        try
        {
            TakeTurn();
        }
        catch
        {
            // The loop logs it; whoever counts this connection must hear that it is over.
            Cut(Http2End.Broken);
            throw;
        }
        finally
        {
            _isInTurn = false;
        }

        if (_phase != Phase.Closed)
        {
            _owner.OnTurn(this);
        }
    }

    private void TakeTurn()
    {
        if (_phase == Phase.Lingering)
        {
            Linger();
            return;
        }

        NoteConnected();
        bool hasMore = Read();
        ServeReady();
        Send();
        _isInTurn = false;
        Conclude();
        hasMore |= _isReadHeld && !IsOutputOver; // nobody would tell again of what came while that was full
        if (hasMore || _ready.Count > 0 || (HasRoom && _sendWindow > 0 && _blocked.Count > 0))
        {
            Touch();
        }
    }

    // A link of ours that was on its way is there: requests may leave.
    private void NoteConnected()
    {
        if (!_wasConnected && _link.IsConnected)
        {
            _wasConnected = true;
            if (!IsServer && _link is TlsLink tls && !tls.Protocol().SequenceEqual("h2"u8))
            {
                BreakReason = "the server does not speak HTTP/2 (ALPN)";
                Lose(Http2End.Malformed);
                return;
            }

            MarkWaiting();
            ServeReady(); // before a frame tells them that they may not: then they know that it was not the attempt
        }
    }

    private void MarkWaiting()
    {
        foreach (Http2Stream stream in _unnumbered)
        {
            MarkReady(stream);
        }
    }

    // True if it stopped for the sake of others.
    private bool Read()
    {
        _isReadHeld = false;
        for (int reads = 0; reads < ReadsPerTurnMax; reads++)
        {
            if (_phase > Phase.Open || IsOutputOver || !_link.MayRead)
            {
                if (_link.IsBroken && !_link.MayRead)
                {
                    Lose(Http2End.Broken);
                }

                _isReadHeld = _phase <= Phase.Open && _link.MayRead;
                ShrinkInput();
                return false;
            }

            MakeInputRoom();
            LinkStatus status = _link.TryRead(_input!.Free, out int count);
            if (status == LinkStatus.Ok)
            {
                _input.Commit(count);
                TakeFrames();
                ReleaseInputIfEmpty();
                ServeReady();
                continue;
            }

            ReleaseInputIfEmpty();
            ShrinkInput();
            if (status != LinkStatus.WouldBlock)
            {
                Lose(status == LinkStatus.End ? Http2End.PeerClosed : Http2End.Broken);
            }

            return false;
        }

        return true;
    }

    private void MakeInputRoom()
    {
        _input ??= _loop.Blocks.RentLarge();
        if (_input.Capacity < BlockPool.LargeBytes)
        {
            MoveInput(_loop.Blocks.RentLarge());
        }

        if (_input.Free.Length < FrameHeader.Bytes + FrameHeader.PayloadBytesDefault)
        {
            _input.Compact(); // a frame is at most half of the block, and less than a whole one is left here
        }
    }

    // A part of a frame may lie here for as long as its peer likes: little of it takes little.
    private void ShrinkInput()
    {
        if (_input is { Capacity: > BlockPool.SmallBytes, Length: > 0 and <= BlockPool.SmallBytes })
        {
            MoveInput(_loop.Blocks.RentSmall());
        }
    }

    private void MoveInput(Block other)
    {
        _input!.Filled.CopyTo(other.Free);
        other.Commit(_input.Length);
        _input.Clear();
        _loop.Blocks.Return(_input);
        _input = other;
    }

    private void ReleaseInputIfEmpty()
    {
        if (_input is { IsEmpty: true })
        {
            _loop.Blocks.Return(_input);
            _input = null;
        }
    }

    // Owners of streams that have something to read, or to learn.
    private void ServeReady()
    {
        while (_ready.TryDequeue(out Http2Stream? stream))
        {
            stream.IsReady = false;
            if (stream.IsClosed)
            {
                Recycle(stream);
            }
            else if (stream.Owner is { } owner)
            {
                owner.OnLinkReady(stream);
            }
            else if (stream.IsReset)
            {
                stream.Close(); // it was taken back before anybody began with it
            }
            else
            {
                _owner.OnStream(this, stream);
            }
        }
    }

    private void MarkReady(Http2Stream stream)
    {
        if (stream.IsEndAwaited)
        {
            if (stream.HasEndReceived || stream.IsReset)
            {
                Forget(stream);
            }
        }
        else if (!stream.IsReady && !stream.IsClosed)
        {
            stream.IsReady = true;
            _ready.Enqueue(stream);
        }
    }

    /// <summary>The peer broke a rule, or is done with: it is told why, and that is all.</summary>
    private void Fail(Http2Error error, Http2End end = Http2End.Malformed)
    {
        if (_phase <= Phase.Open)
        {
            WriteGoAway(Math.Min(_lastServed, _lastPeerStream), error);
            _error = error;
            _end = end;
            BeginEnd();
        }
    }

    // The link is gone, or the peer's side of it, which HTTP/2 does not do without.
    private void Lose(Http2End end)
    {
        if (_phase <= Phase.Open)
        {
            _end = end;
            BeginEnd();
        }
    }

    private void BeginEnd()
    {
        if (_phase > Phase.Open)
        {
            return;
        }

        _phase = Phase.Ending;
        ReleaseSection();
        _input?.Clear();
        ReleaseInputIfEmpty();
        foreach (Http2Stream stream in _unnumbered)
        {
            stream.TakeReset(isRefused: true, isWithConnection: true);
            MarkReady(stream);
        }

        foreach (Http2Stream stream in _streams.Values)
        {
            if (!stream.IsReset)
            {
                // What the peer did not even begin may go another way.
                stream.TakeReset(isRefused: !IsServer && stream.Id > _processedMax, isWithConnection: true);
                MarkReady(stream);
            }
        }
    }

    private void Conclude()
    {
        if (_phase <= Phase.Open && _leaving == Leaving.Said && StreamCount == 0 && _output.IsEmpty)
        {
            _end = Http2End.Asked;
            BeginEnd();
        }

        if (_phase != Phase.Ending || StreamCount > 0)
        {
            return;
        }

        if (_end == Http2End.Broken || _link.IsBroken)
        {
            Shut(isReset: true);
            return;
        }

        _phase = Phase.Lingering;
        if (_output.IsEmpty)
        {
            _link.EndWrites();
        }

        Linger();
    }

    private void Linger()
    {
        bool hadOutput = !_output.IsEmpty;
        if (hadOutput && !Flush())
        {
            Shut(isReset: true);
            return;
        }

        if (hadOutput && _output.IsEmpty)
        {
            _link.EndWrites();
        }

        Block block = _loop.Blocks.RentLarge();
        LinkStatus status = LinkStatus.Ok;
        while (status == LinkStatus.Ok && _lingered < Http2Limits.LingerBytes)
        {
            status = _link.TryRead(block.Free, out int count);
            _lingered += count;
        }

        _loop.Blocks.Return(block);
        if (status != LinkStatus.WouldBlock)
        {
            Shut(isReset: false);
        }
    }

    private void Shut(bool isReset)
    {
        // Owners of streams let go first: an exchange that ends must find its connection.
        ServeReady();
        if (_phase == Phase.Closed)
        {
            return;
        }

        _phase = Phase.Closed;
        _output.Clear();
        while (_blocked.TryDequeue(out Http2Stream? stream))
        {
            stream.IsBlocked = false;
            Recycle(stream);
        }

        if (isReset)
        {
            _link.Abort();
        }
        else
        {
            _link.Close();
        }

        if (!_hasEndedOwner)
        {
            _hasEndedOwner = true;
            _owner.OnEnded(this, _end, _error);
        }
    }
}
