using System;
using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Halting;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry;
using EdgeProxy.Telemetry.Deployments;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline;

/// <summary>
/// One loop's share of the pipeline: its spare exchanges, counters and request ids. Touched by its loop only, so
/// nothing in it
/// is locked; counters may be read from elsewhere.
/// </summary>
internal sealed class Shard
{
    // Spare exchanges kept: enough for a busy loop, about 3 KiB each.
    private const int SparesMax = 1024;

    private readonly Stack<Exchange> _spares = new();
    private readonly List<Exchange> _rented = [];
    private RandomSequence _lots;
    private RequestRing? _records;
    private bool _isTailed;
    private int _rentedCount;

    /// <param name="bodies">All loops'; null for one of its own.</param>
    public Shard(
        EpollLoop loop, ServerReports reports, ulong idSeed, HaltCell? halts = null, BodyBudget? bodies = null)
    {
        Loop = loop;
        Bodies = bodies ?? new BodyBudget();
        Halts = halts ?? new HaltCell();
        Reports = reports;
        Ids = new RequestIds(idSeed);
        _lots = new RandomSequence(~idSeed);
        Mirrors = new MirrorCalls(this);
    }

    public EpollLoop Loop { get; }

    public LoopCounters Counters { get; } = new();

    public RequestIds Ids { get; }

    public ServerReports Reports { get; }

    /// <summary>What an operator halted, for all loops.</summary>
    public HaltCell Halts { get; }

    /// <summary>Memory for bodies that are read whole, and those kept for another try, of all loops.</summary>
    public BodyBudget Bodies { get; }

    /// <summary>What is spent on answers that are written anew.</summary>
    public FilterTurns FilterTurns { get; } = new();

    /// <summary>Its way into the audit chain; null until there is one.</summary>
    public AuditLane? Audit { get; set; }

    /// <summary>Exchanges in flight whose head was read, by method.</summary>
    public int[] ActiveByMethod { get; } = new int[DurationMetrics.MethodCount];

    /// <summary>Where records of exchanges go; null while nobody wants any. Set once, by another thread.</summary>
    public RequestRing? Records
    {
        get => Volatile.Read(ref _records);
        set => Volatile.Write(ref _records, value);
    }

    /// <summary>Somebody looks at what goes by.</summary>
    public bool IsTailed
    {
        get => Volatile.Read(ref _isTailed);
        set => Volatile.Write(ref _isTailed, value);
    }

    /// <summary>Hears of versions that servers tell of; null: nobody does. Set before the loop turns.</summary>
    public VersionWatch? Versions { get; set; }

    /// <summary>Copies of requests, under way and spare.</summary>
    public MirrorCalls Mirrors { get; }

    /// <summary>Exchanges in flight or holding a partial head. Any thread.</summary>
    public int RentedCount => Volatile.Read(ref _rentedCount);

    /// <summary>Those; of the loop only.</summary>
    public IReadOnlyList<Exchange> Rented => _rented;

    /// <summary>A number by lot, for whatever lets some requests pass and others not.</summary>
    public uint NextLot() => (uint)_lots.Next();

    public Exchange Rent()
    {
        Exchange exchange = _spares.TryPop(out Exchange? spare) ? spare : new Exchange(this);
        exchange.RentedPlace = _rented.Count;
        _rented.Add(exchange);
        Volatile.Write(ref _rentedCount, _rented.Count);
        return exchange;
    }

    /// <summary>Takes back an exchange that was unbound.</summary>
    public void Return(Exchange exchange)
    {
        // The last takes its place.
        Exchange last = _rented[^1];
        _rented[exchange.RentedPlace] = last;
        last.RentedPlace = exchange.RentedPlace;
        _rented.RemoveAt(_rented.Count - 1);
        Volatile.Write(ref _rentedCount, _rented.Count);
        if (_spares.Count < SparesMax)
        {
            _spares.Push(exchange);
        }
    }
}

/// <summary>
/// Random 128-bit request ids in hex, one generator per loop (xoroshiro128+; they identify, they do not protect).
/// </summary>
internal sealed class RequestIds
{
    public const int TextBytes = 32;

    private ulong _low;
    private ulong _high;

    public RequestIds(ulong seed)
    {
        // Two rounds of splitmix64 spread the seed over both words; both zero would be a fixed point.
        _low = Mix(seed);
        _high = Mix(seed ^ 0x9E37_79B9_7F4A_7C15) | 1;
    }

    public void Write(Span<byte> destination)
    {
        HexDigit.WriteLower(Next(), destination);
        HexDigit.WriteLower(Next(), destination[16..]);
    }

    /// <summary>64 random bits; 0 as rarely as any other number.</summary>
    public ulong Next()
    {
        ulong low = _low;
        ulong high = _high;
        ulong result = low + high;
        high ^= low;
        _low = ulong.RotateLeft(low, 24) ^ high ^ (high << 16);
        _high = ulong.RotateLeft(high, 37);
        return result;
    }

    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }
}
