using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Net;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

public sealed class ListenSocketTests
{
    private const string ChildVariable = "EDGEPROXY_TEST_CHILD";

    private readonly KeepingOwner _owner = new();

    [Fact]
    public void TryBind_AddressInUse_SaysSo()
    {
        ListenSocket first = Bind(IPAddress.Loopback);

        var address = new IPEndPoint(IPAddress.Loopback, first.Port);
        ListenSocket? second = ListenSocket.TryBind(address, 16, out string error);

        Assert.Null(second);
        Assert.Contains($"127.0.0.1:{first.Port}", error, StringComparison.Ordinal);
        Assert.Contains("in use", error, StringComparison.Ordinal);
        _ = first.StopAcceptingAsync();
    }

    [Fact]
    public unsafe void Accept_NoDelay_IsInherited()
    {
        using var loop = new EpollLoop(0);
        ListenSocket socket = Bind(IPAddress.Loopback);
        socket.Listen([loop], _owner);
        using Socket client = Dial(socket.Port);
        TurnUntil(() => _owner.Accepted.Count == 1, loop);

        int value = 0;
        uint length = sizeof(int);
        int fd = ((TcpLink)_owner.Accepted[0].Link).Fd;
        Assert.Equal(0, LibC.GetSocketOption(fd, LibC.LevelTcp, LibC.OptionTcpNoDelay, &value, &length));
        Assert.NotEqual(0, value);
    }

    [Fact]
    public void Accept_DualStack_ServesBothFamilies()
    {
        using var loop = new EpollLoop(0);
        ListenSocket? socket = ListenSocket.TryBind(new IPEndPoint(IPAddress.IPv6Any, 0), 16, out _);
        Assert.SkipWhen(socket is null, "no IPv6 on this machine");
        socket.Listen([loop], _owner);

        using Socket v4 = Dial(socket.Port);
        TurnUntil(() => _owner.Accepted.Count == 1, loop);

        ByteLink link = _owner.Accepted[0].Link;
        Assert.Equal(IpAddress.FromBytes([127, 0, 0, 1]), link.RemoteAddress);
        Assert.Equal(((IPEndPoint)v4.LocalEndPoint!).Port, link.RemotePort);
        Assert.Equal(socket.Port, link.LocalPort);

        using var v6 = new Socket(AddressFamily.InterNetworkV6, SocketType.Stream, ProtocolType.Tcp);
        v6.Connect(IPAddress.IPv6Loopback, socket.Port);
        TurnUntil(() => _owner.Accepted.Count == 2, loop);
        var loopback = IpAddress.FromBytes(IPAddress.IPv6Loopback.GetAddressBytes());
        Assert.Equal(loopback, _owner.Accepted[1].Link.RemoteAddress);
    }

    [Fact]
    public void Accept_OneLoopTakesAll_HandsOverToTheOther()
    {
        using var busy = new EpollLoop(0);
        using var idle = new EpollLoop(1);
        ListenSocket socket = Bind(IPAddress.Loopback);
        socket.Listen([busy, idle], _owner);
        List<Socket> clients = [.. Enumerable.Range(0, 40).Select(_ => Dial(socket.Port))];

        // The idle loop sleeps through it; what is meant for it counts at once.
        TurnUntil(() => busy.LinkCount + idle.LinkCount == 40, busy);
        Assert.InRange(busy.LinkCount - idle.LinkCount, -1, 5);
        Assert.Equal(busy.LinkCount, _owner.Accepted.Count);

        TurnUntil(() => _owner.Accepted.Count == 40, idle);
        Assert.Equal(idle.LinkCount, busy.Counters.HandedOver);
        Assert.Equal(idle.LinkCount, idle.Counters.Accepted);
        Assert.Equal(idle.LinkCount, _owner.Accepted.Count(accepted => accepted.Loop == idle));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Accept_RunningLoops_AllGetConnections()
    {
        var owner = new EchoOwner();
        using var host = new LoopHost(owner, loopCount: 3);
        var clients = new List<Socket>();
        for (int i = 0; i < 60; i++)
        {
            Socket client = host.Dial();
            client.Send("x"u8);
            Assert.Equal("x"u8.ToArray(), LoopHost.Receive(client, 1));
            clients.Add(client);
        }

        Assert.All(host.Group.Loops, loop => Assert.InRange(loop.LinkCount, 12, 28));
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public void Owner_ThrowsOnAccept_ConnectionIsResetAndTheNextIsServed()
    {
        using var loop = new EpollLoop(0);
        var owner = new ThrowingOnceOwner();
        ListenSocket socket = Bind(IPAddress.Loopback);
        socket.Listen([loop], owner);
        using Socket first = Dial(socket.Port);
        TurnUntil(() => loop.Counters.Crashes == 1, loop);

        Assert.Throws<SocketException>(() => first.Receive(new byte[1]));
        using Socket second = Dial(socket.Port);
        TurnUntil(() => owner.AcceptedCount == 2, loop);
        Assert.Equal(1, loop.LinkCount);
    }

    [Fact]
    public async Task StopAccepting_ConnectionsWait_DeliversThemAllAndCloses()
    {
        using var first = new EpollLoop(0);
        using var second = new EpollLoop(1);

        // Holds the port when the other is gone: nobody else listens there, and who dials it does not meet himself.
        using var holder = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        holder.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        holder.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        ListenSocket socket = ListenSocket.TryBind((IPEndPoint)holder.LocalEndPoint!, 128, out string error)!;
        Assert.Equal("", error);
        socket.Listen([first, second], _owner);
        first.RunOnce(0); // both watch, and nobody has accepted yet
        second.RunOnce(0);
        List<Socket> clients = [.. Enumerable.Range(0, 100).Select(_ => Dial(socket.Port))];

        Task stopped = socket.StopAcceptingAsync();
        Assert.Same(stopped, socket.StopAcceptingAsync());
        Assert.False(stopped.IsCompleted);
        TurnUntil(() => stopped.IsCompleted && _owner.Accepted.Count == 100, first, second);

        await stopped;
        Assert.Equal(100, first.LinkCount + second.LinkCount);
        var refused = Assert.Throws<SocketException>(() => Dial(socket.Port));
        Assert.Equal(SocketError.ConnectionRefused, refused.SocketErrorCode);
        clients.ForEach(client => client.Dispose());
    }

    [Fact]
    public unsafe void RaiseFileLimit_Answers_TheLimitInForce()
    {
        ResourceLimit limit;
        long raised = LoopGroup.RaiseFileLimit();

        Assert.Equal(0, LibC.GetResourceLimit(LibC.LimitOpenFiles, &limit));
        Assert.Equal((long)limit.Max, raised);
        Assert.Equal(limit.Max, limit.Current);
    }

    /// <summary>The limit is the process's, so another process lowers its own.</summary>
    [Fact]
    public async Task Accept_OutOfFiles_InAChildProcess_Passes()
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!)
        {
            ArgumentList = { "--explicit", "only", "--filter-method", $"*.{nameof(Child_OutOfFiles_ShedsPausesAndRecovers)}" },
            Environment = { [ChildVariable] = "1" },
            RedirectStandardOutput = true,
        };
        using Process child = Process.Start(start)!;
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);

