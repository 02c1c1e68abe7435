namespace EdgeProxy.Audit;

/// <summary>What a record tells of. The numbers are part of the format: never given twice.</summary>
internal enum RecordKind : byte
{
    /// <summary>A request and its answer; written before the answer's end leaves.</summary>
    Exchange = 1,

    /// <summary>An exchange already recorded did not end well: its client may not have the whole answer.</summary>
    ExchangeCut = 2,

    /// <summary>The connection an exchange was upgraded to ended.</summary>
    TunnelEnd = 3,

    /// <summary>Where an exchange's payload lies, apart from the chain, or that it was dropped.</summary>
    Payload = 4,

    Start = 10,
    Stop = 11,

    /// <summary>Another configuration came into use, or was refused.</summary>
    Config = 12,

    /// <summary>The last process did not stop in order: what was found, kept and cut off.</summary>
    Recovery = 13,

    /// <summary>Exchanges that could not be recorded, counted.</summary>
    Gap = 14,

    /// <summary>Segments about to be removed because they are old or too many.</summary>
    Checkpoint = 15,

    /// <summary>Something an administrator had the proxy do.</summary>
    Admin = 16,

    /// <summary>A consumer's payloads are about to be erased, or were.</summary>
    Erasure = 17,

    /// <summary>Payload files about to be removed because they are old or too many.</summary>
    PayloadsRemoved = 18,
}

/// <summary>Fields of a record; each at most once but facts, in rising order. Numbers are part of the format.</summary>
internal enum RecordField : byte
{
    RequestId = 1,
    ConfigHash = 2,
    Client = 3,
    Consumer = 4,
    Router = 5,
    Service = 6,
    Server = 7,
    Method = 8,
    Host = 9,
    Path = 10,
    Query = 11,

    /// <summary>SHA-256 of a path too long to be recorded whole.</summary>
    PathDigest = 12,

    Status = 13,
    Fault = 14,
    Reason = 15,
    RequestBytes = 16,
    RequestDigest = 17,
    ResponseBytes = 18,
    ResponseDigest = 19,
    DurationMs = 20,
    Tries = 21,

    /// <summary>What is kept of the bodies, by a record of its own that follows; or that nothing is.</summary>
    Payloads = 22,

    /// <summary>The middleware that answered in the service's place.</summary>
    AnsweredBy = 23,

    /// <summary>The middleware whose limit would have refused it, were it more than a report.</summary>
    OverLimit = 24,

    /// <summary>Of W3C trace context, 16 bytes: the spans of the exchange have it, too.</summary>
    TraceId = 25,

    Cause = 32,
    HashBefore = 33,
    Outcome = 34,
    Changes = 35,
    Version = 36,

    /// <summary>Who asked for it.</summary>
    By = 37,

    LostCount = 48,
    FromMs = 49,
    CutBytes = 50,
    CutDigest = 51,
    DrainedCount = 52,
    DroppedCount = 53,
    SegmentCount = 54,
    LastSeq = 55,
    FooterHash = 56,

    /// <summary>A typed fact of whoever had one: see <see cref="RecordFacts"/>.</summary>
    Fact = 64,

    /// <summary>There were more facts than a record holds.</summary>
    FactsLeftOut = 65,

    /// <summary>The record of the exchange that a payload belongs to: its lane, its number there.</summary>
    OfLane = 66,

    OfNumber = 67,

    /// <summary>Number of a payload file; of the last one removed.</summary>
    PayloadFile = 68,

    PayloadOffset = 69,

    /// <summary>Of the entry, its head included.</summary>
    PayloadBytes = 70,

    /// <summary>SHA-256 of the entry, as it stands in its head.</summary>
    PayloadDigest = 71,

    ToMs = 72,

    /// <summary>Payloads of exchanges before that time.</summary>
    BeforeMs = 73,

    ErasedCount = 74,

    /// <summary>Records of exchanges: the lane (8 bytes) and the number there (8) of each.</summary>
    OfExchanges = 75,
}
