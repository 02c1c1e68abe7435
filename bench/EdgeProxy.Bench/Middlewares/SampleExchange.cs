using System;
using System.Net;
using System.Text;
using System.Threading;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace EdgeProxy.Bench.Middlewares;

/// <summary>An exchange whose request was read and routed, to be put to a chain again and again.</summary>
internal sealed class SampleExchange : IDisposable
{
    private static readonly string Head =
        "GET /api/v1/orders?id=42 HTTP/1.1\r\nHost: shop.example.com\r\nUser-Agent: bench/1.0\r\nAccept: */*\r\n"
        + "X-Debug: 1\r\nCookie: session=0123456789abcdef\r\nAccept-Encoding: gzip, br\r\n"
        + $"X-Api-Key: {SampleToken.ApiKey}\r\nAuthorization: Bearer {SampleToken.Text}\r\n\r\n";

    private readonly EpollLoop _loop = new(0);
    private readonly Exchange _exchange;
    private readonly Route _route;

    public SampleExchange()
    {
        _exchange = new Exchange(new Shard(_loop, new ServerReports(NullLogger.Instance), 1));
        _exchange.Bind(new OneHeadLink(Encoding.ASCII.GetBytes(Head)), new Owner(), new Entry());
        MessageSource source = _exchange.ClientSource;
        source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes);
        if (RequestHeadReader.Read(source.Unread, HeadLimits.Default, _exchange.Request) != ParseStatus.Complete)
        {
            throw new InvalidOperationException("the sample head is not complete");
        }

        source.Pin(_exchange.Request.Length);
        source.StartBody(_exchange.Request.Framing, _exchange.Request.ContentLength);
        _exchange.SetHost(_exchange.Request.Host.Of(source.Head));
        var settings = new ServiceSettings { Name = "s", Servers = [new ServerSettings("127.0.0.1", 1, 1)] };
        var service = new Service(settings, [new Server("s", "127.0.0.1", 1, 1)], [new ServiceShard(0, 1)]);
        _route = new Route("orders", service, EncodedBytes.None);
    }

    public void Use(params Middleware[] middlewares) => _exchange.Route = _route with { Middlewares = middlewares };

    /// <summary>As <see cref="Pass"/>, waiting for what is found out off the loop the first time.</summary>
    public bool PassAtLast() => SpinWait.SpinUntil(Pass, TimeSpan.FromSeconds(10));

    /// <summary>In, out, end, and ready for the next: what a request spends in its chain. False: refused.</summary>
    public bool Pass()
    {
        Verdict verdict = MiddlewareChain.Enter(_exchange);
        MiddlewareChain.Leave(_exchange);
        MiddlewareChain.End(_exchange);
        if (_exchange.RewrittenPath is { } block)
        {
            _loop.Blocks.Return(block);
            _exchange.RewrittenPath = null;
        }

        _exchange.RequestEdits.Reset();
        _exchange.ResponseEdits.Reset();
        _exchange.Notes.Reset();
        return verdict == Verdict.Next;
    }

    public void Dispose()
    {
        _exchange.Unbind();
        _loop.Dispose();
    }

    // Gives its head once, and then nothing more.
    private sealed class OneHeadLink(byte[] head) : ByteLink
    {
        private bool _isRead;

        public override IpAddress RemoteAddress => IpAddress.FromV4(0x0A000007);

        public override int RemotePort => 40_000;

        public override IpAddress LocalAddress => IpAddress.FromV4(0x0A000001);

        public override int LocalPort => 80;

        public override bool IsConnected => true;

        public override bool HasEnded => false;

        public override bool IsBroken => false;

        public override bool MayRead => !_isRead;

        public override LinkStatus TryRead(Span<byte> destination, out int count)
        {
            count = _isRead ? 0 : head.Length;
            head.AsSpan(0, count).CopyTo(destination);
            _isRead = true;
            return count > 0 ? LinkStatus.Ok : LinkStatus.WouldBlock;
        }

        public override LinkStatus TryWrite(
            ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, ReadOnlySpan<byte> third, out int count)
        {
            count = 0;
            return LinkStatus.WouldBlock;
        }

        public override void EndWrites()
        {
        }

        public override void Close()
        {
        }

        public override void Abort()
        {
        }
    }

    private sealed class Owner : ILinkOwner
    {
        public void OnLinkReady(ByteLink link)
        {
        }
    }

    private sealed class Entry : IEntry
    {
        public string Name => "web";

        public int Slot => 0;

        public IPEndPoint Address { get; } = new(IPAddress.Loopback, 80);

        public int Port => 80;

        public ClientTerms Terms { get; } = new();

        public bool IsDraining => false;

        public Snapshot? Frozen => null;

        public ILocalService? LocalService => null;
    }
}
