using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Transport;
using Xunit;

namespace EdgeProxy.Tests.Transport;

/// <summary>Running loops with one listening socket on loopback, for tests over real sockets.</summary>
internal sealed class LoopHost : IDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public LoopHost(IAcceptOwner owner, int loopCount = 1, int backlog = 128)
    {
        Group = new LoopGroup(loopCount);
        Listener = ListenSocket.TryBind(new IPEndPoint(IPAddress.Loopback, 0), backlog, out string error)!;
        Assert.Equal("", error);
        Group.Start();
        Listener.Listen(Group.Loops, owner);
    }

    public LoopGroup Group { get; }

    public ListenSocket Listener { get; }

    public EpollLoop Loop => Group.Loops[0];

    /// <summary>A blocking client socket, connected.</summary>
    public Socket Dial()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveTimeout = (int)Patience.TotalMilliseconds,
            SendTimeout = (int)Patience.TotalMilliseconds,
            NoDelay = true,
        };
        socket.Connect(IPAddress.Loopback, Listener.Port);
        return socket;
    }

    /// <summary>Runs <paramref name="action"/> on the first loop and gives back what it returned or threw.</summary>
    public T On<T>(Func<EpollLoop, T> action) => On(Loop, action);

    public static T On<T>(EpollLoop loop, Func<EpollLoop, T> action)
    {
        var work = new Call<T>(action);
        loop.Post(work);
        Assert.True(work.Done.Task.Wait(Patience, TestContext.Current.CancellationToken), "the loop did not answer");
        return work.Done.Task.GetAwaiter().GetResult();
    }

    /// <summary>Reads until <paramref name="count"/> bytes came or the stream ended.</summary>
    public static byte[] Receive(Socket socket, int count)
    {
        byte[] bytes = new byte[count];
        int length = 0;
        while (length < count)
        {
            int received = socket.Receive(bytes, length, count - length, SocketFlags.None);
            if (received == 0)
            {
                break;
            }

            length += received;
        }

        return bytes[..length];
    }

    public static void WaitFor(ManualResetEventSlim signal) =>
        Assert.True(signal.Wait(Patience, TestContext.Current.CancellationToken), "the signal did not come");

    public static byte[] Pattern(int count)
    {
        byte[] bytes = new byte[count];
        for (int i = 0; i < count; i++)
        {
            bytes[i] = (byte)((i * 31) ^ (i >> 8));
        }

        return bytes;
    }

    public void Dispose()
    {
        _ = Listener.StopAcceptingAsync();
        Group.Dispose();
    }

    private sealed class Call<T>(Func<EpollLoop, T> action) : ILoopWork
    {
        public TaskCompletionSource<T> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void RunOn(EpollLoop loop)
        {
            try
            {
                Done.SetResult(action(loop));
            }
            catch (Exception exception)
            {
                Done.SetException(exception);
            }
        }
    }
}
