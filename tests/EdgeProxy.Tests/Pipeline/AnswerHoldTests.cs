using System;
using System.Linq;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Tests.Middlewares;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>An answer that is kept back until it says something.</summary>
public sealed class AnswerHoldTests : IDisposable
{
    private readonly MiddlewareBench _bench = MiddlewareBench.Get("/");
    private readonly MemoryLink _server = new();
    private readonly QuietCall _call = new();

    private Exchange Exchange => _bench.Exchange;

    [Fact]
    public void Advance_PiecesWithoutContent_AreReadSomeATurn()
    {
        const int Pieces = 1_000;
        Begin(string.Concat(Enumerable.Repeat("1\r\nx\r\n", Pieces)) + "0\r\n\r\n");

        int turns = 1;
        while (!AnswerHold.Advance(Exchange, _call, out _))
        {
            Assert.True(Exchange.ResponsePump == PumpStatus.Yield || _server.MayRead, "it waits for what is here");
            Assert.InRange(_call.Taken, turns, 64 * turns);
            turns++;
        }

        Assert.Equal(Pieces, _call.Taken);
        Assert.InRange(turns, Pieces / 64, Pieces);
    }

    [Fact]
    public void Advance_NothingMoreThere_WaitsAndDoesNotTurn()
    {
        Begin(string.Concat(Enumerable.Repeat("1\r\nx\r\n", 40)));

        Assert.False(AnswerHold.Advance(Exchange, _call, out _));
        Assert.Equal(PumpStatus.Yield, Exchange.ResponsePump);
        Assert.False(AnswerHold.Advance(Exchange, _call, out _));

        Assert.Equal(PumpStatus.WaitSource, Exchange.ResponsePump);
        Assert.True(Exchange.Fault.IsNone);
    }

    // Without response_timeout nothing else would end it.
    [Fact]
    public void Deadline_OfAHeldAnswer_IsTheIdleTimeout()
    {
        Begin("1\r\nx\r\n");
        var settings = new ServiceSettings
        {
            Name = "s",
            Servers = [new ServerSettings("127.0.0.1", 1, 1)],
            ResponseTimeout = TimeSpan.Zero,
            ResponseIdleTimeout = TimeSpan.FromSeconds(7),
        };
        Exchange.Service = new Service(settings, [new Server("s", "127.0.0.1", 1, 1)], [new ServiceShard(0, 1)]);
        Exchange.Phase = ExchangePhase.Forwarding;
        Exchange.IsRequestSent = true;
        Exchange.UpstreamReadMs = 1_000;

        Assert.Equal(8_000, Deadlines.Next(Exchange, 1_000, out FaultKind kind));
        Assert.Equal(FaultKind.ResponseIdleTimeout, kind);
    }

    public void Dispose()
    {
        Exchange.UpstreamSource.Unbind();
        _call.Output.Release();
        _bench.Dispose();
    }

    private void Begin(string body)
    {
        MessageSource source = Exchange.UpstreamSource;
        source.Bind(_server, Exchange.Shard.Loop.Blocks, HeadLimits.Default);
        Exchange.Hold(_call.Output, budget: null);
        _server.Feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body);
        Assert.Equal(LinkStatus.Ok, source.Fill(BlockPool.LargeBytes, BlockPool.LargeBytes));
        Assert.Equal(ParseStatus.Complete,
            ResponseHeadReader.Read(source.Unread, HeadLimits.Default, Method.Get, Exchange.Response));
        AnswerHold.Start(Exchange);
    }

    /// <summary>Nothing of the answer is content, and nothing of it is the client's.</summary>
    private sealed class QuietCall : BodyCall
    {
        public int Taken { get; private set; }

        public override bool HasContent => false;

        public override Verdict OnBody(Exchange exchange) => Verdict.Next;

        public override void OnBodyRefused(Exchange exchange, bool isTooLong)
        {
        }

        public override bool Forwards(ReadOnlySpan<byte> fieldName) => false;

        public override void OnAnswer(Exchange exchange)
        {
        }

        public override void Hold(ReadOnlySpan<byte> payload) => Take(payload);

        public override void Take(ReadOnlySpan<byte> payload) => Taken += payload.Length;

        public override void TakeEnd()
        {
        }

        public override LocalAnswer? AnswerTo(Exchange exchange, int status, string detail) => null;

        public override void OnEnd(Exchange exchange)
        {
        }
    }
}
