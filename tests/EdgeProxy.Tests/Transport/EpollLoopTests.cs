using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives;
using EdgeProxy.Primitives.Time;
using EdgeProxy.Transport;
using Microsoft.Extensions.Logging;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class EpollLoopTests
{
    [Fact]
    public void Turn_EndInTheSameBatch_IsKnownBeforeTheFirstOwnerIsCalled()
    {
        using var inline = new InlineLoop();
        var seen = new List<bool>();
        var first = new ProbeOwner();
        var second = new ProbeOwner();
        (TcpLink firstLink, Socket firstPeer) = inline.Connect(first);
        (TcpLink secondLink, Socket secondPeer) = inline.Connect(second);
        first.OnReady = _ => seen.Add(secondLink.HasEnded);
        second.OnReady = _ => seen.Add(firstLink.HasEnded);

        firstPeer.Shutdown(SocketShutdown.Send);
        secondPeer.Shutdown(SocketShutdown.Send);
        InlineLoop.WaitForBytes(firstLink);
        InlineLoop.WaitForBytes(secondLink);

        inline.Loop.RunOnce(1000);


        Assert.Equal([true, true], seen);
    }

    [Fact]
    public void Turn_OwnerClosesAnotherLinkOfTheBatch_ThatOwnerIsNotCalled()
    {
        using var inline = new InlineLoop();
        var first = new ProbeOwner();
        var second = new ProbeOwner();
        (TcpLink firstLink, Socket firstPeer) = inline.Connect(first);
        (TcpLink secondLink, Socket secondPeer) = inline.Connect(second);
        int calls = first.Calls + second.Calls;
        var replacement = new ProbeOwner();

        // Whoever comes first closes the other and takes its slot for a new connection.
        first.OnReady = _ => Replace(secondLink);
        second.OnReady = _ => Replace(firstLink);
        firstPeer.Send("x"u8);
        secondPeer.Send("x"u8);
        InlineLoop.WaitForBytes(firstLink);
        InlineLoop.WaitForBytes(secondLink);

        inline.Loop.RunOnce(1000);


        Assert.Equal(calls + 1, first.Calls + second.Calls);
        Assert.Equal(0, replacement.Calls);
        Assert.Equal(2, inline.Loop.LinkCount);

        void Replace(TcpLink link)
        {
            link.Close();
            inline.Loop.Connect(inline.Address, replacement);
        }
    }

    [Fact]
    public void Turn_LinkWithoutOwner_IsIgnored()
    {
        using var inline = new InlineLoop();
        (TcpLink link, Socket peer) = inline.Connect(new ProbeOwner());
        link.Owner = null;

        peer.Send("x"u8);
        inline.TurnUntil(() => link.MayRead);

        Assert.False(link.IsBroken);
    }

    [Fact]
    public void Owner_Throws_LinkIsAbortedAndTheLoopLivesOn()
    {
        var log = new ListLogger();
        using var inline = new InlineLoop();
        using var loop = new EpollLoop(7, logger: log);
        var owner = new ProbeOwner { OnReady = _ => throw new InvalidOperationException("of the owner") };
        ByteLink link = loop.Connect(inline.Address, owner);
        while (loop.Counters.Crashes == 0)
        {
            loop.RunOnce(1000);
        }

        Assert.True(link.IsBroken);
        Assert.Equal(0, loop.LinkCount);
        Assert.Equal([EventIds.LoopCrashed], log.Ids);

        var calm = new ProbeOwner();
        ByteLink next = loop.Connect(inline.Address, calm);
        while (calm.Calls == 0)
        {
            loop.RunOnce(1000);
        }

        Assert.True(next.IsConnected);
    }

    [Fact]
    public void TimerAndPostedWork_Throw_LoopLivesOn()
    {
        using var loop = new EpollLoop(0);
        loop.RunOnce(0);
        var timer = new TimerNode(new ThrowingOwner());
        loop.Timers.Arm(timer, loop.NowMs);
        loop.Post(new Work(_ => throw new InvalidOperationException("of the work")));
        bool hasRun = false;
        loop.Post(new Work(_ => hasRun = true));

        loop.RunOnce(0);

        Assert.True(hasRun);
        Assert.Equal(2, loop.Counters.Crashes);
    }

    [Fact]
    public void Post_FromManyThreads_RunsAllInTheOrderOfEachThread()
    {
        const int ThreadCount = 4;
        const int PostCount = 5_000;
        using var group = new LoopGroup(1);
        EpollLoop loop = group.Loops[0];
        group.Start();
        int[] next = new int[ThreadCount];
        int runCount = 0;
        int disorder = 0;
        using var done = new ManualResetEventSlim();
        var threads = new Thread[ThreadCount];
        for (int i = 0; i < ThreadCount; i++)
        {
            int thread = i;
            threads[i] = new Thread(() =>
            {
                for (int n = 0; n < PostCount; n++)
                {
                    int number = n;
                    loop.Post(new Work(_ =>
                    {
                        disorder += next[thread]++ == number ? 0 : 1;
                        if (++runCount == ThreadCount * PostCount)
                        {
                            done.Set();
                        }
                    }));
                }
            });
            threads[i].Start();
        }

        LoopHost.WaitFor(done);
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal(0, disorder);
    }

    [Fact]
    public void Post_OneAtATimeToASleepingLoop_EachWakesIt()
    {
        using var group = new LoopGroup(1);
        group.Start();

        for (int i = 0; i < 2_000; i++)
        {
            Assert.Equal(i, LoopHost.On(group.Loops[0], _ => i));
        }
    }

    [Fact]
    public void Post_FromPostedWork_RunsInTheNextTurn()
    {
        using var loop = new EpollLoop(0);
        var turns = new List<long>();
        loop.Post(new Work(inner =>
        {
            turns.Add(inner.Counters.Turns);
            inner.Post(new Work(again => turns.Add(again.Counters.Turns)));
        }));

        loop.RunOnce(0);
        loop.RunOnce(-1); // work is there: it must not sleep

        Assert.Equal([1L, 2L], turns);
    }

    [Fact]
    public void Timer_OnASleepingLoop_FiresInTimeWithoutTurningInVain()
    {
        using var group = new LoopGroup(1);
        EpollLoop loop = group.Loops[0];
        group.Start();
        using var fired = new ManualResetEventSlim();
        long turnsBefore = 0;
        long turnsAfter = 0;
        var timer = new TimerNode(new ActionOwner(() =>
        {
            turnsAfter = loop.Counters.Turns;
            fired.Set();
        }));
        long start = Stopwatch.GetTimestamp();

        loop.Post(new Work(inner =>
        {
            turnsBefore = inner.Counters.Turns;
            inner.Timers.Arm(timer, inner.NowMs + 200);
        }));
        LoopHost.WaitFor(fired);

        Assert.True(Stopwatch.GetElapsedTime(start).TotalMilliseconds >= 199);
        Assert.InRange(turnsAfter - turnsBefore, 1, 5);
    }

    [Fact]
    public void Trim_AfterABurst_LoopGivesMemoryBackAndThenSleeps()
    {
        using var group = new LoopGroup(1);
        EpollLoop loop = group.Loops[0];
        group.Start();

        LoopHost.On(loop, inner =>
        {
            var blocks = new List<Block>();
            for (int i = 0; i < 100; i++)
            {
                blocks.Add(inner.Blocks.RentLarge());
            }

            blocks.ForEach(inner.Blocks.Return);
            return 0;
        });

        // A period with the burst, and one without.
        Assert.True(
            SpinWait.SpinUntil(
                () => LoopHost.On(loop, inner => inner.Blocks.FreeBytes) == 8L * BlockPool.LargeBytes,
                LoopHost.Patience),
            "the memory was not given back");
        Assert.Equal(-1, LoopHost.On(loop, inner => inner.Timers.SleepMs(inner.NowMs)));
    }

    [Fact]
    public async Task Await_OnTheLoop_ComesBackToTheLoop()
    {
        using var group = new LoopGroup(1);
        EpollLoop loop = group.Loops[0];
        group.Start();

        (string? before, string? after) = await await Task.FromResult(LoopHost.On(loop, _ => HopAsync()));

        Assert.Equal("loop 0", before);
        Assert.Equal("loop 0", after);

        static async Task<(string?, string?)> HopAsync()
        {
            string? before = Thread.CurrentThread.Name;
            await Task.Run(() => Thread.CurrentThread.Name);
            return (before, Thread.CurrentThread.Name);
        }
    }

    [Fact]
    public void Echo_WarmRoundTrips_AllocateNothingOnTheLoop()
    {
        using var host = new LoopHost(new EchoOwner());
        using Socket client = host.Dial();
        byte[] room = new byte[512];
        RoundTrips(200);
        Allocated();

        // Asking costs something by itself: the difference of two askings without traffic between them.
        // The runtime may allocate once while it recompiles what runs; a loop that allocates does so in each round.
        long surplus = long.MaxValue;
        for (int round = 0; round < 5 && surplus != 0; round++)
        {
            long first = Allocated();
            long second = Allocated();
            RoundTrips(1_000);
            surplus = Allocated() - second - (second - first);
        }

        Assert.Equal(0, surplus);

        long Allocated() => host.On(_ => GC.GetAllocatedBytesForCurrentThread());

        void RoundTrips(int count)
        {
            for (int i = 0; i < count; i++)
            {
                client.Send(room);
                int received = 0;
                while (received < room.Length)
                {
                    received += client.Receive(room, received, room.Length - received, SocketFlags.None);
                }
            }
        }
    }

    [Fact]
    public void Dispose_WithOpenLinks_ClosesThem()
    {
        using var inline = new InlineLoop();
        (TcpLink link, Socket peer) = inline.Connect(new ProbeOwner());

        inline.Loop.Dispose();

        Assert.Equal(0, peer.Receive(new byte[1]));
        Assert.Equal(-1, link.Fd);
    }

    private sealed class Work(Action<EpollLoop> action) : ILoopWork
    {
        public void RunOn(EpollLoop loop) => action(loop);
    }

    private sealed class ActionOwner(Action action) : ITimerOwner
    {
        public void OnTimer(TimerNode timer, long nowMs) => action();
    }

    private sealed class ThrowingOwner : ITimerOwner
    {
        public void OnTimer(TimerNode timer, long nowMs) => throw new InvalidOperationException("of the timer");
    }

    private sealed class ListLogger : ILogger
    {
        public List<int> Ids { get; } = [];

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel,
            EventId eventId,
            TState state,
            Exception? exception,
            Func<TState, Exception?, string> formatter)
        {
            Assert.NotNull(exception);
            Ids.Add(eventId.Id);
        }
    }
}
