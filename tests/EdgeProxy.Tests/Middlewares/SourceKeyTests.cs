using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Http;
using Xunit;

namespace EdgeProxy.Tests.Middlewares;

public sealed class SourceKeyTests
{
    private static readonly FieldName Tenant = FieldName.Of("X-Tenant");

    private readonly SourceKey _both = new(new SourceSettings
    {
        Parts = new Sequence<SourcePart>([new(SourceKind.Host), new(SourceKind.Header, Tenant)]),
    });

    [Fact]
    public void Parts_HaveToBeAlikeInEach()
    {
        ulong one = Key("a.test", "X-Tenant: t\r\n");

        Assert.Equal(one, Key("A.test", "x-tenant: t\r\nX-Other: 1\r\n"));
        Assert.NotEqual(one, Key("b.test", "X-Tenant: t\r\n"));
        Assert.NotEqual(one, Key("a.test", "X-Tenant: u\r\n"));
        Assert.NotEqual(one, Key("a.test", ""));
        Assert.NotEqual(Key("t", "X-Tenant: a.test\r\n"), one); // nor the other way round
    }

    // A client could else take itself out of its limit, or into another's.
    [Fact]
    public void Header_WhatWasAssertedCounts_NotWhatTheClientSays()
    {
        using var bench = new MiddlewareBench("GET / HTTP/1.1\r\nHost: a.test\r\nX-Tenant: forged\r\n\r\n");
        bench.Exchange.RequestEdits.Set(Tenant, "t"u8);
        Assert.Equal(Key("a.test", "X-Tenant: t\r\n"), _both.Of(bench.Exchange));

        bench.Exchange.RequestEdits.Remove(Tenant);
        Assert.Equal(Key("a.test", ""), _both.Of(bench.Exchange));
    }

    [Fact]
    public void Consumer_IsCountedByName()
    {
        var key = new SourceKey(new SourceSettings { Parts = new([new SourcePart(SourceKind.Consumer)]) });
        using MiddlewareBench one = MiddlewareBench.Get("/");
        using MiddlewareBench same = MiddlewareBench.Get("/x");
        one.Exchange.Consumer = new Consumer("shop");
        same.Exchange.Consumer = new Consumer("shop");
        ulong ofShop = key.Of(one.Exchange);
        Assert.Equal(ofShop, key.Of(same.Exchange));

        same.Exchange.Consumer = new Consumer("till");
        Assert.NotEqual(ofShop, key.Of(same.Exchange));
    }

    [Fact]
    public void Of_SeveralParts_AllocatesNothing()
    {
        using var bench = new MiddlewareBench("GET / HTTP/1.1\r\nHost: a.test\r\nX-Tenant: t\r\n\r\n");
        ulong sum = 0;
        Allocations.AssertNone(() =>
        {
            for (int i = 0; i < 200; i++)
            {
                sum += _both.Of(bench.Exchange);
            }
        });
        Assert.NotEqual(0UL, sum);
    }

    private ulong Key(string host, string fields)
    {
        using var bench = new MiddlewareBench($"GET / HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");
        return _both.Of(bench.Exchange);
    }
}