        Assert.True(child.ExitCode == 0, output);
        Assert.Contains("succeeded: 1", output, StringComparison.Ordinal);
    }

    [Fact(Explicit = true)]
    public unsafe void Child_OutOfFiles_ShedsPausesAndRecovers()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(ChildVariable) == "1", "runs in a process of its own");
        using var loop = new EpollLoop(0);
        ListenSocket socket = Bind(IPAddress.Loopback);
        socket.Listen([loop], _owner);
        loop.RunOnce(0);
        using (Socket warm = Dial(socket.Port)) // loads whatever the runtime loads at the first connection
        {
            TurnUntil(() => _owner.Accepted.Count == 1, loop);
            _owner.Accepted[0].Link.Close();
        }

        List<Socket> clients = [.. Enumerable.Range(0, 20).Select(_ => Dial(socket.Port))];
        ResourceLimit before = LimitFilesTo(FillGaps() + 1);
        TurnUntil(() => loop.Counters.Shed + _owner.Accepted.Count - 1 == 20, loop);
        long start = Stopwatch.GetTimestamp();
        for (int turn = 0; turn < 10; turn++)
        {
            loop.RunOnce(50);
        }

        TimeSpan slept = Stopwatch.GetElapsedTime(start);
        Assert.Equal(0, LibC.SetResourceLimit(LibC.LimitOpenFiles, &before));

        // Everything that waited is either served (a gap in the descriptors) or told off; and nobody spun.
        Assert.Equal(20, loop.Counters.Shed + _owner.Accepted.Count - 1);
        Assert.InRange(loop.Counters.Shed, 10, 20);
        Assert.True(slept > TimeSpan.FromMilliseconds(100), $"ten turns in {slept}");
        int toldOff = clients.Count(client => client.Poll(0, SelectMode.SelectRead));
        Assert.Equal(loop.Counters.Shed, toldOff);

        using Socket late = Dial(socket.Port);
        int count = _owner.Accepted.Count;
        TurnUntil(() => _owner.Accepted.Count == count + 1, loop);
        clients.ForEach(client => client.Dispose());
    }

    private static unsafe ResourceLimit LimitFilesTo(int count)
    {
        ResourceLimit before;
        Assert.Equal(0, LibC.GetResourceLimit(LibC.LimitOpenFiles, &before));
        ResourceLimit lowered = before with { Current = (ulong)count };
        Assert.Equal(0, LibC.SetResourceLimit(LibC.LimitOpenFiles, &lowered));
        return before;
    }

    // A new descriptor takes the lowest free number: with the gaps filled the next would be the highest. Returns that
    // one.
    private static int FillGaps()
    {
        int most = Directory.GetFileSystemEntries("/proc/self/fd")
            .Max(path => int.Parse(Path.GetFileName(path), System.Globalization.CultureInfo.InvariantCulture));
        int fd;
        do
        {
            fd = LibC.EventFd(0, LibC.EventFdCloseOnExec);
        }
        while (fd < most);
        return fd;
    }

    private static ListenSocket Bind(IPAddress address)
    {
        ListenSocket? socket = ListenSocket.TryBind(new IPEndPoint(address, 0), 128, out string error);
        Assert.Equal("", error);
        return socket!;
    }

    private static Socket Dial(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)LoopHost.Patience.TotalMilliseconds,
        };
        socket.Connect(IPAddress.Loopback, port);
        return socket;
    }

    private static void TurnUntil(Func<bool> condition, params EpollLoop[] loops)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < LoopHost.Patience, "did not happen");
            foreach (EpollLoop loop in loops)
            {
                loop.RunOnce(5);
            }
        }
    }

    private sealed class ThrowingOnceOwner : IAcceptOwner
    {
        public int AcceptedCount { get; private set; }

        public void OnAccepted(EpollLoop loop, ByteLink link)
        {
            if (++AcceptedCount == 1)
            {
                throw new InvalidOperationException("of the owner");
            }
        }
    }
}
