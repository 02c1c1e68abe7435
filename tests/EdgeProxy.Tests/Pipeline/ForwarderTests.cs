using System.Linq;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>Exchanges on an engine over memory: what real sockets show only with luck or patience.</summary>
public sealed class ForwarderTests
{
    [Fact]
    public void Interim_ClientTakesItInParts_IsSentToItsEndWithoutTheServersHelp()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        client.WriteRoom = 10;

        server.Feed("HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload; as=style\r\n\r\n");
        Assert.Equal(10, client.Written.Length);
        client.WriteRoom = long.MaxValue;

        Assert.EndsWith("as=style\r\n\r\n", client.WrittenText);
        server.Feed("HTTP/1.1 204 No Content\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 103 Early Hints\r\nLink", client.WrittenText);
        Assert.Contains("\r\n\r\nHTTP/1.1 204 No Content\r\n", client.WrittenText);
    }

    [Fact]
    public void Retry_AfterAPumpThatYielded_WaitsForTheConnectionAndDoesNotSpin()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        var client = new MemoryLink();
        var owner = new PipelineOwner(engine, client);

        // More pieces than a turn moves, in one block that is still there for another try.
        client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + string.Concat(Enumerable.Repeat("1\r\nx\r\n", 100)));
        owner.Begin();
        Assert.Equal(ExchangeStatus.Yielded, owner.Status);
        server.FeedEnd();

        Assert.Equal(2, owner.Exchange.Tries);
        Assert.Equal(ExchangePhase.Connecting, owner.Exchange.Phase);
        Assert.Equal(ExchangeStatus.Pending, owner.Status);
        owner.End();
    }

    [Fact]
    public void Upgrade_TrailersOfTheRequest_AreNotTheTunnelsFirstBytes()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed("POST /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n"
            + "Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n");
        Assert.EndsWith("\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n", server.WrittenText);
        server.TakeWritten();
        server.Feed("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", client.WrittenText);
        client.Feed("first");

        Assert.Equal("first", server.WrittenText);
    }

    [Fact]
    public void Tunnel_ServerEndsAndThenResets_EndsForTheClient()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        Upgrade(client, server);

        server.Feed("bye");
        server.FeedEnd();
        Assert.EndsWith("bye", client.WrittenText);
        Assert.True(client.HasEndedWrites);
        Assert.False(server.IsClosed, "the other direction goes on");
        server.Break();

        Assert.True(server.IsClosed);
        Assert.Equal(0, engine.Shard.RentedCount);
    }

    [Fact]
    public void Cut_CloseDelimitedAnswer_ResetsTheClient()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("GET / HTTP/1.0\r\n\r\n");
        server.Feed("HTTP/1.1 200 OK\r\n\r\nthe first half");
        Assert.EndsWith("the first half", client.WrittenText);

        engine.EntryPoint.Cut();
        engine.Turn();

        Assert.True(client.IsAborted, "an orderly end would say that the answer is whole");
        Assert.True(server.IsAborted);
    }

    [Fact]
    public void Cut_FramedAnswer_EndsInOrder()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
        server.Feed("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nthe first half");

        engine.EntryPoint.Cut();
        engine.Turn();

        Assert.Equal((true, false), (client.IsClosed, client.IsAborted));
        Assert.EndsWith("the first half", client.WrittenText);
    }

    [Fact]
    public void Drain_AnswerBeforeTheLoopHeardOfIt_IsTheLastAndSaysSo()
    {
        using var engine = new Engine();
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n");

        engine.EntryPoint.Drain();
        server.Feed("HTTP/1.1 204 No Content\r\n\r\n");

        Assert.Contains("\r\nConnection: close\r\n", client.WrittenText);
        Assert.True(client.IsClosed);
    }

    private static void Upgrade(MemoryLink client, MemoryLink server)
    {
        client.Feed("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        server.Feed("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 101 ", client.WrittenText);
    }

    /// <summary>Stands where the connection stands, and keeps what the pipeline said last.</summary>
    private sealed class PipelineOwner : ILinkOwner
    {
        private readonly Engine _engine;

        public PipelineOwner(Engine engine, MemoryLink client)
        {
            _engine = engine;
            Exchange = engine.Shard.Rent();
            Exchange.Bind(client, this, engine.EntryPoint);
        }

        public Exchange Exchange { get; }

        public ExchangeStatus Status { get; private set; }

        public void Begin()
        {
            MessageSource source = Exchange.ClientSource;
            Assert.Equal(LinkStatus.Ok, source.Fill(BlockPool.SmallBytes, BlockPool.LargeBytes));
            Assert.Equal(ParseStatus.Complete,
                RequestHeadReader.Read(source.Unread, HeadLimits.Default, Exchange.Request));
            source.Pin(Exchange.Request.Length);
            source.StartBody(Exchange.Request.Framing, Exchange.Request.ContentLength);
            Status = _engine.Pipeline.Begin(Exchange);
        }

        public void OnLinkReady(ByteLink link) => Status = RequestPipeline.Advance(Exchange);

        public void End()
        {
            Forwarder.Abandon(Exchange);
            Exchange.Unbind();
            _engine.Shard.Return(Exchange);
        }
    }
}
