using System;
using System.Net;
using System.Text;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

/// <summary>An exchange whose request was read and routed, over memory, to put one middleware to.</summary>
internal sealed class MiddlewareBench : IDisposable
{
    private readonly EpollLoop _loop = new(0);
    private readonly MemoryLink _link = new();

    /// <param name="head">A whole request head with a canonical path, and bytes of a body.</param>
    public MiddlewareBench(string head)
    {
        Exchange = new Exchange(new Shard(_loop, new ServerReports(NullLogger.Instance), 1));
        Exchange.Bind(_link, new Owner(), new Entry());
        _link.Feed(head);
        MessageSource source = Exchange.ClientSource;
        do
        {
            Assert.Equal(LinkStatus.Ok, source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes));
        }
        while (RequestHeadReader.Read(source.Unread, HeadLimits.Default, Exchange.Request) == ParseStatus.NeedMore);

        Assert.Equal(RejectReason.None, Exchange.Request.Reason);
        source.Pin(Exchange.Request.Length);
        source.StartBody(Exchange.Request.Framing, Exchange.Request.ContentLength);
        Exchange.SetHost(Exchange.Request.Host.Of(source.Head));
        var server = new Server("s", "127.0.0.1", 1, 1);
        var settings = new ServiceSettings { Name = "s", Servers = [new ServerSettings("127.0.0.1", 1, 1)] };
        Exchange.Route = new Route("r", new Service(settings, [server], [new ServiceShard(0, 1)]), EncodedBytes.None);
    }

    public Exchange Exchange { get; }

    public string Path => Encoding.ASCII.GetString(Exchange.Path);

    /// <summary>With its question mark, if there is one.</summary>
    public string Query => Exchange.HasQuery ? "?" + Encoding.ASCII.GetString(Exchange.Query) : "";

    public int Status => Exchange.LocalAnswer?.Status ?? RejectReasons.StatusCode(Exchange.RejectReason);

    /// <summary>Field lines added to the request.</summary>
    public string[] Sent => Lines(Exchange.RequestEdits);

    /// <summary>Field lines added to the answer.</summary>
    public string[] Answered => Lines(Exchange.ResponseEdits);

    public static MiddlewareBench Get(string target, string fields = "") =>
        new($"GET {target} HTTP/1.1\r\nHost: A.test\r\n{fields}\r\n");

    public Verdict Run(Middleware middleware)
    {
        Verdict verdict = middleware.OnRequest(Exchange);
        if (verdict == Verdict.Next)
        {
            middleware.OnResponse(Exchange);
        }

        return verdict;
    }

    /// <summary>Holds that the middleware allocates nothing for a request of this path and query.</summary>
    public void AssertNoAllocations(Middleware middleware)
    {
        byte[] path = [.. Exchange.Path];
        byte[] query = [.. Exchange.Query];
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                Exchange.TryRewritePath(path);
                Exchange.TryRewriteQuery(query);
                Exchange.RequestEdits.Reset();
                Exchange.ResponseEdits.Reset();
                Run(middleware);
            }
        });
    }

    public void Dispose()
    {
        Exchange.Unbind();
        Assert.Equal(0, _loop.Blocks.RentedCount);
        _loop.Dispose();
    }

    private static string[] Lines(HeaderEdits edits) =>
        Encoding.Latin1.GetString(edits.Added).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);

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
