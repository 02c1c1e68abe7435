using System.Collections.Generic;
using System.Threading;
using EdgeProxy.Audit;
using EdgeProxy.Audit.Payloads;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Auditing;

/// <summary>
/// One loop's way into the audit chain: its ring, its spare notes, the exchanges whose end waits for their record.
/// Touched by its loop only, but for <see cref="Wake"/>.
/// </summary>
internal sealed class AuditLane : ILoopWork
{
    private const int SparesMax = 256;

    private readonly AuditLog _log;
    private readonly EpollLoop _loop;
    private readonly Stack<AuditNote> _spares = new();
    private List<(Exchange Exchange, int Ticket)> _waiting = [];
    private List<(Exchange Exchange, int Ticket)> _woken = [];
    private int _isPosted;

    public AuditLane(AuditLog log, int index, EpollLoop loop)
    {
        _log = log;
        _loop = loop;
        Ring = log.Ring(index);
        log.Listen(index, Wake);
    }

    public AuditRing Ring { get; }

    public AuditSettings Settings => _log.Settings;

    public PayloadStore? Payloads => _log.Payloads;

    /// <summary>Begins to note the exchange, whose route is audited, or refuses it.</summary>
    public static void Begin(Exchange exchange)
    {
        if (exchange.Shard.Audit is not { } lane)
        {
            return;
        }

        // Whose payloads they are is not known yet where a model decides: it is asked again then.
        bool isBlocked = lane._log.IsBlocked || (!exchange.ModelChoice.IsOpen && HasNoRoomForPayloads(exchange));
        if (isBlocked && exchange.Fault.IsNone)
        {
            exchange.Fault = Fault.AuditStuck;
            return;
        }

        AuditNote note = lane._spares.TryPop(out AuditNote? spare) ? spare : new AuditNote(lane);
        exchange.Audit = note;
        note.Begin(exchange);
    }

    /// <summary>The exchange's route keeps payloads, and they cannot be kept.</summary>
    public static bool HasNoRoomForPayloads(Exchange exchange) => exchange.Route!.Payloads != PayloadMode.None
        && exchange.Shard.Audit is { Payloads: { IsBlocked: true } };

    /// <summary>The exchange is over and recorded.</summary>
    public void Return(AuditNote note)
    {
        note.Reset();
        if (_spares.Count < SparesMax)
        {
            _spares.Push(note);
        }
    }

    /// <summary>The record in the room reserved last; its number.</summary>
    public ulong Commit(int length)
    {
        ulong number = Ring.Commit(length);
        _log.Notify();
        return number;
    }

    /// <summary>What was promised of the record holds: it is where fsync says it has to be.</summary>
    public bool IsSafe(ulong number) =>
        _log.Settings.Sync == AuditSync.Interval || number <= Ring.DurableNumber
        || (_log.IsStuck && _log.Settings.OnFull == AuditFull.Gap);

    /// <summary>The exchange goes on when more of the lane is durable.</summary>
    public void Enqueue(Exchange exchange)
    {
        _waiting.Add((exchange, exchange.Ticket));
        Listen();
    }

    /// <summary>Before what is waited for is looked at once more: see <see cref="AuditLog.Listen"/>.</summary>
    public void Listen()
    {
        Ring.HasWaiters = true;
        Interlocked.MemoryBarrier();
    }

    /// <summary>There is no room until the writer has done something.</summary>
    public void Urge() => _log.Urge();

    /// <summary>On the writer's thread.</summary>
    private void Wake()
    {
        if (Interlocked.Exchange(ref _isPosted, 1) == 0)
        {
            _loop.Post(this);
        }
    }

    public void RunOn(EpollLoop loop)
    {
        Volatile.Write(ref _isPosted, 0);
        (_waiting, _woken) = (_woken, _waiting);
        foreach ((Exchange exchange, int ticket) in _woken)
        {
            if (exchange.Ticket == ticket && exchange.Audit is { } note)
            {
                note.StopWaiting();
                exchange.Owner.OnLinkReady(exchange.ClientLink);
            }
        }

        _woken.Clear();
    }
}
