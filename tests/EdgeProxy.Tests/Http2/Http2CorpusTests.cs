using System;
using System.Linq;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Http2;

/// <summary>
/// The corpus of malformed frames and fields through the whole engine: whole, cut at every byte, and byte by byte. The
/// server reads by the letter of RFC 9112 and is the judge of what reaches it.
/// </summary>
public sealed class Http2CorpusTests
{
    private const int IdleCount = 8;
    private const int TurnsMax = 16;

    // Over this a case is cut near its ends only.
    private const int EveryByteMax = 2_000;
    private const int Near = 100;

    public static TheoryData<string> Names => [.. Http2Case.All.Select(static item => item.Name)];

    [Fact]
    public void Corpus_IsLargeEnough() => Assert.InRange(Http2Case.All.Count, 60, 1000);

    [Theory]
    [MemberData(nameof(Names))]
    public void Case_WholeAndCutAtEveryByte_HasItsExpectedEnd(string name)
    {
        Http2Case item = Http2Case.Of(name);
        using var engine = new Engine();
        var server = new ScriptedServer(engine);
        Check(item, engine, server, item.Bytes.Length, int.MaxValue);
        Check(item, engine, server, item.Bytes.Length, 1);
        for (int cut = 1; cut < item.Bytes.Length; cut++)
        {
            if (item.Bytes.Length <= EveryByteMax || cut < Near || item.Bytes.Length - cut < Near)
            {
                Check(item, engine, server, cut, int.MaxValue);
            }
        }
    }

    private static void Check(Http2Case item, Engine engine, ScriptedServer server, int cut, int readMax)
    {
        string how = $"{item.Name} cut at {cut}, reads of {readMax}";
        server.Whole.Clear();
        server.KeepIdle(IdleCount);
        var client = new Http2Client(engine, new MemoryLink { ReadMax = readMax });
        client.Send(client.Write.Raw(item.Bytes.AsSpan(0, cut)));
        if (cut < item.Bytes.Length)
        {
            client.Send(client.Write.Raw(item.Bytes.AsSpan(cut)));
        }

        Turn(engine);
        Judge(item, client, server, how);

        client.Link.FeedEnd();
        Turn(engine);
        Assert.True(client.Link.IsClosed, $"{how}: not over");
        int left = engine.Shard.RentedCount + engine.Loop.Blocks.RentedCount + engine.Loop.Streams.RentedCount;
        Assert.True(left == 0, $"{how}: all is not back");
    }

    private static void Judge(Http2Case item, Http2Client client, ScriptedServer server, string how)
    {
        string[] expect = item.Expect.Split(' ');
        int id = expect[0] == "goaway" ? 0 : int.Parse(expect[1]);
        string found = expect[0] switch
        {
            "goaway" => client.GoAway?.ToString() ?? "no GOAWAY",
            "reset" => client.ResetOf(id)?.ToString() ?? "no reset",
            _ => client.Status(id).ToString(),
        };
        string[] wanted = expect[0] == "ok" ? ["200"] : expect[^1].Split('/');
        Assert.True(wanted.Contains(found), $"{how}: {found} in place of {item.Expect}");
        bool isGoAway = client.GoAway is not null;
        Assert.True(isGoAway == (expect[0] == "goaway"), $"{how}: GOAWAY {client.GoAway}");
        Assert.True(client.Link.HasEndedWrites == isGoAway, $"{how}: the connection goes on, or does not");

        // A valid request before a fault may have been answered; what is at fault never reaches a server.
        bool hasValid = item.Expect.StartsWith("ok", StringComparison.Ordinal);
        bool mayHaveValid = item.Name is "119-reset-of-3-bytes" or "149-data-behind-the-end" or "150-headers-behind-the-end";
        Assert.True(
            server.Whole.Count == (hasValid ? 1 : 0) || (mayHaveValid && server.Whole.Count == 1),
            $"{how}: {string.Join(',', server.Whole)} at the server");
        Assert.DoesNotContain(server.Whole, static line => line.Contains("evil", StringComparison.Ordinal));
    }

    private static void Turn(Engine engine)
    {
        for (int turn = 0; turn < TurnsMax; turn++)
        {
            engine.Turn();
        }
    }
}
