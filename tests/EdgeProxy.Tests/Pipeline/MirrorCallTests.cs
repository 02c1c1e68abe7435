using System;
using System.Linq;
using System.Reflection;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>A copy of a request as an object that is used again.</summary>
public sealed class MirrorCallTests
{
    // What a call keeps for life.
    private static readonly string[] s_kept =
        ["_shard", "_timer", "_response", "_source", "_sink", "_head", "_body"];

    [Theory]
    [InlineData("dropped")]
    [InlineData("too long")]
    [InlineData("refused")]
    public void GivenBack_AfterUse_EqualsAFreshOne(string how)
    {
        using var engine = new Engine();
        var service = new Service(
            new ServiceSettings { Name = "m", Servers = [new ServerSettings("127.0.0.1", 1, 1)] },
            [new Server("m", "127.0.0.1", 1, loopCount: 1)],
            [new ServiceShard(0, 1)]);
        Exchange exchange = engine.Shard.Rent();
        var link = new MemoryLink();
        exchange.Bind(link, new Owner(), engine.EntryPoint);
        link.Feed("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        exchange.ClientSource.Fill(1024, 2048);
        RequestHeadReader.Read(exchange.ClientSource.Unread, HeadLimits.Default, exchange.Request);
        exchange.ClientSource.Pin(exchange.Request.Length);
        var share = new MemberShare(1);
        Assert.True(share.TryEnter(1));
        MirrorCall call = engine.Shard.Mirrors.Rent();

        call.Begin(exchange, service, service.Servers[0], share, bodyBytesMax: how == "too long" ? 4 : 5);
        call.Take("hel"u8);
        call.Restart();
        call.Take("hello"u8);
        call.Next = call;
        if (how == "dropped")
        {
            call.Drop();
        }
        else
        {
            call.Send();
            engine.Turn();
            engine.Turn();
        }

        var fresh = new MirrorCall(engine.Shard);
        foreach (FieldInfo field in typeof(MirrorCall).GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Where(field => !s_kept.Contains(field.Name)))
        {
            // A time is only compared with others of the same use.
            Assert.True(
                field.Name == "_startedMs" || Equals(field.GetValue(fresh), field.GetValue(call)), field.Name);
        }

        foreach (string body in (string[])["_head", "_body"])
        {
            FieldInfo field = typeof(MirrorCall).GetField(body, BindingFlags.Instance | BindingFlags.NonPublic)!;
            Assert.Equal(0, ((HeldBody)field.GetValue(call)!).Length);
        }

        Assert.True(share.TryEnter(1));
        Assert.Same(call, engine.Shard.Mirrors.Rent());
        exchange.Unbind();
        engine.Shard.Return(exchange);
    }

    private sealed class Owner : EdgeProxy.Transport.ILinkOwner
    {
        public void OnLinkReady(EdgeProxy.Transport.ByteLink link)
        {
        }
    }
}
