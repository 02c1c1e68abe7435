using System;
using System.Linq;
using System.Net;
using System.Reflection;
using EdgeProxy.Middlewares;
using EdgeProxy.Pipeline;
using EdgeProxy.Pipeline.Auditing;
using EdgeProxy.Pipeline.Bodies;
using EdgeProxy.Pipeline.Mirroring;
using EdgeProxy.Primitives.Collections;
using EdgeProxy.Primitives.Faults;
using EdgeProxy.Primitives.Http;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Services.Composing;
using EdgeProxy.Services.Health;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace EdgeProxy.Tests.Pipeline;

public sealed class ExchangeTests : IDisposable
{
    // What an exchange keeps for life, and the count that tells one rental from the next.
    private static readonly string[] s_kept =
    [
        "Shard", "Request", "Response", "ClientSource", "ClientSink", "UpstreamSource", "UpstreamSink", "Whole", "Ticket",
        "_host", "_requestId", "RequestEdits", "ResponseEdits", "Notes", "Fallbacks", "Record", "ModelChoice",
        "RentedPlace", // its shard's
        "NextWaiter", "PreviousWaiter", // a queue's, which clears them
    ];

    private readonly EpollLoop _loop = new(0);
    private readonly Shard _shard;

    public ExchangeTests() => _shard = new Shard(_loop, new ServerReports(NullLogger.Instance), 1);

    [Fact]
    public void Unbind_AfterUse_EqualsAFreshOne()
    {
        var used = new Exchange(_shard);
        Fill(used);
        foreach (FieldInfo field in Fields())
        {
            Assert.False(Equals(field.GetValue(new Exchange(_shard)), field.GetValue(used)), $"{field.Name} was not set");
        }

        used.Unbind();

        foreach (FieldInfo field in Fields())
        {
            Assert.Equal(field.GetValue(new Exchange(_shard)), field.GetValue(used));
        }

        Assert.Equal((0, false, 0), (used.Whole.RequestBytesMax, used.Whole.HasRequest, used.Whole.AnswerBytesMax));
        Assert.Equal((false, 0), (used.ModelChoice.IsReading, used.ModelChoice.SharedSteps));
        Assert.False(used.ModelChoice.IsOpen);
        Assert.Equal(0, used.Notes.Count);
        Assert.Null(used.Record.Tries[0].Server);
        Assert.Equal((false, 0), (used.Record.IsActive, used.Record.StartedUs));
        Assert.True(used.RequestEdits.IsEmpty);
        Assert.True(used.ResponseEdits.IsEmpty);
        Assert.Equal((true, 0), (used.Fallbacks.IsEmpty, used.Fallbacks.BodyBytesMax));
        Assert.Equal(0, _loop.Blocks.RentedCount);
    }

    public void Dispose() => _loop.Dispose();

    private static Compress NoCompress() => new(new CompressSettings
    {
        Name = "c",
        Encodings = Sequence<ContentCoding>.Empty,
        Types = Sequence<MediaRange>.Empty,
    });

    private static FieldInfo[] Fields() =>
    [
        .. typeof(Exchange).GetFields(BindingFlags.Instance | BindingFlags.NonPublic)
            .Where(field => !s_kept.Any(name => field.Name == name || field.Name == $"<{name}>k__BackingField")),
    ];

