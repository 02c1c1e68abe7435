using System;
using System.Text;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Health;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Probing;

/// <summary>A request over HTTP/1.1, read with our reader, whose answer is judged.</summary>
internal sealed class HttpTalk : ProbeTalk
{
    /// <summary>How much of a body is looked at.</summary>
    public const int BodyBytesMax = 16 * 1024;

    // 1xx answers before the one that counts.
    private const int InterimMax = 16;

    private readonly HealthCheckSettings _settings;
    private readonly EpollLoop _loop;
    private readonly Method _method;
    private readonly byte[] _request;
    private readonly byte[] _wanted;
    private readonly ResponseHead _response = new();
    private readonly MessageSource _source = new();
    private Block? _body;
    private int _sent;
    private int _interimCount;
    private ProbeOutcome? _outcome;

    public HttpTalk(HealthCheckSettings settings, Server server, EpollLoop loop)
    {
        _settings = settings;
        _loop = loop;

        // As far as it matters to the answer: HEAD has no body.
        _method = settings.Method == "HEAD" ? Method.Head : Method.Get;
        string host = settings.Host.Length > 0 ? settings.Host : Encoding.ASCII.GetString(server.Authority.Span);
        _request = Encoding.Latin1.GetBytes(
            $"{settings.Method} {settings.Path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: edgeproxy-health\r\n"
            + $"Accept: */*\r\nConnection: close\r\n{settings.HeaderLines}\r\n");
        _wanted = Encoding.UTF8.GetBytes(settings.Body);
    }

    public override void Begin(ByteLink link) => _source.Bind(link, _loop.Blocks, HeadLimits.Default);

    public override ProbeOutcome? Advance(ByteLink link)
    {
        // A request is a few hundred bytes: it goes at once, or the peer is no server.
        if (_sent < _request.Length)
        {
            LinkStatus written = link.TryWrite(_request.AsSpan(_sent), default, default, out int count);
            _sent += count;
            if (written == LinkStatus.Broken)
            {
                return ProbeOutcome.Bad("connection closed");
            }
        }

        while (_body is null)
        {
            if (!AdvanceHead())
            {
                return _outcome;
            }
        }

        return AdvanceBody(_body);
    }

    public override void End()
    {
        _source.Unbind();
        _response.Reset();
        if (_body is { } body)
        {
            _body = null;
            body.Clear();
            _loop.Blocks.Return(body);
        }

        _sent = 0;
        _interimCount = 0;
        _outcome = null;
    }

    // True if there is more to do at once.
    private bool AdvanceHead()
    {
        if (!_source.Unread.IsEmpty)
        {
            switch (ResponseHeadReader.Read(_source.Unread, HeadLimits.Default, _method, _response))
            {
                case ParseStatus.Complete:
                    return TakeHead();
                case ParseStatus.Malformed:
                    return Conclude(ProbeOutcome.Bad("its answer is not HTTP/1.1"));
            }
        }

        switch (_source.Fill(BlockPool.SmallBytes, HeadLimits.HeadBytesDefault + BlockPool.SmallBytes))
        {
            case LinkStatus.Ok:
                return true;
            case LinkStatus.WouldBlock:
                return false;
            default:
                return Conclude(ProbeOutcome.Bad("closed without an answer"));
        }
    }

    private bool TakeHead()
    {
        int status = _response.StatusCode;
        if (status < 200 && status != 101)
        {
            _source.Skip(_response.Length);
            _response.Reset();
            return ++_interimCount <= InterimMax || Conclude(ProbeOutcome.Bad("no end of interim answers"));
        }

        bool isGood = _settings.Statuses.Contains(status);
        if (!isGood || _wanted.Length == 0)
        {
            return Conclude(new ProbeOutcome(isGood, $"status {status}"));
        }

        _source.Skip(_response.Length);
        _source.StartBody(_response.Framing, _response.ContentLength);
        _body = _loop.Blocks.Rent(BodyBytesMax);
        return true;
    }

    private ProbeOutcome? AdvanceBody(Block body)
    {
        BodyStep step;
        do
        {
            step = _source.Next(out ReadOnlySpan<byte> payload);
            if (step == BodyStep.Data)
            {
                ReadOnlySpan<byte> piece = payload[..Math.Min(payload.Length, BodyBytesMax - body.Length)];
                piece.CopyTo(body.Free);
                body.Commit(piece.Length);
                _source.Advance(payload.Length);
            }
        }
        while (step == BodyStep.Data && body.Length < BodyBytesMax);

        if (step == BodyStep.Wait && body.Length < BodyBytesMax)
        {
            return null;
        }

        bool isThere = body.Filled.IndexOf(_wanted) >= 0;
        return isThere
            ? ProbeOutcome.Good($"status {_response.StatusCode}")
            : ProbeOutcome.Bad("its body does not hold the text");
    }

    // Always false: nothing more is to be done for this probe.
    private bool Conclude(ProbeOutcome outcome)
    {
        _outcome = outcome;
        return false;
    }
}
