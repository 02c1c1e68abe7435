using System;
using System.Collections.Generic;
using System.Text;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>What step (7) tells of an exchange, and what of which exchange.</summary>
public sealed class RecorderTests
{
    private const string Get = "GET /a/b?c=d HTTP/1.1\r\nHost: shop.test:81\r\nUser-Agent: x/1\r\nX-Request-Id: id7\r\n\r\n";
    private const string Ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private const string Bad = "HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n";

    private static readonly TelemetrySettings s_logged = new()
    {
        AccessLog = new AccessLogSettings
        {
            Fields = new Sequence<LoggedField>(
            [
                new LoggedField(FieldName.Of("Referer"), ValueTelling.Keep),
                new LoggedField(FieldName.Of("User-Agent"), ValueTelling.Keep),
            ]),
        },
    };

    [Fact]
    public void Answered_EveryFactIsTold()
    {
        using Engine engine = With(s_logged);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed(Get);
        engine.PassSeconds(0.2);
        server.Feed(Ok);

        Told told = Assert.Single(Read(engine));
        RequestRecord record = told.Record;
        Assert.Equal((RecordUse.Log, Method.Get, FaultKind.None, (short)200, (short)1),
            (record.Uses, record.Method, record.Fault, record.Status, record.TryCount));
        Assert.Equal(("web", "r", "s", null, "test"),
            (record.EntryPoint, record.Router, record.Service, record.Consumer, record.ConfigHash));
        Assert.Equal((200_000, 0, client.WrittenText.Length, Get.Length),
            (record.DurationUs, record.OverheadUs, record.BytesSent, record.BytesReceived));
        Assert.Equal(("192.0.2.7", 40_000), (record.Client.ToString(), record.ClientPort));
        Assert.Equal(("GET", "shop.test:81", "/a/b", "c=d", "id7", "1=x/1"),
            (told.Method, told.Host, told.Path, told.Query, told.RequestId, told.Fields));
        TryRecord attempt = record.Tries[0];
        Assert.Equal((engine.Server.Name, (short)200, FaultKind.None, true, 200_000),
            (attempt.Server, attempt.Status, attempt.Fault, attempt.IsReused, attempt.EndedUs - attempt.StartedUs));
        Assert.False(record.IsTraced);
    }

    [Fact]
    public void HeadIsGoneByTheEnd_ItsTextsAreToldAllTheSame()
    {
        using Engine engine = With(s_logged);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();

        client.Feed("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        server.Feed("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        client.FeedEnd();
        server.FeedEnd();

        Told told = Assert.Single(Read(engine));
        Assert.Equal(("/ws", 101, 101), (told.Path, told.Record.Status, told.Record.Tries[0].Status));
    }

    [Fact]
    public void Durations_AreCountedByRouteAndServer()
    {
        using Engine engine = With(TelemetrySettings.Default);
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Get);
        Assert.Equal(1, engine.Shard.ActiveByMethod[(int)Method.Get]);
        engine.PassSeconds(0.3);
        server.Feed(Ok);
        client.Feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
        server.Feed(Bad);

        var sum = new DurationSum();
        Assert.True(engine.Durations.TryRead(Method.Get, 1, sum));
        Assert.Equal((1, 300_000), (sum.Count, sum.SumUs));
        Assert.True(engine.Durations.TryRead(Method.Post, 4, sum));
        Assert.True(engine.Server.Durations.TryRead(Method.Get, 1, sum));
        Assert.Equal((1, 300_000), (sum.Count, sum.SumUs));
        Assert.True(engine.Server.Durations.TryRead(Method.Post, 4, sum));
        Assert.All(engine.Shard.ActiveByMethod, active => Assert.Equal(0, active));
    }

    [Fact]
    public void Unrouted_IsCountedApart_MalformedIsNot()
    {
        using var engine = new Engine(rule: "Host(`b`)");
        engine.Accept().Feed(Get);
        engine.Accept().Feed("GET\r\n\r\n");

        var sum = new DurationSum();
        Assert.True(engine.Unrouted.TryRead(Method.Get, 3, sum));
        Assert.Equal(1, sum.Count);
        Assert.False(engine.Durations.TryRead(Method.Get, 3, sum));
    }

    [Fact]
    public void ClientLeaves_IsTold()
    {
        using Engine engine = With(s_logged);
        engine.Idle();
        MemoryLink client = engine.Accept();
        client.Feed(Get);

        client.Break();

        Told told = Assert.Single(Read(engine));
        Assert.Equal((FaultKind.ClientGone, 0), (told.Record.Fault, told.Record.Status));
        var sum = new DurationSum();
        Assert.True(engine.Durations.TryRead(Method.Get, Outcome.Cancelled, sum));
    }

