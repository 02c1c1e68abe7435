using System;
using System.Collections.Generic;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using EdgeProxy.Audit;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Tests.Audit;
using Xunit;

namespace EdgeProxy.Tests.Pipeline.Auditing;

/// <summary>Decision 90: no client has a whole answer before its record is noted, and nothing noted is wrong.</summary>
public sealed class AuditedExchangeTests
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private static readonly AuditSettings s_always = new() { Directory = "", Sync = AuditSync.Always };

    /// <summary>An answer in two parts: the second holds its end; what the client sees of each.</summary>
    public static TheoryData<string, string, string, string> Answers() => new()
    {
        { "Content-Length: 4\r\n\r\nab", "cd", "ab", "abcd" },
        { "Content-Length: 4\r\n\r\n", "abcd", "", "abcd" },
        { "", "Content-Length: 0\r\n\r\n", "", "" },
        { "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", "0\r\n\r\n", "2\r\nab\r\n", "2\r\nab\r\n0\r\n\r\n" },
        { "Transfer-Encoding: chunked\r\n\r\n", "0\r\n\r\n", "", "0\r\n\r\n" },
        { "\r\nab", "END", "2\r\nab\r\n", "2\r\nab\r\n0\r\n\r\n" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void Interval_TheEndOfAnAnswer_LeavesAfterItsRecordIsNoted(
        string first, string last, string begun, string whole)
    {
        using var engine = new AuditedEngine();
        engine.Get();
        engine.Server.Feed(Ok + first);
        Assert.EndsWith(begun, engine.Sent);
        Assert.Empty(engine.Noted());

        engine.Client.WriteRoom = 0;
        Finish(engine, last);

        JsonObject record = engine.TheOne();
        Assert.Equal(200, (int)record["status"]!);
        Assert.DoesNotContain("\r\n\r\n" + whole + "|", engine.Sent + "|");
        engine.Client.WriteRoom = long.MaxValue;
        Assert.EndsWith("\r\n\r\n" + whole, engine.Sent);
        Assert.Empty(engine.Noted());
    }

    [Theory]
    [MemberData(nameof(Answers))]
    public void Always_TheEndOfAnAnswer_WaitsUntilItsRecordIsDurable(
        string first, string last, string begun, string whole)
    {
        using var engine = new AuditedEngine(s_always);
        engine.Get();
        engine.Server.Feed(Ok + first);
        Finish(engine, last);
        engine.Engine.Turn();

        Assert.DoesNotContain("\r\n\r\n" + whole + "|", engine.Sent + "|");
        Assert.Equal(first.Length == 0, engine.Sent.Length == 0);
        Assert.EndsWith(begun, engine.Sent);

        engine.Rig.Log.Start();
        engine.TurnUntil(
            () => engine.Sent.EndsWith("\r\n\r\n" + whole, StringComparison.Ordinal), "the answer did not end");
        Assert.True(engine.Rig.Ring.DurableNumber >= 1);
        Assert.Equal(["start", "exchange"], engine.Rig.Texts(out _));
    }

    [Fact]
    public void Always_ManyInARow_EachWaitsForItsOwn()
    {
        using var engine = new AuditedEngine(s_always);
        engine.Rig.Log.Start();
        for (ulong i = 1; i <= 50; i++)
        {
            engine.Get($"/{i}");
            engine.Server.Feed(Ok + "Content-Length: 2\r\n\r\nok");
            engine.TurnUntil(
                () => engine.Sent.EndsWith("\r\n\r\nok", StringComparison.Ordinal), $"the {i}th answer did not end");
            Assert.True(engine.Rig.Ring.DurableNumber >= i);
            engine.Client.TakeWritten();
        }
    }

    [Fact]
    public void Record_HasWhoAskedForWhatAndHowItEnded()
    {
        using var engine = new AuditedEngine(scope: AuditScope.Digests);
        engine.Client.Feed("POST /orders%20x?id=7&token=hunter2&flag HTTP/1.1\r\nHost: Shop.test:80\r\n"
            + "X-Request-Id: abc-1\r\nContent-Length: 5\r\n\r\nhello");
        engine.Engine.PassSeconds(0.2);
        engine.Server.Feed("HTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nyes");

        JsonObject record = engine.TheOne();

        Assert.Equal(["seq", "time", "node", "kind", "request_id", "config_hash", "client", "router", "service",
            "server", "method", "host", "path", "query", "status", "request_bytes", "request_sha256",
            "response_bytes", "response_sha256", "duration_ms", "tries"], Names(record));
        Assert.Equal("exchange", (string)record["kind"]!);
        Assert.Equal("abc-1", (string)record["request_id"]!);
        Assert.Equal("0123456789abcdef", (string)record["config_hash"]!);
        Assert.Equal("192.0.2.7", (string)record["client"]!);
        Assert.Equal("r", (string)record["router"]!);
        Assert.Equal("s", (string)record["service"]!);
        Assert.Equal(engine.Engine.Server.Authority.ToArray(), Encoding.ASCII.GetBytes((string)record["server"]!));
        Assert.Equal("POST", (string)record["method"]!);
        Assert.Equal("shop.test", (string)record["host"]!);
        Assert.Equal("/orders%20x", (string)record["path"]!);
        Assert.Equal("id=*&token=*&*", (string)record["query"]!);
        Assert.Equal(201, (int)record["status"]!);
        Assert.Equal(5, (int)record["request_bytes"]!);
        Assert.Equal(Hash("hello"), (string)record["request_sha256"]!);
        Assert.Equal(3, (int)record["response_bytes"]!);
        Assert.Equal(Hash("yes"), (string)record["response_sha256"]!);
        Assert.Equal(200, (int)record["duration_ms"]!);
        Assert.Equal(1, (int)record["tries"]!);
        Assert.Contains("\r\nX-Request-Id: abc-1\r\n", engine.Server.WrittenText, StringComparison.Ordinal);
    }

    [Fact]
    public void Record_RequestIdOfOurs_IsTheOneTheServerIsTold()
    {
        using var engine = new AuditedEngine();
        engine.Get(fields: "X-Request-Id: not one of ours\r\n");
        engine.Server.Feed(Ok + "Content-Length: 0\r\n\r\n");

        string id = (string)engine.TheOne()["request_id"]!;
        Assert.Equal(32, id.Length);
        Assert.Contains($"\r\nX-Request-Id: {id}\r\n", engine.Server.WrittenText, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(AuditQuery.Full, "a=1&b")]
    [InlineData(AuditQuery.None, null)]
    public void Record_QueryAsConfigured(object kind, string? query)
    {
        using var engine = new AuditedEngine(new AuditSettings { Directory = "", Query = (AuditQuery)kind });
        engine.Get("/?a=1&b");
        engine.Server.Feed(Ok + "Content-Length: 0\r\n\r\n");

        Assert.Equal(query, (string?)engine.TheOne()["query"]);
    }

    [Fact]
    public void Record_LongPath_IsCutAndItsHashThere()
    {
        using var engine = new AuditedEngine();
        string path = "/" + new string('x', 3000);
        engine.Get(path + "?" + new string('y', 2000) + "=1&z=2");
        engine.Server.Feed(Ok + "Content-Length: 0\r\n\r\n");

        JsonObject record = engine.TheOne();
        Assert.Equal(path[..AuditLimits.PathBytesMax], (string)record["path"]!);
        Assert.Equal(Hash(path), (string)record["path_sha256"]!);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100)]
    public void Digests_OfBodiesInPieces_AreThoseOfTheWhole(int piece)
    {
        using var engine = new AuditedEngine(scope: AuditScope.Digests);
        string body = new('b', 10_000);
        engine.Client.ReadMax = piece;
        engine.Client.WriteMax = piece;
        engine.Client.Feed("PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"{5_000:x}\r\n{body[..5_000]}\r\n{5_000:x}\r\n{body[5_000..]}\r\n0\r\n\r\n");
        engine.TurnUntil(() => engine.Server.WrittenText.EndsWith("\r\n0\r\n\r\n", StringComparison.Ordinal), "sent");
        engine.Server.Feed(Ok + "Content-Length: 10000\r\n\r\n" + body[..20]);
        engine.Server.Feed(body[20..]);
        engine.TurnUntil(() => engine.Engine.Shard.RentedCount == 0, "the answer did not end");

        JsonObject record = engine.TheOne();
        Assert.Equal((10_000, 10_000), ((int)record["request_bytes"]!, (int)record["response_bytes"]!));
        Assert.Equal(Hash(body), (string)record["request_sha256"]!);
        Assert.Equal(Hash(body), (string)record["response_sha256"]!);
    }

    [Fact]
    public void Head_HasNoBodyToCount()
    {
        using var engine = new AuditedEngine(scope: AuditScope.Digests);
        engine.Client.Feed("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
        engine.Server.Feed(Ok + "Content-Length: 44\r\n\r\n");

        JsonObject record = engine.TheOne();
        Assert.Equal(0, (int)record["response_bytes"]!);
        Assert.False(record.ContainsKey("response_sha256"));
    }

    [Fact]
    public void AnswerOfOurOwn_IsRecordedBeforeAnyOfItLeaves()
    {
        using var engine = new AuditedEngine(s_always, AuditScope.Digests);
        engine.Get();
        engine.Server.Feed("nonsense\r\n\r\n");
        Assert.Empty(engine.Sent);

        engine.Rig.Log.Start();
        engine.TurnUntil(() => engine.Sent.Contains("502 Bad Gateway", StringComparison.Ordinal), "no answer");
        engine.Rig.Log.Dispose();
        Assert.Equal(["start", "exchange", "stop"], engine.Rig.Texts(out _));
    }

    [Fact]
    public void AnswerOfOurOwn_SaysWhy()
    {
        using var engine = new AuditedEngine(scope: AuditScope.Digests);
        engine.Get();
        engine.Server.Feed("nonsense\r\n\r\n");

        JsonObject record = engine.TheOne();
        Assert.Equal((502, "upstream_malformed"), ((int)record["status"]!, (string)record["fault"]!));
        string body = engine.Sent[(engine.Sent.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..];
        Assert.Equal(Hash(body), (string)record["response_sha256"]!);
    }

    [Fact]
    public void RefusedByTheRouter_IsRecorded()
    {
        using var engine = new AuditedEngine();
        engine.Get("/a%2Fb");

        JsonObject record = engine.TheOne();
        Assert.Equal((400, "rejected"), ((int)record["status"]!, (string)record["fault"]!));
        Assert.NotEmpty((string)record["reason"]!);
    }

    [Fact]
    public void ClientGone_BeforeTheEnd_IsRecordedWhenItIsCut()
    {
        using var engine = new AuditedEngine();
        engine.Get();
        engine.Server.Feed(Ok + "Content-Length: 100\r\n\r\nhalf");
        engine.Client.Break();

        JsonObject record = engine.TheOne();
        Assert.Equal("exchange", (string)record["kind"]!);
        Assert.Equal("client_gone", (string)record["fault"]!);
        Assert.Equal(4, (int)record["response_bytes"]!);
    }

    [Fact]
    public void ClientGone_AfterItsRecord_IsASecondOne()
    {
        using var engine = new AuditedEngine();
        engine.Get(fields: "X-Request-Id: one\r\n");
        engine.Client.WriteRoom = 10;
        engine.Server.Feed(Ok + "Content-Length: 4\r\n\r\nbody");
        Assert.Equal("exchange", (string)engine.TheOne()["kind"]!);
        engine.Client.Break();

        JsonObject record = engine.TheOne();
        Assert.Equal("exchange_cut", (string)record["kind"]!);
        Assert.Equal(("one", "client_gone"), ((string)record["request_id"]!, (string)record["fault"]!));
    }

    [Fact]
    public void Drained_InTheMiddle_IsRecorded()
    {
        using var engine = new AuditedEngine();
        engine.Get();
        engine.Engine.EntryPoint.Cut();
        engine.Engine.Turn();

        Assert.Equal("drained", (string)engine.TheOne()["fault"]!);
    }

    [Fact]
    public void ServerCutsItsAnswer_IsRecorded()
    {
        using var engine = new AuditedEngine();
        engine.Get();
        engine.Server.Feed(Ok + "Content-Length: 100\r\n\r\nhalf");
        engine.Server.FeedEnd();

        JsonObject record = engine.TheOne();
        Assert.Equal((200, "upstream_closed"), ((int)record["status"]!, (string)record["fault"]!));
    }

    [Fact]
    public void Tunnel_ItsBeginAndItsEndAreRecords()
    {
        using var engine = new AuditedEngine();
        engine.Get("/ws", "Connection: Upgrade\r\nUpgrade: echo\r\n");
        engine.Client.WriteRoom = 0;
        engine.Server.Feed(Ok.Replace("200 OK", "101 Switching Protocols", StringComparison.Ordinal)
            + "Connection: Upgrade\r\nUpgrade: echo\r\n\r\n");
        Assert.Equal(101, (int)engine.TheOne()["status"]!);
        engine.Client.WriteRoom = long.MaxValue;
        engine.Client.Feed("12345");
        Assert.EndsWith("12345", engine.Server.WrittenText);
        engine.Server.FeedEnd();
        engine.Client.FeedEnd();

        Assert.Equal("tunnel_end", (string)engine.TheOne()["kind"]!);
    }

    [Fact]
    public void Stuck_Block_RefusesBeforeTheServerHearsOfIt()
    {
        using var engine = new AuditedEngine(s_always);
        Stick(engine);
        engine.Get();

        Assert.StartsWith("HTTP/1.1 503 ", engine.Sent);
        Assert.Contains("\r\nRetry-After: 1\r\n", engine.Sent, StringComparison.Ordinal);
        Assert.Empty(engine.Server.WrittenText);
        engine.Client.TakeWritten();
        Unstick(engine);
        engine.Get();
        engine.Server.Feed(Ok + "Content-Length: 0\r\n\r\n");
        engine.TurnUntil(() => engine.Sent.StartsWith("HTTP/1.1 200 ", StringComparison.Ordinal), "is not served");
    }

    [Fact]
    public void Stuck_BlockInTheMiddle_HoldsTheEndAndThenCuts()
    {
        using var engine = new AuditedEngine(s_always);
        engine.Rig.Log.Start();
        engine.Get();
        engine.Rig.Files.Capacity = engine.Rig.Files.Bytes;
        engine.Server.Feed(Ok + "Content-Length: 4\r\n\r\nbody");
        AuditLogRig.Until(() => engine.Rig.Log.IsStuck, "is not stuck");
        engine.Engine.PassSeconds(9);
        Assert.False(engine.Client.IsClosed);
        engine.Engine.PassSeconds(2);

        Assert.True(engine.Client.IsClosed);
        Assert.DoesNotContain("body", engine.Sent, StringComparison.Ordinal);
    }

    [Fact]
    public void Stuck_Gap_ServesAndReleasesWhoWaits()
    {
        using var engine = new AuditedEngine(s_always with { OnFull = AuditFull.Gap });
        engine.Rig.Log.Start();
        engine.Get();
        engine.Rig.Files.Capacity = engine.Rig.Files.Bytes;
        engine.Server.Feed(Ok + "Content-Length: 4\r\n\r\nbody");
        engine.TurnUntil(() => engine.Sent.EndsWith("body", StringComparison.Ordinal), "is not served");
        Unstick(engine);
        AuditLogRig.Until(() => engine.Rig.Texts(out _).Count == 2, "what was noted does not follow");
    }

    [Theory]
    [InlineData(AuditFull.Gap)]
    [InlineData(AuditFull.Block)]
    public void RingFull_CountsOrWaits(object onFull)
    {
        bool isGap = (AuditFull)onFull == AuditFull.Gap;
        using var engine = new AuditedEngine(new AuditSettings { Directory = "", OnFull = (AuditFull)onFull });
        while (engine.Rig.Note("filler") > 0)
        {
        }

        engine.Get();
        engine.Server.Feed(Ok + "Content-Length: 4\r\n\r\nbody");
        Assert.Equal(isGap, engine.Sent.EndsWith("body", StringComparison.Ordinal));
        Assert.Equal(isGap ? 1 : 0, engine.Rig.Ring.Lost);

        engine.Rig.Log.Start();
        engine.TurnUntil(() => engine.Sent.EndsWith("body", StringComparison.Ordinal), "is not served");
        engine.Rig.Log.Dispose();
        List<string> texts = engine.Rig.Texts(out _);
        Assert.Equal(isGap, texts.Contains("gap"));
        Assert.Equal(!isGap, texts.Contains("exchange"));
    }

    [Fact]
    public void Note_Returned_EqualsAFreshOne()
    {
        FieldInfo[] fields = typeof(AuditNote).GetFields(BindingFlags.Instance | BindingFlags.NonPublic);
        var used = new AuditNote(null!);
        foreach (FieldInfo field in fields)
        {
            object? value = Type.GetTypeCode(field.FieldType) switch
            {
                TypeCode.Int32 => 7,
                TypeCode.Int64 => 7L,
                TypeCode.UInt64 => 7UL,
                TypeCode.Boolean => true,
                _ => field.FieldType.IsValueType ? throw new InvalidOperationException(field.Name) : null,
            };
            if (value is not null)
            {
                field.SetValue(used, value);
            }
        }

        used.Facts.Note("a"u8, new byte[3000]);
        used.Facts.Note("b"u8, new byte[3000]);
        used.Request.Begin(takesHash: true);
        used.Request.Take("abc"u8);
        used.Reset();

        var fresh = new AuditNote(null!);
        Assert.All(fields, field => Assert.True(
            !field.FieldType.IsValueType || Equals(field.GetValue(fresh), field.GetValue(used)), field.Name));
        Assert.True(used.Facts is { Fields.IsEmpty: true, IsOver: false });
        Assert.Equal((0, false), (used.Request.Count, used.Request.HasHash));
        used.Request.Begin(takesHash: true);
        used.Request.Take("x"u8);
        byte[] hash = new byte[32];
        used.Request.Write(hash);
        Assert.Equal(Hash("x"), Convert.ToHexStringLower(hash));
    }

    [Fact]
    public void Audited_Warm_AllocatesNoMoreThanNotAudited()
    {
        long plain = WarmBytes(AuditScope.None); // what the links over memory take
        Assert.Equal(plain, WarmBytes(AuditScope.Facts));
        Assert.Equal(plain, WarmBytes(AuditScope.Digests));
    }

    private static long WarmBytes(AuditScope scope)
    {
        using var engine = new AuditedEngine(scope: scope);
        byte[] request = Encoding.ASCII.GetBytes("POST /a?b=c HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
        byte[] answer = Encoding.ASCII.GetBytes(Ok + "Content-Length: 4\r\n\r\nbody");
        ulong noted = 0;
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 50; i++)
            {
                engine.Client.Feed(request);
                engine.Server.Feed(answer);
                while (engine.Rig.Ring.TryRead(out _, out _))
                {
                    noted++;
                }

                engine.Rig.Ring.Release(noted);
                engine.Client.Forget();
                engine.Server.Forget();
            }

            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(scope == AuditScope.None ? 0UL : 250UL, noted);
        return least;
    }

    private static void Finish(AuditedEngine engine, string last)
    {
        if (last == "END")
        {
            engine.Server.FeedEnd();
        }
        else
        {
            engine.Server.Feed(last);
        }
    }

    private static void Stick(AuditedEngine engine)
    {
        engine.Rig.Log.Start();
        engine.Rig.Files.Capacity = engine.Rig.Files.Bytes;
        engine.Rig.Log.Record(ChainRig.Record("x"), TimeSpan.FromMilliseconds(1));
        AuditLogRig.Until(() => engine.Rig.Log.IsStuck, "is not stuck");
    }

    private static void Unstick(AuditedEngine engine)
    {
        engine.Rig.Files.Capacity = long.MaxValue;
        AuditLogRig.Until(() => !engine.Rig.Log.IsStuck, "stays stuck");
    }

    private static IEnumerable<string> Names(JsonObject record)
    {
        foreach ((string name, _) in record)
        {
            yield return name;
        }
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.Latin1.GetBytes(text)));
}
