using System;
using System.Net;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Health;
using EdgeProxy.Telemetry;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>
/// Asks one server again and again whether it is well, on a connection of its own each time, with the loop's links and
/// our reader. Lives on one loop; waits for nothing there.
/// </summary>
internal sealed class Probe : ILinkOwner, ITimerOwner
{
    /// <summary>How much of a body is looked at.</summary>
    public const int BodyBytesMax = 16 * 1024;

    // 1xx answers before the one that counts.
    private const int InterimMax = 16;

    private readonly Server _server;
    private readonly Shard _shard;
    private readonly TimerNode _timer;
    private readonly ResponseHead _response = new();
    private readonly MessageSource _source = new();
    private RandomSequence _random;
    private HealthCheckSettings _settings;
    private ProbeRequest _request;
    private ByteLink? _link;
    private Block? _body;
    private int _sent;
    private int _interimCount;
    private bool _isInBody;

    public Probe(Server server, Shard shard, HealthCheckSettings settings)
    {
        _server = server;
        _shard = shard;
        _timer = new TimerNode(this);
        _random = new RandomSequence(server.Identity ^ (ulong)shard.Loop.NowMs);
        _settings = settings;
        _request = new ProbeRequest(settings, server);
        Start();
    }

    /// <summary>Goes on under other settings, at once if they differ.</summary>
    public void Configure(HealthCheckSettings settings)
    {
        if (settings != _settings)
        {
            Leave();
            _settings = settings;
            _request = new ProbeRequest(settings, _server);
            Start();
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
            Conclude(isGood: false, _link.IsConnected ? "no answer in time" : "no connection in time");
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
            Conclude(isGood: false, link.BreakReason.Length > 0 ? link.BreakReason : "connection refused");
        }
        else if (link.IsConnected)
        {
            Advance(link);
        }
    }

    private void Start()
    {
        if (_server.Address is not { } address)
        {
            Conclude(isGood: false, "its name has no address");
            return;
        }

        if (_settings.Port != 0)
        {
            address = new IPEndPoint(address.Address, _settings.Port);
        }

        _shard.Loop.Timers.Arm(_timer, _shard.Loop.NowMs + (long)_settings.Timeout.TotalMilliseconds);
        _link = _server.Connect(_shard.Loop, address, this, out _);
        _source.Bind(_link, _shard.Loop.Blocks, HeadLimits.Default);
        OnLinkReady(_link);
    }

    private void Advance(ByteLink link)
    {
        if (_settings.Kind == ProbeKind.Tcp)
        {
            Conclude(isGood: true, "connected");
            return;
        }

        // A request is a few hundred bytes: it goes at once, or the peer is no server.
        if (_sent < _request.Bytes.Length)
        {
            LinkStatus written = link.TryWrite(_request.Bytes.Span[_sent..], default, default, out int count);
            _sent += count;
            if (written == LinkStatus.Broken)
            {
                Conclude(isGood: false, "connection closed");
                return;
            }
        }

        while (!_isInBody)
        {
            if (!AdvanceHead())
            {
                return;
            }
        }

        AdvanceBody();
    }

    // True if there is more to do at once.
    private bool AdvanceHead()
    {
        if (!_source.Unread.IsEmpty)
        {
            switch (ResponseHeadReader.Read(_source.Unread, HeadLimits.Default, _request.Method, _response))
            {
                case ParseStatus.Complete:
                    return TakeHead();
                case ParseStatus.Malformed:
                    return Conclude(isGood: false, "its answer is not HTTP/1.1");
            }
        }

        switch (_source.Fill(BlockPool.SmallBytes, HeadLimits.HeadBytesDefault + BlockPool.SmallBytes))
        {
            case LinkStatus.Ok:
                return true;
            case LinkStatus.WouldBlock:
                return false;
            default:
                return Conclude(isGood: false, "closed without an answer");
        }
    }

    private bool TakeHead()
    {
        int status = _response.StatusCode;
        if (status < 200 && status != 101)
        {
            _source.Skip(_response.Length);
            _response.Reset();
            return ++_interimCount <= InterimMax || Conclude(isGood: false, "no end of interim answers");
        }

        if (!_settings.Statuses.Contains(status))
        {
            return Conclude(isGood: false, $"status {status}");
        }

        if (_settings.Body.Length == 0)
        {
            return Conclude(isGood: true, $"status {status}");
        }

        _source.Skip(_response.Length);
        _source.StartBody(_response.Framing, _response.ContentLength);
        _body = _shard.Loop.Blocks.Rent(BodyBytesMax);
        _isInBody = true;
        return true;
    }

    private void AdvanceBody()
    {
        BodyStep step;
        do
        {
            step = _source.Next(out ReadOnlySpan<byte> payload);
            if (step == BodyStep.Data)
            {
                ReadOnlySpan<byte> piece = payload[..Math.Min(payload.Length, BodyBytesMax - _body!.Length)];
                piece.CopyTo(_body.Free);
                _body.Commit(piece.Length);
                _source.Advance(payload.Length);
            }
        }
        while (step == BodyStep.Data && _body!.Length < BodyBytesMax);

        if (step != BodyStep.Wait || _body!.Length >= BodyBytesMax)
        {
            bool isThere = _body!.Filled.IndexOf(_request.Body.Span) >= 0;
            Conclude(isThere, isThere ? $"status {_response.StatusCode}" : "its body does not hold the text");
        }
    }

    // Always false: nothing more is to be done for this probe.
    private bool Conclude(bool isGood, string outcome)
    {
        Leave();
        _shard.Counters.Add(isGood ? Counter.ProbesGood : Counter.ProbesBad);
        if (_server.Health.NoteProbe(isGood, outcome, _settings, _shard.Loop.NowMs))
        {
            _shard.Counters.Add(isGood ? Counter.ServersUp : Counter.ServersDown);
            _shard.Reports.Probed(_server, isGood, outcome);
        }

        long jitterMs = _random.Next((int)_settings.Jitter.TotalMilliseconds + 1);
        long waitMs = (long)_settings.Interval.TotalMilliseconds + jitterMs;
        _shard.Loop.Timers.Arm(_timer, _shard.Loop.NowMs + waitMs);
        return false;
    }

    private void Leave()
    {
        _source.Unbind();
        _response.Reset();
        if (_body is { } body)
        {
            _body = null;
            _shard.Loop.Blocks.Return(body);
        }

        _link?.Close();
        _link = null;
        _sent = 0;
        _interimCount = 0;
        _isInBody = false;
    }
}

/// <summary>The bytes of a probe: written once, sent each time.</summary>
internal readonly struct ProbeRequest
{
    public ProbeRequest(HealthCheckSettings settings, Server server)
    {
        Method = settings.Method == "HEAD" ? Method.Head : Method.Get;
        string host = settings.Host.Length > 0 ? settings.Host : Encoding.ASCII.GetString(server.Authority.Span);
        Bytes = Encoding.Latin1.GetBytes(
            $"{settings.Method} {settings.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: edgeproxy-health\r\n"
            + $"Accept: */*\r\nConnection: close\r\n{settings.HeaderLines}\r\n");
        Body = Encoding.UTF8.GetBytes(settings.Body);
    }

    /// <summary>As far as it matters to the answer: HEAD has no body.</summary>
    public Method Method { get; }

    public ReadOnlyMemory<byte> Bytes { get; }

    public ReadOnlyMemory<byte> Body { get; }
}
