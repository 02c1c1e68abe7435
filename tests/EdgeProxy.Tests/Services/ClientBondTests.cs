using System;
using System.Collections.Generic;
using System.Linq;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;
using EdgeProxy.Telemetry;
using EdgeProxy.Tests.Transport;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Services;

/// <summary>Which connections of a client's are kept, and which are closed.</summary>
public sealed class ClientBondTests : IDisposable
{
    private static readonly Owner s_owner = new();

    private readonly EpollLoop _loop = new(0, TimeProvider.System);
    private readonly LoopCounters _counters = new();

    public ClientBondTests() => _loop.RunOnce(0);

    public void Dispose() => _loop.Dispose();

    [Fact]
    public void Client_KeepsOneConnectionPerServer_AndTheLastOfSoManyServers()
    {
        var bond = new ClientBond();
        ServerPool[] pools = [.. Enumerable.Range(1, ClientBond.ConnectionsMax + 2).Select(_ => Pool(10))];
        MemoryLink[] links = [.. pools.Select(pool => Put(pool, bond))];

        Assert.Equal(
            [.. Enumerable.Repeat(true, 2), .. Enumerable.Repeat(false, ClientBond.ConnectionsMax)],
            links.Select(static link => link.IsClosed));
        Assert.Equal(ClientBond.ConnectionsMax, bond.Count);

        MemoryLink other = Put(pools[^1], bond);
        Assert.Equal((true, false, 1), (links[^1].IsClosed, other.IsClosed, pools[^1].BoundCount));
        Assert.Same(other, pools[^1].TakeBound(bond, s_owner)!.Link);
        Assert.Null(pools[^1].TakeBound(bond, s_owner));

        bond.End();
        Assert.All(links, static link => Assert.True(link.IsClosed));
        Assert.Equal((0, 0), (bond.Count, pools.Sum(static pool => pool.IdleCount)));
        Assert.False(other.IsClosed);
        other.Close();
    }

    [Fact]
    public void Pool_LeavesHalfOfItsRoom_ToOthers()
    {
        ServerPool pool = Pool(6);
        var clients = new List<ClientBond>();
        var own = new List<MemoryLink>();
        for (int i = 0; i < 5; i++)
        {
            clients.Add(new ClientBond());
            own.Add(Put(pool, clients[i]));
        }

        MemoryLink[] shared = [.. Enumerable.Range(0, 4).Select(_ => Put(pool))];
        Assert.Equal([true, true, false, false, false], own.Select(static link => link.IsClosed));
        Assert.Equal([false, false, false, true], shared.Select(static link => link.IsClosed));
        Assert.Equal((6, 3), (pool.IdleCount, pool.BoundCount));

        // A full pool: the coldest of everybody's makes room, once the client's own half has it.
        clients[2].End();
        Assert.Equal((5, 2), (pool.IdleCount, pool.BoundCount));
        MemoryLink last = Put(pool);
        MemoryLink late = Put(pool, clients[0]);
        Assert.Equal((true, false, false), (shared[0].IsClosed, last.IsClosed, late.IsClosed));
        Assert.Equal((6, 3), (pool.IdleCount, pool.BoundCount));
        pool.CloseIdle();
        Assert.All(clients, static client => Assert.Equal(0, client.Count));
        Assert.Equal(0, pool.IdleCount);
    }

    // A connection that is over (a call was given up on it) takes nobody's place, so nobody has to go for it.
    [Fact]
    public void Pool_ThatIsFull_ClosesAGoodConnectionForAnotherGoodOneOnly()
    {
        ServerPool pool = Pool(2, ProxyVersion.V2);
        MemoryLink[] good = [Put(pool), Put(pool)];

        Action<MemoryLink>[] endings =
            [static link => link.FeedEnd(), static link => link.Feed("unasked"u8), static link => link.Break()];
        foreach (Action<MemoryLink> end in endings)
        {
            var over = new MemoryLink();
            end(over);
            pool.Put(new UpstreamConnection(pool) { Link = over });
            Assert.True(over.IsClosed);
        }

        Assert.All(good, static link => Assert.False(link.IsClosed));
        Assert.Equal(2, pool.IdleCount);

        MemoryLink next = Put(pool);
        Assert.Equal((true, false, false), (good[0].IsClosed, good[1].IsClosed, next.IsClosed));
        pool.CloseIdle();
    }