    private void Fill(Exchange exchange)
    {
        exchange.Bind(new MemoryLink(), new Owner(), new Entry());
        exchange.Continue(new OwnConnections(new ClientBond()));
        exchange.SetHost("a.example"u8);
        exchange.RewrittenPath = _loop.Blocks.RentSmall();
        foreach (PropertyInfo property in typeof(Exchange).GetProperties())
        {
            object? value = property.SetMethod is not { IsPublic: true } ? null : property.PropertyType switch
            {
                var type when type == typeof(bool) => true,
                var type when type == typeof(int) => 7,
                var type when type == typeof(long) => 7L,
                var type when type == typeof(string) => "x",
                var type when type == typeof(Fault) => Fault.NoRoute,
                var type when type == typeof(Snapshot) => new Snapshot { Hash = "x", Routes = [], Tables = [] },
                var type when type == typeof(Server) => new Server("s", "127.0.0.1", 1, 1),
                var type when type == typeof(LocalAnswer) => new LocalAnswer(200, "t", default),
                var type when type == typeof(RejectReason) => RejectReason.HostInvalid,
                var type when type == typeof(ExchangePhase) => ExchangePhase.Tunnel,
                var type when type == typeof(PumpStatus) => PumpStatus.Done,
                var type when type == typeof(AnswerNote) => new AnswerNote(true, true, 7),
                _ => null,
            };
            if (value is not null)
            {
                property.SetValue(exchange, value);
            }
        }

        var service = new Service(
            new ServiceSettings { Name = "s", Servers = [new ServerSettings("127.0.0.1", 1, 1)] },
            [exchange.Server!], [new ServiceShard(0, 1)]);
        exchange.Tried.Add(3);
        exchange.SetRequestId("id"u8);
        exchange.Trace.Origin = TraceOrigin.Begun;
        exchange.Route = new Route("r", service, EncodedBytes.None);
        exchange.Service = service;
        exchange.Call = new SilentCall();
        exchange.ErrorPages = new ErrorPages("pages", "/", []);
        exchange.Whole.WantRequest(NoCompress(), 7, new BodyBudget());
        exchange.Whole.WantAnswer(7, refusesLonger: true, new BodyBudget());
        exchange.Whole.EndReading(isWhole: true);
        exchange.Mirror = new MirrorCall(_shard);
        exchange.WebSocket = new WebSocketTunnel();
        exchange.Filter(new CompressedAnswer(ContentCoding.Gzip, CompressionEffort.Fast, NoCompress()));
        exchange.AnswerFilter!.Take("held until the exchange ends"u8);
        exchange.AnswerFilter.Flush();
        exchange.Fallbacks.Add(new FailoverService(
            new ComposedSettings { Name = "f", Kind = ComposedKind.Failover, BodyBytesMax = 1 }, []));
        Assert.True(exchange.TryRewritePath("/rewritten"u8));
        Assert.True(exchange.TryRewriteQuery("a=b"u8));
        exchange.Notes.Add(null!, 1);
        exchange.Tries = 1;
        exchange.Record.Begin(exchange);
        exchange.Record.BeginTry(exchange, isReused: true);
        exchange.Consumer = new Consumer("c");
        exchange.Audit = new AuditNote(null!);
        exchange.RequestEdits.Set(FieldName.Of("X-A"), "1"u8);
        exchange.ResponseEdits.Remove(FieldName.Of("X-B"));
        exchange.Rival = new UpstreamConnection(new ServerPool(exchange.Server!, _loop, _shard.Counters));
        exchange.Upstream = new UpstreamConnection(new ServerPool(exchange.Server!, _loop, _shard.Counters));
    }

    private sealed class Owner : ILinkOwner
    {
        public void OnLinkReady(ByteLink link)
        {
        }
    }

    private sealed class Entry : IEntry
    {
        public string Name => "web";

        public int Slot => 0;

        public IPEndPoint Address { get; } = new(IPAddress.Loopback, 80);

        public int Port => 80;

        public ClientTerms Terms { get; } = new()
        {
            TrustedIps = EdgeProxy.Primitives.Net.CidrSet.Of([System.Net.IPNetwork.Parse("192.0.2.0/24")]),
        };

        public Snapshot? Frozen => null;

        public bool IsDraining => false;

        public ILocalService? LocalService => null;
    }

    private sealed class SilentCall : BodyCall
    {
        public override Verdict OnBody(Exchange exchange) => Verdict.Next;

        public override void OnBodyRefused(Exchange exchange, bool isTooLong)
        {
        }

        public override bool Forwards(ReadOnlySpan<byte> fieldName) => false;

        public override void OnAnswer(Exchange exchange)
        {
        }

        public override void Take(ReadOnlySpan<byte> payload)
        {
        }

        public override void TakeEnd()
        {
        }

        public override LocalAnswer? AnswerTo(Exchange exchange, int status, string detail) => null;

        public override void OnEnd(Exchange exchange)
        {
        }
    }
}
