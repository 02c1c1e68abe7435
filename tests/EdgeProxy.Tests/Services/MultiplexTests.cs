using System;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.FunctionalTests.Harness;
using EdgeProxy.Primitives.Http2;
using EdgeProxy.Services;
using EdgeProxy.Tests.Host;
using EdgeProxy.Tests.Http2;
using EdgeProxy.Tests.Pipeline;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using EdgeProxy.Transport.Http2;
using EdgeProxy.Transport.Tls;
using Xunit;

namespace EdgeProxy.Tests.Services;

/// <summary>
/// The connections of HTTP/2 that a loop keeps to a server: a socket that listens is the server, and does nothing but
/// what the test says.
/// </summary>
public sealed class MultiplexTests
{
    // Nobody connects to the broadcast address: the attempt fails in the call that makes it.
    private const string Nowhere = "255.255.255.255";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void AttemptsThatFailAtOnce_AreA502(bool isHttp2)
    {
        using var engine = new Engine(service: new ServiceSettings
        {
            Name = "s",
            Servers = [.. Enumerable.Range(1, 3).Select(
                static port => new ServerSettings(Nowhere, port, 1) { IsHttp2 = true })],
        });
        if (isHttp2)
        {
            var client = new Http2Client(engine);
            client.Send(client.Write.Request(1).Request(3));
            Turn(engine);
            Assert.Equal((502, 502), (client.Status(1), client.Status(3)));
            Assert.Null(client.GoAway);
        }
        else
        {
            MemoryLink client = engine.Accept();
            client.Feed("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            Turn(engine);
            Assert.StartsWith("HTTP/1.1 502 ", client.WrittenText);
        }

        Assert.Equal(0, engine.Loop.Streams.RentedCount);
    }

    [Fact]
    public void AttemptThatHangs_IsJoinedOnlyForAsLongAsOneMayTake()
    {
        using var bench = new Bench(isTls: true);
        Http2Stream first = bench.Open(out bool isNew);
        Assert.True(isNew);
        bench.Pass(bench.Server.ConnectTimeoutMs - 1);
        Http2Stream second = bench.Open(out isNew);
        Assert.False(isNew);
        bench.Pass(1);
        Http2Stream third = bench.Open(out isNew);
        Assert.True(isNew);
        Assert.Equal(2, bench.Multiplex.ConnectionCount);

        first.Abort();
        bench.Turn();
        Assert.Equal(2, bench.Multiplex.ConnectionCount);
        second.Abort();
        third.Abort();
        bench.Turn();
        bench.AssertNothingIsLeft();
    }

    [Fact]
    public void ServerThatReadsNothing_IsNotKeptForEver()
    {
        using var bench = new Bench(isTls: false);
        Http2Stream stream = bench.Open(out _);
        using Socket server = bench.Accept();

        // All windows wide open: what waits is what the sockets do not take.
        server.Send(new FrameWriter().Frame(FrameType.Settings, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF)
            .Window(0, int.MaxValue - 65_535).Take());
        bench.TurnUntil(() => stream.IsConnected, "the connection");
        Assert.Equal(LinkStatus.Ok, stream.TryWrite(
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 999999999999\r\n\r\n"u8, default, default, out _));
        byte[] piece = new byte[64 * 1024];
        int stuck = 0;
        bench.TurnUntil(
            () =>
            {
                stream.TryWrite(piece, default, default, out int count);
                stuck = count == 0 ? stuck + 1 : 0;
                return stuck == 20;
            },
            "full sockets");

        stream.Abort();
        bench.Pass(bench.Server.IdleTimeoutMs + 1_000);
        bench.Pass(3_000);
        bench.AssertNothingIsLeft();
    }

    private static void Turn(Engine engine)
    {
        for (int i = 0; i < 10; i++)
        {
            engine.Turn();
        }
    }

    private sealed class Bench : ILinkOwner, IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly ManualTime _time = new();
        private readonly EpollLoop _loop;
        private readonly IPEndPoint _address;

        public Bench(bool isTls)
        {
            _listener.ReceiveBufferSize = 16 * 1024;
            _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            _listener.Listen();
            _address = (IPEndPoint)_listener.LocalEndPoint!;
            _loop = new EpollLoop(0, _time);
            _loop.RunOnce(0);
            var settings = new ServiceSettings
            {
                Name = "s",
                Servers = [new ServerSettings("127.0.0.1", _address.Port, 1) { IsHttp2 = true, IsTls = isTls }],
                Tls = new TlsClientSettings { SkipVerify = true },
            };
            var directory = new ServiceDirectory(loopCount: 1, seed: 1);
            var services = directory.Prepare([settings]);
            directory.Commit(services);
            Server = services["s"].Servers[0];
        }

        public Server Server { get; }

        public Multiplex Multiplex => Server.MultiplexOf(_loop);

        public Http2Stream Open(out bool isNew)
        {
            Http2Stream stream = Multiplex.Open(_address, this, out isNew);
            Turn();
            return stream;
        }

        public Socket Accept() => _listener.Accept();

        public void Pass(long ms)
        {
            _time.Advance(TimeSpan.FromMilliseconds(ms));
            Turn();
            Turn();
        }

        public void Turn() => _loop.RunOnce(0);

        public void TurnUntil(Func<bool> isSo, string what)
        {
            for (int i = 0; !isSo(); i++)
            {
                Assert.True(i < 100_000, $"waited for {what}");
                _loop.RunOnce(1);
            }
        }

        public void AssertNothingIsLeft() => Assert.Equal(
            (0, 0, 0), (Multiplex.ConnectionCount, _loop.Streams.RentedCount, _loop.Blocks.RentedCount));

        public void OnLinkReady(ByteLink link)
        {
        }

        public void Dispose()
        {
            _loop.Dispose();
            _listener.Dispose();
        }
    }
}
