using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Transport.Http2;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>One connection to a server carries the requests of many: what becomes of one is no other's harm.</summary>
public sealed class Http2SharedServerTests
{
    private const string Get = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static readonly byte[] TwoStreams = [0, 3, 0, 0, 0, 2];
    private static readonly byte[] OneStream = [0, 3, 0, 0, 0, 1];

    [Fact]
    public async Task ClientsThatLeave_EndNobodyElsesRequest()
    {
        const int Leaving = 60;
        var asked = new List<int>();
        int resets = 0;
        bool isHeard = false;
        await using RawServer server = Http2Script.Serve((frame, write) =>
        {
            if (frame.IsEnd && resets == Leaving)
            {
                Ok(write, frame.StreamId);
            }
            else if (frame.IsEnd)
            {
                asked.Add(frame.StreamId);
                if (asked.Count == 1 + Leaving)
                {
                    write.Frame(FrameType.Ping, 0, 0, new byte[8]); // it is there, whoever gives up
                }
            }
            else if (frame.Type == FrameType.Ping)
            {
                isHeard = true;
            }
            else if (frame.Type == FrameType.ResetStream && ++resets == Leaving)
            {
                // As if they had been on their way, the last of all to somebody who waits.
                foreach (int id in asked.Skip(1))
                {
                    write.Headers(id, false, ":status: 200").Data(id, "late").Headers(id, true, "x-sum: 1");
                }

                Ok(write, asked[0]);
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient waiting = await proxy.ConnectAsync();
        await waiting.SendAsync("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n");
        await Eventually.TrueAsync(() => asked.Count == 1, "the first request");
        var leaving = new List<RawClient>();
        for (int i = 0; i < Leaving; i++)
        {
            RawClient client = await proxy.ConnectAsync();
            await client.SendAsync(Get);
            leaving.Add(client);
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref isHeard), "all requests");
        leaving.ForEach(static client => client.Wire.Reset());

        Assert.Equal(200, (await waiting.ReadHeadAsync()).Status);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task AnswerThatEndsInAFrameOfItsOwn_IsNotCancelled()
    {
        var seen = new ConcurrentQueue<FrameType>();
        int last = 0;
        await using RawServer server = Http2Script.Serve((frame, write) =>
        {
            seen.Enqueue(frame.Type);
            if (frame.IsEnd)
            {
                // With the next question, so that it comes when the answer was read.
                _ = last > 0 ? write.Data(last, "", isEnd: true) : write;
                last = frame.StreamId;
                write.Headers(last, false, ":status: 200", "content-length: 2").Data(last, "ok");
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient client = await proxy.ConnectAsync();
        int slow = 0; // a machine that stood still for so long
        long lastMs = Environment.TickCount64;
        for (int i = 0; i < 20; i++)
        {
            Assert.Equal("ok", (await client.RequestAsync(Get)).BodyText);
            long nowMs = Environment.TickCount64;
            slow += nowMs - lastMs >= Http2Limits.EndAwaitedMs ? 1 : 0;
            lastMs = nowMs;
        }

        Assert.Equal(20, seen.Count(static type => type == FrameType.Headers));
        Assert.InRange(seen.Count(static type => type == FrameType.ResetStream), 0, slow);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Theory]
    [InlineData("large")]
    [InlineData("malformed")]
    public async Task BadAnswers_CostTheirOwnRequests(string kind)
    {
        const int Requests = 250; // more resets than a client may cause at once
        string[] fields = kind == "malformed"
            ? [":status: 200", "connection: close"]
            : [":status: 200", .. Enumerable.Range(0, 5).Select(static i => $"x-{i}: {new string('y', 16_000)}")];
        byte[] section = FrameWriter.Section(fields);
        int waiting = 0;
        int count = 0;
        await using RawServer server = Http2Script.Serve((frame, write) =>
        {
            if (!frame.IsEnd)
            {
                return;
            }

            if (waiting == 0)
            {
                waiting = frame.StreamId;
                return;
            }

            Add(write, frame.StreamId, section);
            if (++count == Requests)
            {
                Ok(write, waiting);
            }
        });
        await using ProxyProcess proxy = await StartAsync(server);
        using RawClient patient = await proxy.ConnectAsync();
        await patient.SendAsync(Get);
        await Eventually.TrueAsync(() => waiting > 0, "the first request");
        using RawClient client = await proxy.ConnectAsync();
        for (int i = 0; i < Requests; i++)
        {
            Assert.Equal(502, (await client.RequestAsync(
                "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n")).Status);
        }

        Assert.Equal(200, (await patient.ReadHeadAsync()).Status);
        Assert.Equal(1, server.ConnectionCount);
    }

    [Fact]
    public async Task ServerOfFewStreams_IsFoundOutAtOnce_AndNothingFails()
    {
        int refused = 0;
        await using RawServer server = Http2Script.Serve(() =>
        {
            int open = 0;
            return (frame, write) =>
            {
                if (frame.IsEnd && open == 2)
                {
                    Interlocked.Increment(ref refused);
                    write.Reset(frame.StreamId, Http2Error.RefusedStream);
                }
                else if (frame.IsEnd)
                {
                    // What is asked because this answer came is asked behind the ping's acknowledgement.
                    open++;
                    Ok(write.Frame(FrameType.Ping, 0, 0, new byte[8]), frame.StreamId);
                }
                else if (frame.Type == FrameType.Ping)
                {
                    open--;
                }
            };
        }, TwoStreams);
        await using ProxyProcess proxy = await StartAsync(server);
        RawClient[] clients = await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => proxy.ConnectAsync()));
        await Task.WhenAll(clients.Select(static client => client.SendAsync(
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n")));
        foreach (RawClient client in clients)
        {
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            client.Dispose();
        }

        Assert.InRange(refused, 0, Http2Limits.StreamsBeforeTerms - 2);
    }

    [Fact]
    public async Task IdleConnections_AreNoMoreThanAreKept()
    {
        const int Held = 5;
        int heads = 0;
        await using RawServer server = Http2Script.Serve((frame, write) =>
        {
            _ = frame.Type == FrameType.Headers ? Interlocked.Increment(ref heads) : 0;
            _ = frame.IsEnd ? Ok(write, frame.StreamId) : write;
        }, OneStream);
        await using ProxyProcess proxy = await StartAsync(server, "idle_connections_max = 1");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status); // it said how many streams it takes
        var clients = new List<RawClient>();
        for (int i = 0; i < Held; i++)
        {
            RawClient client = await proxy.ConnectAsync();
            await client.SendAsync("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n\r\n");
            clients.Add(client);
            await Eventually.TrueAsync(() => Volatile.Read(ref heads) == 2 + i, "the next head");
        }

        Assert.Equal(Held, server.OpenCount);
        foreach (RawClient client in clients)
        {
            await client.SendAsync("x");
            Assert.Equal(200, (await client.ReadHeadAsync()).Status);
            client.Dispose();
        }

        await server.WaitForOpenAsync(1);
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port)).Status);
        Assert.Equal(Held, server.ConnectionCount);
    }

    [Fact]
    public async Task Tunnel_IsNotAskedOfAServerOfHttp2()
    {
        int seen = 0;
        await using RawServer server = Http2Script.Serve((frame, write) =>
        {
            seen += frame.Type == FrameType.Headers ? 1 : 0;
            _ = frame.IsEnd ? Ok(write, frame.StreamId) : write;
        });
        await using ProxyProcess proxy = await StartAsync(server, entryPoint: "h2c = true");
        using Http2Wire client = await Http2Wire.ConnectAsync(proxy.Port);
        client.Write.Headers(1, false, ":method: CONNECT", ":protocol: websocket", ":scheme: http", ":path: /chat",
            ":authority: a.test", "sec-websocket-version: 13");
        await client.SendAsync();
        await client.EndOfAsync(1);
        client.Write.Request(3);
        await client.SendAsync();
        await client.EndOfAsync(3);

        Assert.Equal((501, 200, 1), (client.Status(1), client.Status(3), seen));
    }

    private static void Add(FrameWriter write, int id, ReadOnlySpan<byte> section)
    {
        FrameType type = FrameType.Headers;
        while (!section.IsEmpty)
        {
            int part = Math.Min(section.Length, FrameHeader.PayloadBytesDefault);
            write.Frame(type, part == section.Length ? FrameFlags.EndHeaders : 0, id, section[..part]);
            section = section[part..];
            type = FrameType.Continuation;
        }

        write.Data(id, "", isEnd: true);
    }

    private static FrameWriter Ok(FrameWriter write, int stream) =>
        write.Headers(stream, false, ":status: 200", "content-length: 2").Data(stream, "ok", isEnd: true);

    private static Task<ProxyProcess> StartAsync(RawServer server, string service = "", string entryPoint = "") =>
        ProxyProcess.StartAsync(new ProxyConfig
        {
            IsBare = true,
            EntryPoint = entryPoint,
            More = $$"""
                [routers.all]
                rule = "PathPrefix(`/`)"
                service = "app"

                [services.app]
                servers = [{ url = "h2c://127.0.0.1:{{server.Port}}" }]
                {{service}}
                """,
        });
}
