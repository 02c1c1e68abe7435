using System;
using System.Collections.Generic;
using System.Threading.Tasks;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>
/// Which middleware hears of what: on the way in, of the answer, of the end, and when it has to wait for work done off
/// the loop.
/// </summary>
public sealed class MiddlewareChainTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private static readonly LocalAnswer s_teapot = new(418, "text/plain", "tea"u8.ToArray());

    private readonly List<string> _heard = [];

    [Fact]
    public void Forwarded_EachHearsInItsOrder()
    {
        using Engine engine = With(_ => Verdict.Next, _ => Verdict.Next);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed(Get);
        server.Feed(Ok);

        Assert.EndsWith("\r\n\r\nok", client.WrittenText);
        Assert.Equal(["0 in", "1 in", "1 out 200", "0 out 200", "1 end", "0 end"], _heard);
    }

    [Fact]
    public void Answered_OnlyTheOuterOnesHearOfIt()
    {
        using Engine engine = With(_ => Verdict.Next, exchange => exchange.Answer(s_teapot), _ => Verdict.Next);
        MemoryLink client = engine.Accept();

        client.Feed(Get);

        Assert.StartsWith("HTTP/1.1 418 ", client.WrittenText);
        Assert.Equal(["0 in", "1 in", "0 out 418", "0 end"], _heard);
    }

    [Fact]
    public void Refused_IsAnAnswerToo()
    {
        using Engine engine = With(_ => Verdict.Next, exchange => exchange.Reject(RejectReason.TargetTooLong));
        MemoryLink client = engine.Accept();

        client.Feed(Get);

        Assert.StartsWith("HTTP/1.1 414 ", client.WrittenText);
        Assert.Equal(["0 in", "1 in", "0 out 414", "0 end"], _heard);
    }

    [Theory]
    [InlineData(true, "HTTP/1.1 200 ", "0 in", "1 in", "1 out 200", "0 out 200", "1 end", "0 end")]
    [InlineData(false, "HTTP/1.1 418 ", "0 in")]
    public void Pending_GoesOnWhenTheWorkIsDone(bool passes, string status, params string[] heard)
    {
        var work = new TaskCompletionSource<Func<Exchange, Verdict>>();
        using Engine engine = With(exchange => Deferred.Start(exchange, new(work.Task)), _ => Verdict.Next);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Get);
        engine.PassSeconds(1);
        Assert.Equal("", client.WrittenText);

        work.SetResult(exchange => passes ? Verdict.Next : exchange.Answer(s_teapot));
        engine.Turn();
        server.Feed(Ok);

        Assert.StartsWith(status, client.WrittenText);
        Assert.Equal(heard, _heard);
    }

    [Fact]
    public void Pending_ClientLeaves_EndIsHeardAndTheResultIsNot()
    {
        var work = new TaskCompletionSource<Func<Exchange, Verdict>>();
        using Engine engine = With(exchange => Deferred.Start(exchange, new(work.Task)));
        MemoryLink client = engine.Accept();
        client.Feed(Get);

        client.Break();
        engine.Turn();
        work.SetResult(_ =>
        {
            _heard.Add("too late");
            return Verdict.Next;
        });
        engine.Turn();

        Assert.Equal(["0 in", "0 end"], _heard);
        Assert.Equal("", client.WrittenText);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Pending_WorkFails_Is500AndTheConnectionGoesOn(bool failsOnTheLoop)
    {
        var work = new TaskCompletionSource<Func<Exchange, Verdict>>();
        bool isFirst = true;
        var engine = With(exchange => isFirst ? Deferred.Start(exchange, new(work.Task)) : Verdict.Next);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Get);
        isFirst = false;

        if (failsOnTheLoop)
        {
            work.SetResult(_ => throw new InvalidOperationException("a bug"));
        }
        else
        {
            work.SetException(new InvalidOperationException("a bug"));
        }

        engine.Turn();
        Assert.StartsWith("HTTP/1.1 500 ", client.WrittenText);
        client.Feed(Get);
        server.Feed(Ok);

        Assert.EndsWith("\r\n\r\nok", client.WrittenText);
        Assert.Equal(1, engine.Loop.Counters.Crashes);
        engine.Loop.Counters.Crashes = 0; // this one was meant
        engine.Dispose();
    }

    private Engine With(params Func<Exchange, Verdict>[] requests)
    {
        var middlewares = new Middleware[requests.Length];
        for (int i = 0; i < middlewares.Length; i++)
        {
            middlewares[i] = new Told(i, requests[i], _heard);
        }

        return new Engine(middlewares: middlewares);
    }

    private sealed class Told(int number, Func<Exchange, Verdict> request, List<string> heard) : Middleware
    {
        public override Verdict OnRequest(Exchange exchange)
        {
            heard.Add($"{number} in");
            return request(exchange);
        }

        public override void OnResponse(Exchange exchange) => heard.Add($"{number} out {exchange.Status}");

        public override void OnEnd(Exchange exchange) => heard.Add($"{number} end");
    }
}
