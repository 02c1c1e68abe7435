using System;
using System.Collections.Generic;
using System.Net.Security;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// Servers that speak HTTP/2: what they refuse goes on elsewhere, what they may have done is not repeated.
/// </summary>
public sealed class Http2ServerTests
{
    private const string Post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello";

    [Fact]
    public async Task RefusedStream_IsTriedAgain_WhateverTheMethod()
    {
        var seen = new List<int>();
        await using RawServer server = Serve((stream, write) =>
        {
            seen.Add(stream);
            _ = seen.Count == 1 ? write.Reset(stream, Http2Error.RefusedStream) : Ok(write, stream);
        });
        await using ProxyProcess proxy = await StartAsync(server);

        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Post, "POST")).Status);
        Assert.Equal([1, 3], seen);
    }

    [Fact]
    public async Task GoAway_SendsWhatWasNotDone_ToAnotherConnection()
    {
        int connections = 0;
        await using RawServer server = Serve((stream, write) =>
        {
            connections++;
            _ = connections == 1
                ? write.Frame(FrameType.GoAway, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
                : Ok(write, stream);
        });
        await using ProxyProcess proxy = await StartAsync(server);

        Assert.Equal(200, (await RawClient.OnceAsync(proxy.Port, Post, "POST")).Status);
        Assert.Equal(2, server.ConnectionCount);
    }

    [Fact]
    public async Task ServerThatRefusesAlways_IsA502()
    {
        int seen = 0;
        await using RawServer server = Serve((stream, write) =>
        {
            seen++;
            write.Reset(stream, Http2Error.RefusedStream);
        });
        await using ProxyProcess proxy = await StartAsync(server);

        Assert.Equal(502, (await RawClient.OnceAsync(proxy.Port, Post, "POST")).Status);
        Assert.InRange(seen, 2, 4);
    }

    [Theory]
    [InlineData((int)Http2Error.Internal)]
    [InlineData((int)Http2Error.Cancel)]
    public async Task ResetStream_IsA502_AndNotRepeated(int error)
    {
        int seen = 0;
        await using RawServer server = Serve((stream, write) =>
        {
            seen++;
            write.Reset(stream, (Http2Error)error);
        });
        await using ProxyProcess proxy = await StartAsync(server);

        Assert.Equal(502, (await RawClient.OnceAsync(proxy.Port, Post, "POST")).Status);
        Assert.Equal(1, seen);
        await proxy.ExpectMetricAsync(1, "edgeproxy_upstream_connects_total");
    }

    // What a server did to a stream says nothing of the connection's age: nobody asked for another try.
    [Theory]
    [InlineData((int)Http2Error.Internal)]
    [InlineData((int)Http2Error.EnhanceYourCalm)]
    public async Task ResetStream_OfAConnectionInUse_IsNotTakenForAStaleOne(int error)
    {
        int seen = 0;
        await using RawServer server = Serve((stream, write) =>
            _ = ++seen == 1 ? Ok(write, stream) : write.Reset(stream, (Http2Error)error));
        await using ProxyProcess proxy = await StartAsync(server);

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(502, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(2, seen);
        await proxy.ExpectMetricAsync(0, "edgeproxy_upstream_stale_total");
    }

    [Theory]
    [InlineData("content-length: 9", "short")]
    [InlineData("content-length: 2", "long!")]
    [InlineData("Upper: 1", "x")]
    [InlineData("connection: close", "x")]
    [InlineData("x: a\r\ny: b", "x")]
    public async Task MalformedAnswer_ReachesNobodyWhole(string field, string body)
    {
        await using RawServer server = Serve((stream, write) =>
            write.Headers(stream, false, ":status: 200", field).Data(stream, body, isEnd: true));
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();
        await client.SendAsync("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
        RawResponse head = await client.ReadHeadAsync();

        if (head.Status == 200)
        {
            Assert.NotEqual(9, (await client.ReadToEndAsync()).Length);
        }
        else
        {
            Assert.Equal(502, head.Status);
        }
    }

    [Fact]
    public async Task SecureServer_WithoutHttp2_IsA502_AndSaysWhy()
    {
        using var keys = new TestKeys();
        SslServerAuthenticationOptions tls = TestKeys.Server(keys.Make("server", ["127.0.0.1"]));
        tls.ApplicationProtocols = [SslApplicationProtocol.Http11];
        await using RawServer server = RawServer.StartTls(
            static async connection => await connection.Wire.ReadToEndAsync(), tls);
        server.ToleratesFaults = true;
        await using ProxyProcess proxy = await StartAsync(server, "h2", $"tls = {{ ca = \"{keys.AuthorityFile}\" }}");

        Assert.Equal(502, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    [Fact]
    public async Task SlowClient_HoldsUpItsOwnStream_AndNoOther()
    {
        await using RawServer server = Serve((stream, write) =>
        {
            write.Headers(stream, false, ":status: 200");
            for (int i = 0; i < 4; i++)
            {
                write.Data(stream, new string('x', 16_000));
            }

            write.Data(stream, "end", isEnd: true);
        });
        await using ProxyProcess proxy = await StartAsync(server);
        var slow = new List<RawClient>();
        for (int i = 0; i < 20; i++)
        {
            RawClient client = await RawClient.ConnectAsync(proxy.Port, receiveBytes: 4096);
            await client.SendAsync("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            slow.Add(client);
        }

        RawResponse other = await RawClient.GetAsync(proxy.Port);
        Assert.Equal(64_003, other.Body.Length);
        Assert.Equal(1, server.ConnectionCount);
        slow.ForEach(static client => client.Dispose());
    }

    [Fact]
    public async Task Reload_WithoutTheServer_EndsItsConnections()
    {
        await using RawServer server = Serve((stream, write) => Ok(write, stream));
        await using RawServer other = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        await server.WaitForOpenAsync(1);
        await proxy.ReloadAsync(proxy.Config.ToToml().Replace(
            $"h2c://127.0.0.1:{server.Port}", $"http://127.0.0.1:{other.Port}", StringComparison.Ordinal));

        await server.WaitForOpenAsync(0);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
    }

    private static FrameWriter Ok(FrameWriter write, int stream) =>
        write.Headers(stream, false, ":status: 200", "content-length: 2").Data(stream, "ok", isEnd: true);

    private static Task<ProxyProcess> StartAsync(RawServer server, string scheme = "h2c", string service = "") =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"

                [services.app]
                servers = [{ url = "{{scheme}}://127.0.0.1:{{server.Port}}" }]
                {{service}}
                """,
        });

    // Told of each request once it is whole.
    private static RawServer Serve(Action<int, FrameWriter> onRequest) => Http2Script.Serve((frame, write) =>
    {
        if (frame.IsEnd)
        {
            onRequest(frame.StreamId, write);
        }
    });
}
