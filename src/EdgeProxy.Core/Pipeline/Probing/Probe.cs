using System.Net;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Tls;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>
/// Asks one server again and again whether it is well, on a connection of its own each time, with the loop's links.
/// Lives on one loop; waits for nothing there.
/// </summary>
internal sealed class Probe : ILinkOwner, ITimerOwner
{
    private readonly Server _server;
    private readonly Shard _shard;
    private readonly TimerNode _timer;
    private RandomSequence _random;
    private ProbeOrder _order;
    private ProbeTalk _talk = null!;
    private TlsDestination? _tls;
    private ByteLink? _link;
    private bool _isTalking;

    public Probe(ProbeOrder order, Shard shard)
    {
        _server = order.Server;
        _shard = shard;
        _timer = new TimerNode(this);
        _random = new RandomSequence(_server.Identity ^ (ulong)shard.Loop.NowMs);
        Take(order);
    }

    private HealthCheckSettings Settings => _order.Settings;

    /// <summary>Goes on under another order, at once if it differs.</summary>
    public void Configure(ProbeOrder order)
    {
        if (order != _order)
        {
            Leave();
            Take(order);
        }
    }

    public void Stop()
    {
        Leave();
        _shard.Loop.Timers.Disarm(_timer);
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        if (_link is null)
        {
            Start();
        }
        else
        {
            Conclude(ProbeOutcome.Bad(_link.IsConnected ? "no answer in time" : "no connection in time"));
        }
    }

    public void OnLinkReady(ByteLink link)
    {
        if (!ReferenceEquals(link, _link))
        {
            return;
        }

        if (link.IsBroken && !link.IsConnected)
        {
            Conclude(ProbeOutcome.Bad(link.BreakReason.Length > 0 ? link.BreakReason : "connection refused"));
        }
        else if (link.IsConnected)
        {
            if (!_isTalking)
            {
                _isTalking = true;
                _talk.Begin(link);
            }

            if (_talk.Advance(link) is { } outcome)
            {
                Conclude(outcome);
            }
        }
    }

    private void Take(ProbeOrder order)
    {
        _order = order;
        _tls = order.Tls is { } tls
            ? new TlsDestination(tls, _server.Host, loopCount: 1, isHttp2: Settings.Kind == ProbeKind.Grpc)
            : null;
        _talk = ProbeTalk.Of(Settings, _server, _tls is not null, _shard.Loop);
        Start();
    }

    private void Start()
    {
        if (_server.Address is not { } address)
        {
            Conclude(ProbeOutcome.Bad("its name has no address"));
            return;
        }

        if (Settings.Port != 0 && address is not UnixEndPoint)
        {
            address = new IPEndPoint(address.Address, Settings.Port);
        }

        _shard.Loop.Timers.Arm(_timer, _shard.Loop.NowMs + (long)Settings.Timeout.TotalMilliseconds);
        _link = Connect(address);
        OnLinkReady(_link);
    }

    // A server of HTTP/2 is asked as requests are: on a stream, which HTTP/1.1 is spoken on.
    private ByteLink Connect(IPEndPoint address)
    {
        if (_server.IsHttp2 && Settings.Kind == ProbeKind.Http && Settings.Port == 0)
        {
            return _server.Connect(_shard.Loop, address, this, out _);
        }

        // Another port is not spoken to as the server is (as HAProxy has it).
        ByteLink link = _shard.Loop.Connect(address, this);
        link = Settings.Port == 0 ? _server.Introduce(link, this) : link;
        return _tls is null ? link : _tls.Connect(link, loopIndex: 0, this);
    }

    private void Conclude(ProbeOutcome outcome)
    {
        Leave();
        _shard.Counters.Add(outcome.IsGood ? Counter.ProbesGood : Counter.ProbesBad);
        if (_server.Health.NoteProbe(outcome.IsGood, outcome.Text, Settings, _shard.Loop.NowMs))
        {
            _shard.Counters.Add(outcome.IsGood ? Counter.ServersUp : Counter.ServersDown);
            _shard.Reports.Probed(_server, outcome.IsGood, outcome.Text);
        }

        long jitterMs = _random.Next((int)Settings.Jitter.TotalMilliseconds + 1);
        long waitMs = (long)Settings.Interval.TotalMilliseconds + jitterMs;
        _shard.Loop.Timers.Arm(_timer, _shard.Loop.NowMs + waitMs);
    }

    private void Leave()
    {
        if (_isTalking)
        {
            _isTalking = false;
            _talk.End();
        }

        _link?.Close();
        _link = null;
    }
}
