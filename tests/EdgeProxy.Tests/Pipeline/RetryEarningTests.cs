using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Tests.Transport;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

/// <summary>Which answers earn a share of a retry: none that should have been tried again itself.</summary>
public sealed class RetryEarningTests
{
    private const uint Unavailable = 1u << 14;
    private const string Busy = "HTTP/1.1 200 OK\r\ngrpc-status: 14\r\n";
    private const string Get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    private const string Call =
        "POST /s/m HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n";
    private const string LongCall =
        "POST /s/m HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nContent-Length: 5\r\n\r\nhello";

    [Theory]
    [InlineData(Get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData(Get, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData(Get, "HTTP/1.1 500 Error\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData(Get, "HTTP/1.1 429 Busy\r\nContent-Length: 0\r\n\r\n", false)] // over budget: passed on
    [InlineData(Post, "HTTP/1.1 429 Busy\r\nContent-Length: 0\r\n\r\n", false)] // and what may not be repeated
    [InlineData(Call, Busy + "Content-Length: 0\r\n\r\n", false)]
    [InlineData(Call, Busy + "grpc-retry-pushback-ms: 9\r\nContent-Length: 0\r\n\r\n", false)]
    [InlineData(LongCall, Busy + "Content-Length: 0\r\n\r\n", false)] // not kept
    [InlineData(Call, "HTTP/1.1 200 OK\r\ngrpc-status: 0\r\nContent-Length: 0\r\n\r\n", true)]
    [InlineData(Call, "HTTP/1.1 200 OK\r\ngrpc-status: 5\r\nContent-Length: 0\r\n\r\n", true)]
    public void Answer_Earns_IfTheServerIsWell(string request, string answer, bool isEarning)
    {
        var settings = new RetrySettings
        {
            On = RetryCauses.Connect | RetryCauses.Status | RetryCauses.Grpc,
            Statuses = new StatusSet(new StatusRange(429, 429)),
            GrpcCodes = Unavailable,
            BudgetShare = 50, // nothing of one in flight
            BudgetMin = 0,
            BodyBytesMax = 4,
        };
        using var engine = new Engine(service: new ServiceSettings
        {
            Name = "s",
            Servers = [new ServerSettings("127.0.0.1", 1, 1)],
            Retry = settings,
        });
        MemoryLink server = engine.Idle();
        MemoryLink client = engine.Accept();
        for (int i = 0; i < 4; i++)
        {
            client.Feed(request);
            server.Feed(answer);
        }

        Assert.Equal(4, client.WrittenText.Split(answer[.."HTTP/1.1 200 ".Length]).Length - 1);
        ServiceShard shard = Assert.IsType<Service>(engine.Snapshots.Current.Routes[0].Service).Shard(0);
        int earned = 0;
        while (shard.TrySpendRetry(engine.Loop.NowMs, settings.BudgetShare))
        {
            earned++;
        }

        Assert.Equal(isEarning ? 2 : 0, earned);
    }
}
