using System;
using System.Collections.Generic;
using System.Net;
using System.Text;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

/// <summary>
/// A link over memory that behaves as a socket does: edges, short reads that mean "drained", short writes, an end that
/// is seen before the bytes in front of it are read. The test is the peer
/// (<see cref="Feed(ReadOnlySpan{byte})"/>, <see cref="Written"/>), or another link is (<see cref="Pair"/>).
/// </summary>
/// <remarks>
/// Owners are called before <c>Feed</c> and its like return, but never one inside another: what happens during a call
/// is delivered after it, as a loop would in its next turn.
/// </remarks>
internal sealed class MemoryLink : ByteLink
{
    [ThreadStatic]
    private static Queue<MemoryLink>? s_turn;

    [ThreadStatic]
    private static bool s_isTurning;

    private readonly List<byte> _written = [];
    private byte[] _incoming = new byte[256];
    private int _incomingStart;
    private int _incomingEnd;
    private MemoryLink? _peer;
    private bool _isConnected;
    private bool _isBroken;
    private bool _mayRead;
    private bool _isWritable = true;
    private bool _isQueued;
    private bool _endFed;
    private bool _endRead;
    private bool _reset;
    private long _writeRoom = long.MaxValue;
    private IpAddress? _remote;

    public MemoryLink(bool isConnected = true) => _isConnected = isConnected;

    /// <summary>Most bytes one read gives; 1 splits at every byte.</summary>
    public int ReadMax { get; set; } = int.MaxValue;

    /// <summary>Most bytes one write takes.</summary>
    public int WriteMax { get; set; } = int.MaxValue;

    /// <summary>
    /// Bytes that may be written before the link says WouldBlock; each write takes from it. More room is an edge.
    /// </summary>
    public long WriteRoom
    {
        get => _writeRoom;
        set
        {
            _writeRoom = value;
            if (value > 0 && !_isWritable)
            {
                Announce();
            }
        }
    }

