using System;
using System.Collections.Generic;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry;
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
    private RandomSequence _lots;

    public Shard(EpollLoop loop, ServerReports reports, ulong idSeed)
    {
        Loop = loop;
        Reports = reports;
        Ids = new RequestIds(idSeed);
        _lots = new RandomSequence(~idSeed);
        Mirrors = new MirrorCalls(this);
    }

    public EpollLoop Loop { get; }

    public LoopCounters Counters { get; } = new();

    public RequestIds Ids { get; }

    public ServerReports Reports { get; }

    /// <summary>What is spent on answers that are written anew.</summary>
    public FilterTurns FilterTurns { get; } = new();

    /// <summary>Copies of requests, under way and spare.</summary>
    public MirrorCalls Mirrors { get; }

    /// <summary>Its way into the audit chain; null until there is one.</summary>
    public AuditLane? Audit { get; set; }

    /// <summary>Exchanges in flight or holding a partial head.</summary>
    public int RentedCount { get; private set; }

    /// <summary>A number by lot, for whatever lets some requests pass and others not.</summary>
    public uint NextLot() => (uint)_lots.Next();

    public Exchange Rent()
    {
        RentedCount++;
        return _spares.TryPop(out Exchange? exchange) ? exchange : new Exchange(this);
    }

    /// <summary>Takes back an exchange that was unbound.</summary>
    public void Return(Exchange exchange)
    {
        RentedCount--;
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