    [Theory]
    [InlineData("5", 0, 0UL, Ok, 0.0, false)]
    [InlineData("5", 0, 0UL, Bad, 0.0, true)]
    [InlineData("", 200, 0UL, Ok, 0.1, false)]
    [InlineData("", 200, 0UL, Ok, 0.2, true)]
    [InlineData("5", 200, 0UL, Ok, 0.2, true)]
    [InlineData("5", 200, 1UL << 32, Ok, 0.0, true)]
    public void Filters_AnyReasonWillDo(
        string statuses, long minDurationMs, ulong otherLots, string answer, double seconds, bool isTold)
    {
        using Engine engine = With(new TelemetrySettings
        {
            AccessLog = new AccessLogSettings
            {
                Statuses = statuses == "5" ? new StatusSet(new StatusRange(500, 599)) : null,
                MinDurationMs = minDurationMs,
                OtherLots = otherLots,
            },
        });
        MemoryLink server = engine.Idle();
        engine.Accept().Feed(Get);
        engine.PassSeconds(seconds);
        server.Feed(answer);

        Assert.Equal(isTold ? 1 : 0, Read(engine).Count);
    }

    [Theory]
    [InlineData(1.0, false, 0, Ok, true)]
    [InlineData(0.0, true, 0, Ok, false)]
    [InlineData(0.0, true, 0, Bad, true)]
    [InlineData(0.0, false, 0, Bad, false)]
    [InlineData(0.0, false, 500, Ok, true)]
    [InlineData(0.0, false, 501, Ok, false)]
    public void Traces_SampledOrRemarkable(double ratio, bool errors, long slowMs, string answer, bool isTold)
    {
        using Engine engine = With(new TelemetrySettings
        {
            Traces = new TraceSettings { Ratio = TraceRatio.Of(ratio), Errors = errors, SlowMs = slowMs },
        });
        MemoryLink server = engine.Idle();
        engine.Accept().Feed(Get);
        engine.PassSeconds(0.5);
        server.Feed(answer);

        List<Told> told = Read(engine);
        Assert.Equal(isTold ? 1 : 0, told.Count);
        if (isTold)
        {
            RequestRecord record = told[0].Record;
            Assert.Equal((RecordUse.Trace, true), (record.Uses, record.IsTraced));
            Assert.NotEqual(record.Trace.Span, record.Tries[0].Span);
            Assert.Contains(record.Tries[0].Span.ToString("x16"), server.WrittenText);
        }
    }

    [Fact]
    public void SampledTrace_IsAnExampleOfItsBucket()
    {
        using Engine engine = With(new TelemetrySettings { Traces = new TraceSettings { Ratio = TraceRatio.Of(1) } });
        MemoryLink server = engine.Idle();
        engine.Accept().Feed(Get);
        server.Feed(Ok);

        var sum = new DurationSum();
        Assert.True(engine.Durations.TryRead(Method.Get, 1, sum));
        Assert.Equal(Assert.Single(Read(engine)).Record.Trace, sum.Exemplars[0].Trace);
    }

    [Fact]
    public void Tailed_EveryRequestIsTold()
    {
        using Engine engine = With(TelemetrySettings.Default);
        engine.Shard.IsTailed = true;
        MemoryLink server = engine.Idle();
        engine.Accept().Feed(Get);
        server.Feed(Ok);

        Assert.Equal(RecordUse.Tail, Assert.Single(Read(engine)).Record.Uses);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void Warm_AllocatesNoMoreThanWithoutTelemetry(double ratio)
    {
        using var plain = new Engine();
        using Engine engine = With(new TelemetrySettings
        {
            AccessLog = s_logged.AccessLog,
            Traces = new TraceSettings { Ratio = TraceRatio.Of(ratio) },
        });

        Assert.Equal(AllocatedBy(plain), AllocatedBy(engine));
    }

    // By a round of exchanges in the steady state; the links of the rig allocate, too.
    private static long AllocatedBy(Engine engine)
    {
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        byte[] request = Encoding.ASCII.GetBytes(Get);
        byte[] answer = Encoding.ASCII.GetBytes(Ok);
        long least = long.MaxValue;
        for (int round = 0; round < 10; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20; i++)
            {
                client.Feed(request);
                server.Feed(answer);
                client.ClearWritten();
                server.ClearWritten();
                while (engine.Shard.Records?.TryRead(out _) == true)
                {
                    engine.Shard.Records.Release();
                }
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        return least;
    }

    private static Engine With(TelemetrySettings settings)
    {
        var engine = new Engine(telemetry: settings);
        engine.Shard.Records = new RequestRing(TelemetryLimits.RingRecords, TelemetryLimits.RingTextBytes);
        return engine;
    }

    private static List<Told> Read(Engine engine)
    {
        var all = new List<Told>();
        RequestRing ring = engine.Shard.Records!;
        while (ring.TryRead(out RecordView view))
        {
            var fields = new StringBuilder();
            FieldReading reading = view.Fields;
            while (reading.Next())
            {
                fields.Append(reading.Index).Append('=').Append(Encoding.ASCII.GetString(reading.Value));
            }

            all.Add(new Told(
                view.Record, Text(view.Method), Text(view.Host), Text(view.Path), Text(view.Query),
                Text(view.RequestId), fields.ToString()));
            ring.Release();
        }

        return all;
    }

    private static string Text(ReadOnlySpan<byte> bytes) => Encoding.ASCII.GetString(bytes);

    private sealed record Told(
        RequestRecord Record, string Method, string Host, string Path, string Query, string RequestId, string Fields);
}