    [Theory]
    [InlineData(3, 1, 1, 2)]
    [InlineData(0, 0, 0, 0)]
    [InlineData(1, 4, 1, 0)] // the loop closed some between the two counts
    public void Connections_AreNeverFewerThanNone(int all, int quiet, int idle, int active) =>
        Assert.Equal((idle, active), Server.Split(all, quiet));

    [Fact]
    public void Pool_WithASinglePlace_GivesItToWhoNeedsIt()
    {
        ServerPool pool = Pool(1);
        var bond = new ClientBond();
        MemoryLink shared = Put(pool);
        MemoryLink own = Put(pool, bond);
        MemoryLink late = Put(pool);
        Assert.Equal((true, false, true), (shared.IsClosed, own.IsClosed, late.IsClosed));

        MemoryLink other = Put(pool, new ClientBond());
        Assert.Equal((true, false, 0), (own.IsClosed, other.IsClosed, bond.Count));
        pool.CloseIdle();
    }

    [Fact]
    public void PlaceInAService_IsOfTheFirstServer_ThatTakesARequest()
    {
        const int requestsMax = 1;
        var bond = new ClientBond();
        ServerPool[] pools = [.. Enumerable.Range(0, 4).Select(_ => Pool(10))];
        var service = new Service(
            new ServiceSettings
            {
                Name = "s",
                Servers = [.. pools.Select(static _ => new ServerSettings("127.0.0.1", 80, 1))],
                Capacity = new CapacitySettings { RequestsMax = requestsMax },
            },
            [.. pools.Select(static pool => pool.Server)],
            [new ServiceShard(0, 1)]);
        Assert.Equal(-1, bond.PlaceIn(service, 0));
        Put(pools[1], bond);
        Put(pools[2], bond);
        Assert.Equal(1, bond.PlaceIn(service, 0));

        Assert.True(pools[1].Server.TryTakeSlot(requestsMax));
        Assert.Equal(2, bond.PlaceIn(service, 0));
        Assert.True(pools[2].Server.TryTakeSlot(requestsMax));
        Assert.Equal(-1, bond.PlaceIn(service, 0));
        pools[2].Server.GiveSlot();
        Assert.Equal(2, bond.PlaceIn(service, 0));
        bond.End();
    }

    [Fact]
    public void Pool_WithoutRoom_OrOfAServerThatLeft_KeepsNone()
    {
        var bond = new ClientBond();
        Assert.True(Put(Pool(0), bond).IsClosed);
        ServerPool pool = Pool(1);
        Assert.False(Put(pool, bond).IsClosed);
        pool.Server.Retire();
        Assert.True(Put(pool, bond).IsClosed);
        bond.End();
        Assert.Equal(0, bond.Count);
    }

    [Fact]
    public void BoundConnection_IsNobodyElses()
    {
        ServerPool pool = Pool(10);
        var bond = new ClientBond();
        Put(pool, bond);
        Assert.Null(pool.Take(s_owner));
        Assert.Null(pool.TakeBound(new ClientBond(), s_owner));

        // Given back as anybody's it is closed.
        var link = new MemoryLink();
        pool.Put(new UpstreamConnection(pool) { Link = link, IsBound = true });
        Assert.True(link.IsClosed);
        bond.End();
    }

    private static MemoryLink Put(ServerPool pool, ClientBond? bond = null)
    {
        var link = new MemoryLink();
        var connection = new UpstreamConnection(pool) { Link = link, IsBound = bond is not null };
        if (bond is null)
        {
            pool.Put(connection);
        }
        else
        {
            pool.PutBound(connection, bond);
        }

        return link;
    }

    private ServerPool Pool(int idleMax, ProxyVersion proxyVersion = ProxyVersion.None)
    {
        var server = new Server("s", "127.0.0.1", 80, loopCount: 1, proxyVersion: proxyVersion);
        server.Configure(new ServiceSettings
        {
            Name = "s",
            Servers = [new ServerSettings("127.0.0.1", 80, 1)],
            IdleConnectionsMax = idleMax,
        });
        return new ServerPool(server, _loop, _counters);
    }

    private sealed class Owner : ILinkOwner
    {
        public void OnLinkReady(ByteLink link)
        {
        }
    }
}
