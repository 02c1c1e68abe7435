using System;
using System.Collections.Generic;
using System.Text.Json.Nodes;
using EdgeProxy.Audit;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Tests.Audit;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline.Auditing;

/// <summary>
/// The engine on one loop, its one route audited. The chain's writer runs only once a test starts it, so that a test
/// sees what is in the ring, and who waits for it.
/// </summary>
internal sealed class AuditedEngine : IDisposable
{
    private readonly AuditLogRig _rig;
    private readonly Engine _engine;

    public AuditedEngine(
        AuditSettings? settings = null, AuditScope scope = AuditScope.Facts, params Middleware[] middlewares)
    {
        _rig = new AuditLogRig(settings);
        _engine = new Engine(middlewares: middlewares);
        _engine.Shard.Audit = new AuditLane(_rig.Log, 0, _engine.Loop);
        Snapshot plain = _engine.Snapshots.Current;
        _engine.Snapshots.Publish(new Snapshot
        {
            Hash = "0123456789abcdef",
            Routes = [plain.Routes[0] with { Audit = scope }],
            Tables = plain.Tables,
        });
        Client = _engine.Accept();
        Server = _engine.Idle();
    }

    public Engine Engine => _engine;

    public AuditLogRig Rig => _rig;

    public MemoryLink Client { get; private set; }

    public MemoryLink Server { get; private set; }

    public string Sent => Client.WrittenText;

    /// <summary>What the loop noted since the last look.</summary>
    public List<JsonObject> Noted()
    {
        var records = new List<JsonObject>();
        while (_rig.Ring.TryRead(out ReadOnlySpan<byte> record, out bool isTorn))
        {
            records.Add(AuditLogRig.Json(record));
            Assert.False(isTorn);
        }

        return records;
    }

    /// <summary>The one exchange that was recorded.</summary>
    public JsonObject TheOne() => Assert.Single(Noted());

    public void Get(string target = "/", string fields = "") =>
        Client.Feed($"GET {target} HTTP/1.1\r\nHost: shop.test\r\n{fields}\r\n");

    /// <summary>Turns the loop until the condition holds: other threads post to it.</summary>
    public void TurnUntil(Func<bool> condition, string what) => AuditLogRig.Until(
        () =>
        {
            _engine.Turn();
            return condition();
        },
        what);

    public void Reconnect()
    {
        Client = _engine.Accept();
        Server = _engine.Idle();
    }

    public void Dispose()
    {
        _engine.Dispose();
        _rig.Dispose();
    }
}
