using System;
using System.Runtime.CompilerServices;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Primitives.Tracing;

namespace EdgeProxy.Telemetry;

/// <summary>What a request is recorded for.</summary>
[Flags]
internal enum RecordUse : byte
{
    None = 0,

    /// <summary>A line of the access log.</summary>
    Log = 1,

    /// <summary>Spans.</summary>
    Trace = 2,

    /// <summary>Somebody looks at what goes by.</summary>
    Tail = 4,
}

/// <summary>
/// What is told of one exchange, of fixed size: made on its loop at step (7), read elsewhere. Its texts stand beside it
/// in the ring, one after the other in the order of the lengths here. Times are microseconds of the loop's clock.
/// </summary>
internal struct RequestRecord
{
    public RecordUse Uses;
    public Method Method;
    public FaultKind Fault;
    public FaultSide FaultSide;
    public RejectReason Reject;

    /// <summary>Of the client's connection: 2 for a stream; anything else is HTTP/1 with a minor version.</summary>
    public byte HttpMajor;
    public byte MinorVersion;
    public bool IsSecure;

    /// <summary>Given to the client; 0 if it got none.</summary>
    public short Status;

    /// <summary>Tries in all; the first and the last of them are in <see cref="Tries"/>.</summary>
    public short TryCount;

    /// <summary>Names of the configuration; null where there is none.</summary>
    public string? EntryPoint;
    public string? Router;
    public string? Service;
    public string? Consumer;

    /// <summary>The middleware that answered.</summary>
    public string? AnsweredBy;

    /// <summary>The limit that only reported.</summary>
    public string? OverLimit;

    /// <summary>Of the configuration the exchange saw.</summary>
    public string ConfigHash;

    public long StartedUs;
    public long DurationUs;

    /// <summary>Heads and framing included.</summary>
    public long BytesReceived;
    public long BytesSent;

    public IpAddress Client;
    public int ClientPort;

    /// <summary>Its span is 0 if the exchange has no span of its own; no trace at all if it is default.</summary>
    public TraceParent Trace;
    public ulong ParentSpan;
    public bool IsTraced;

    public TryRecords Tries;

    public TextLengths Texts;

    /// <summary>The target had a question mark.</summary>
    public bool HasQuery;

    /// <summary>A model for when the link is down answered.</summary>
    public bool IsOffline;

    /// <summary>Time not spent waiting for servers.</summary>
    public readonly long OverheadUs
    {
        get
        {
            long overheadUs = DurationUs;
            for (int i = 0; i < Math.Min((int)TryCount, TryRecords.Max); i++)
            {
                overheadUs -= Tries[i].EndedUs - Tries[i].StartedUs;
            }

            return Math.Max(0, overheadUs);
        }
    }
}

/// <summary>Bytes of a record's texts, in the order they stand in.</summary>
internal struct TextLengths
{
    public ushort Method;
    public ushort Host;
    public ushort Path;
    public ushort Query;
    public ushort RequestId;

    /// <summary>Field values: index in the settings' list (1 byte), length (2, little-endian), value.</summary>
    public ushort Fields;

    /// <summary>What a guard found: prompt=email:mask:2 answer=secret:block:1.</summary>
    public ushort Findings;

    /// <summary>Of a call of a model: <see cref="ModelFactReading"/>.</summary>
    public ushort Model;

    public readonly int Sum => Method + Host + Path + Query + RequestId + Fields + Findings + Model;
}

/// <summary>One try at a server.</summary>
internal struct TryRecord
{
    /// <summary>host:port</summary>
    public string? Server;
    public ulong Span;
    public long StartedUs;

    /// <summary>When its answer began; 0 if it did not.</summary>
    public long AnsweredUs;
    public long EndedUs;

    /// <summary>0 if there was no answer.</summary>
    public short Status;
    public FaultKind Fault;
    public bool IsReused;
}

/// <summary>The first tries of an exchange and its last: more are counted, not told.</summary>
[InlineArray(Max)]
internal struct TryRecords
{
    public const int Max = 4;

    private TryRecord _first;

    /// <summary>Where try <paramref name="number"/>, from 1, is kept.</summary>
    public static int PlaceOf(int number) => Math.Min(number, Max) - 1;
}