    /// <summary>Everything written so far and not taken.</summary>
    public ReadOnlySpan<byte> Written => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_written);

    public string WrittenText => Encoding.Latin1.GetString(Written);

    public bool HasEndedWrites { get; private set; }

    public bool IsClosed { get; private set; }

    public bool IsAborted { get; private set; }

    /// <summary>Bytes fed and not read.</summary>
    public int UnreadCount => _incomingEnd - _incomingStart;

    public int ReadCalls { get; private set; }

    public int WriteCalls { get; private set; }

    public IPEndPoint Remote { get; init; } = new(IPAddress.Parse("192.0.2.7"), 40_000);

    public IPEndPoint Local { get; init; } = new(IPAddress.Parse("192.0.2.1"), 80);

    /// <summary>The connection it pretends to be of; null: none but itself.</summary>
    public ByteLink? Of { get; init; }

    public override ByteLink Carrier => Of ?? this;

    // Made once, as a socket's is: who asks for it is held to allocate nothing.
    public override IpAddress RemoteAddress => _remote ??= IpAddress.FromBytes(Remote.Address.GetAddressBytes());

    public override int RemotePort => Remote.Port;

    public override IpAddress LocalAddress => IpAddress.FromBytes(Local.Address.GetAddressBytes());

    public override int LocalPort => Local.Port;

    public override bool IsConnected => _isConnected && !IsClosed;

    public override bool HasEnded => _endFed || _reset || _isBroken || IsClosed;

    public override bool IsBroken => _isBroken || IsClosed;

    public override bool MayRead => _mayRead;

    /// <summary>Two connected ends: what one writes the other reads.</summary>
    public static (MemoryLink Left, MemoryLink Right) Pair()
    {
        var left = new MemoryLink();
        var right = new MemoryLink { _peer = left };
        left._peer = right;
        return (left, right);
    }

    public void Feed(ReadOnlySpan<byte> bytes)
    {
        if (_endFed || IsClosed)
        {
            return;
        }

        if (_incomingEnd + bytes.Length > _incoming.Length)
        {
            byte[] grown = new byte[Math.Max(_incoming.Length * 2, UnreadCount + bytes.Length)];
            _incoming.AsSpan(_incomingStart, UnreadCount).CopyTo(grown);
            (_incoming, _incomingStart, _incomingEnd) = (grown, 0, UnreadCount);
        }

        bytes.CopyTo(_incoming.AsSpan(_incomingEnd));
        _incomingEnd += bytes.Length;
        Announce();
    }

    public void Feed(string latin1) => Feed(Encoding.Latin1.GetBytes(latin1));

    /// <summary>The peer ends its direction in order.</summary>
    public void FeedEnd()
    {
        _endFed = true;
        Announce();
    }

    /// <summary>The peer resets: bytes fed before can be read, then the link is broken; writes fail at once.</summary>
    public void Break()
    {
        _reset = true;
        Announce();
    }

    /// <summary>The connection attempt succeeds.</summary>
    public void CompleteConnect()
    {
        _isConnected = true;
        Announce();
    }

    public void FailConnect()
    {
        _isBroken = true;
        Announce();
    }

    /// <summary>Drops what was written, without a copy.</summary>
    public void Forget() => _written.Clear();

    /// <summary>Gives and forgets what was written so far.</summary>
    public byte[] TakeWritten()
    {
        byte[] bytes = [.. _written];
        _written.Clear();
        return bytes;
    }

    /// <summary>Forgets what was written so far.</summary>
    public void ClearWritten() => _written.Clear();

    public override LinkStatus TryRead(Span<byte> destination, out int count)
    {
        ArgumentOutOfRangeException.ThrowIfZero(destination.Length);
        ReadCalls++;
        count = 0;
        if (!_mayRead)
        {
            return _endRead ? LinkStatus.End : IsBroken ? LinkStatus.Broken : LinkStatus.WouldBlock;
        }

        count = Math.Min(Math.Min(destination.Length, ReadMax), UnreadCount);
        if (count == 0)
        {
            return ReadEnd();
        }

        _incoming.AsSpan(_incomingStart, count).CopyTo(destination);
        _incomingStart += count;
        BytesRead += count;
        if (UnreadCount == 0)
        {
            (_incomingStart, _incomingEnd) = (0, 0);
        }

        if (count < destination.Length && !HasEnded)
        {
            _mayRead = false;
            if (UnreadCount > 0)
            {
                Announce(); // the rest comes with the next segment
            }
        }

        return LinkStatus.Ok;
    }

    public override LinkStatus TryWrite(
        ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
    {
        WriteCalls++;
        count = 0;
        if (_isBroken || IsClosed || HasEndedWrites || _reset)
        {
            _isBroken |= _reset;
            return LinkStatus.Broken;
        }

        if (!_isConnected || !_isWritable)
        {
            return LinkStatus.WouldBlock;
        }

        int offered = first.Length + second.Length + third.Length;
        count = (int)Math.Min(Math.Min(offered, WriteMax), _writeRoom);
        _writeRoom -= _writeRoom == long.MaxValue ? 0 : count;
        int before = _written.Count;
        Keep(first, before + count);
        Keep(second, before + count);
        Keep(third, before + count);

        _peer?.Feed(Written[before..]);
        BytesWritten += count;
        if (count < offered)
        {
            _isWritable = false;
            if (_writeRoom > 0)
            {
                Announce(); // the peer reads on
            }
        }

        return count > 0 || offered == 0 ? LinkStatus.Ok : LinkStatus.WouldBlock;
    }

    public override void EndWrites()
    {
        if (!HasEndedWrites && !IsClosed)
        {
            HasEndedWrites = true;
            _peer?.FeedEnd();
        }
    }

    public override void Close()
    {
        if (!IsClosed)
        {
            EndWrites();
            IsClosed = true;
            _mayRead = false;
        }
    }

    public override void Abort()
    {
        if (!IsClosed)
        {
            IsAborted = true;
            IsClosed = true;
            _mayRead = false;
            _peer?.Break();
        }
    }

    private void Keep(ReadOnlySpan<byte> bytes, int end) =>
        _written.AddRange(bytes[..Math.Min(bytes.Length, end - _written.Count)]);

    private LinkStatus ReadEnd()
    {
        if (_reset || _isBroken)
        {
            _mayRead = false;
            _isBroken = true;
            return LinkStatus.Broken;
        }

        _mayRead = false;
        _endRead = _endFed;
        return _endFed ? LinkStatus.End : LinkStatus.WouldBlock;
    }

    /// <summary>
    /// Runs <paramref name="action"/>, which may write to links, as a part of a turn: their peers are called after it.
    /// </summary>
    public static void InTurn(Action action)
    {
        if (s_isTurning)
        {
            Assert.Fail("a turn within a turn"); // not False: it would allocate
        }

        s_turn ??= new Queue<MemoryLink>();
        s_isTurning = true;
        try
        {
            action();
            while (s_turn.TryDequeue(out MemoryLink? link))
            {
                link.Deliver();
            }
        }
        finally
        {
            s_isTurning = false;
            while (s_turn.TryDequeue(out MemoryLink? left))
            {
                left._isQueued = false; // an owner threw; the next test on this thread must not hear of it
            }
        }
    }

    // The edge: what changed shows on the link when its turn comes, and then the owner is called.
    private void Announce()
    {
        s_turn ??= new Queue<MemoryLink>();
        if (!_isQueued)
        {
            _isQueued = true;
            s_turn.Enqueue(this);
        }

        if (!s_isTurning)
        {
            InTurn(static () => { });
        }
    }

    private void Deliver()
    {
        _isQueued = false;
        if (IsClosed)
        {
            return;
        }

        _mayRead = UnreadCount > 0 || (!_endRead && (_endFed || (_reset && !_isBroken)));
        _isBroken |= _reset; // as a socket: writes are over at once, bytes that came before can still be read
        _isWritable = _writeRoom > 0;
        Owner?.OnLinkReady(this);
    }
}
