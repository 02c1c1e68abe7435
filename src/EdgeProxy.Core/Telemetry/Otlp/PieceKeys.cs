using System.Runtime.CompilerServices;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>
/// What a request's span, log record or line says as others of its kind do. Names are those of one configuration: the
/// same object each time, so they are told apart by that.
/// </summary>
internal readonly struct RequestKey(in RequestRecord record) : IPieceKey<RequestKey>
{
    private readonly ulong _kinds = (ulong)record.Method | ((ulong)record.HttpMajor << 8)
        | ((ulong)record.MinorVersion << 16) | (record.IsSecure ? 1UL << 24 : 0)
        | (record.Trace.IsSampled ? 1UL << 25 : 0) | ((ulong)record.Fault << 32) | ((ulong)record.FaultSide << 40)
        | ((ulong)record.Reject << 48);

    private readonly uint _counts = (ushort)record.Status | ((uint)(ushort)record.TryCount << 16);
    private readonly string? _entryPoint = record.EntryPoint;
    private readonly string? _router = record.Router;
    private readonly string? _service = record.Service;
    private readonly string? _consumer = record.Consumer;
    private readonly string? _answeredBy = record.AnsweredBy;
    private readonly string? _overLimit = record.OverLimit;
    private readonly string? _server = record.TryCount > 0
        ? record.Tries[TryRecords.PlaceOf(record.TryCount)].Server
        : null;

    private readonly string _configHash = record.ConfigHash;

    public int Place => RuntimeHelpers.GetHashCode(_router) + (7 * RuntimeHelpers.GetHashCode(_consumer))
        + (int)_counts + (5 * (int)_kinds);

    public bool Is(in RequestKey other) =>
        _kinds == other._kinds && _counts == other._counts && ReferenceEquals(_entryPoint, other._entryPoint)
        && ReferenceEquals(_router, other._router) && ReferenceEquals(_service, other._service)
        && ReferenceEquals(_consumer, other._consumer) && ReferenceEquals(_server, other._server)
        && ReferenceEquals(_answeredBy, other._answeredBy) && ReferenceEquals(_overLimit, other._overLimit)
        && ReferenceEquals(_configHash, other._configHash);
}

/// <summary>The same of a try at a server.</summary>
/// <param name="number">Which try of its request.</param>
/// <param name="isNamed">With the name of such spans.</param>
internal readonly struct TryKey(in RequestRecord record, in TryRecord attempt, int number, bool isNamed)
    : IPieceKey<TryKey>
{
    private readonly ulong _kinds = (ulong)record.Method | ((ulong)attempt.Fault << 8)
        | ((ulong)(ushort)attempt.Status << 16) | ((ulong)(uint)number << 32)
        | (isNamed ? 1UL << 61 : 0) | (attempt.IsReused ? 1UL << 62 : 0) | (record.Trace.IsSampled ? 1UL << 63 : 0);

    private readonly string? _server = attempt.Server;
    private readonly string? _service = record.Service;

    public int Place => RuntimeHelpers.GetHashCode(_server) + (3 * (int)(_kinds >> 32)) + (5 * (int)_kinds);

    public bool Is(in TryKey other) =>
        _kinds == other._kinds && ReferenceEquals(_server, other._server) && ReferenceEquals(_service, other._service);
}
