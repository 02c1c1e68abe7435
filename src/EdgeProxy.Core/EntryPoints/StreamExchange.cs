using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;

namespace EdgeProxy.EntryPoints;

/// <summary>
/// One exchange on a stream of HTTP/2: as <see cref="Http1Connection"/>, but that there is one, whose head is there
/// already, and that it leaves nothing behind. Kept by its lane and used again.
/// </summary>
internal sealed class StreamExchange : ILinkOwner, ITimerOwner, ILoopWork
{
    private readonly Http2Lane _lane;
    private readonly Shard _shard;
    private readonly TimerNode _timer;
    private Http2Stream? _stream;
    private Exchange? _exchange;
    private bool _isPosted;

    public StreamExchange(Http2Lane lane)
    {
        _lane = lane;
        _shard = lane.Shard;
        _timer = new TimerNode(this);
    }

    /// <summary>Reads the stream's head and goes as far as possible.</summary>
    public void Begin(Http2Stream stream, bool isLast)
    {
        _stream = stream;
        stream.Owner = this;
        Exchange exchange = _shard.Rent();
        _exchange = exchange;
        exchange.Bind(stream, this, _lane.EntryPoint);
        exchange.IsRequestLimitReached = isLast;
        Take(ReadHead(exchange));
    }

    public void OnLinkReady(ByteLink link) => Run();

    /// <summary>Goes on after it let others go first.</summary>
    public void RunOn(EpollLoop loop)
    {
        _isPosted = false;
        Run();
    }

    public void OnTimer(TimerNode timer, long nowMs)
    {
        if (_exchange is { } exchange)
        {
            Take(RequestPipeline.OnTimer(exchange, nowMs));
        }
    }

    private void Run()
    {
        if (_exchange is { } exchange)
        {
            Take(RequestPipeline.Advance(exchange));
        }
    }

    private ExchangeStatus ReadHead(Exchange exchange)
    {
        MessageSource source = exchange.ClientSource;
        HeadLimits limits = exchange.Terms.HeadLimits;
        while (source.Fill(BlockPool.SmallBytes, limits.HeadBytes + BlockPool.SmallBytes) == LinkStatus.Ok)
        {
            switch (RequestHeadReader.Read(source.Unread, limits, exchange.Request))
            {
                case ParseStatus.Complete:
                    source.Pin(exchange.Request.Length);
                    source.StartBody(exchange.Request.Framing, exchange.Request.ContentLength);
                    return _lane.Pipeline.Begin(exchange);
                case ParseStatus.Malformed:
                    return RequestPipeline.Reject(exchange, FaultKind.Rejected, exchange.Request.Reason);
            }
        }

        // A head that did not fit is one without an end, and as long as the limit.
        return exchange.ClientLink.IsBroken
            ? ExchangeStatus.Cut
            : RequestPipeline.Reject(exchange, FaultKind.Rejected, RejectReason.HeadTooLarge);
    }

    private void Take(ExchangeStatus status)
    {
        switch (status)
        {
            case ExchangeStatus.Pending:
                _shard.Loop.Timers.Arm(_timer, Deadlines.Next(_exchange!, _shard.Loop.NowMs, out _));
                break;
            case ExchangeStatus.Yielded:
                if (!_isPosted)
                {
                    _isPosted = true;
                    _shard.Loop.Post(this);
                }

                break;
            default:
                End(isWhole: status == ExchangeStatus.Finished);
                break;
        }
    }

    private void End(bool isWhole)
    {
        Exchange exchange = _exchange!;
        Http2Stream stream = _stream!;
        _exchange = null;
        _stream = null;
        exchange.Unbind();
        _shard.Return(exchange);
        _shard.Loop.Timers.Disarm(_timer);
        _lane.Return(this);
        if (isWhole)
        {
            stream.Close();
        }
        else
        {
            stream.Abort();
        }
    }
}
