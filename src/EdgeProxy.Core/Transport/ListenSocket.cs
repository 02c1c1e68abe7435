using System;
using System.Collections.Generic;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.Primitives.Net;

namespace EdgeProxy.Transport;

/// <summary>
/// A listening descriptor shared by all loops. Each watches it exclusively (one is woken per connection), so that a
/// busy loop leaves connections to an idle one, which a descriptor per loop (SO_REUSEPORT) would not.
/// </summary>
internal sealed unsafe partial class ListenSocket
{
    // On top of the queue's length: what may arrive while the queue is drained for the last time.
    private const int DrainSlack = 64;

    /// <summary>Connections the kernel may queue; it cuts this to net.core.somaxconn.</summary>
    public const int BacklogDefault = 4096;

    private readonly int _backlog;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Acceptor[] _acceptors = [];
    private int _openCount;
    private int _isStopping;

    private ListenSocket(int fd, int backlog, IPEndPoint address)
    {
        Fd = fd;
        _backlog = backlog;
        Address = address;
    }

    /// <summary>Where it listens; the port in use, also when 0 was asked for.</summary>
    public IPEndPoint Address { get; }

    /// <summary>The port in use, also when 0 was asked for.</summary>
    public int Port => Address.Port;

    internal int Fd { get; private set; }

    internal IReadOnlyList<EpollLoop> Loops { get; private set; } = [];

    /// <summary>
    /// Opens the descriptor; connections queue from now on. Null with the reason in words if it cannot be.
    /// </summary>
    public static ListenSocket? TryBind(IPEndPoint address, int backlog, out string error) =>
        TryBind(address, backlog, out error, out _);

    /// <summary>As the other; <paramref name="isNotPermitted"/> tells a missing right, as for a low port.</summary>
    public static ListenSocket? TryBind(IPEndPoint address, int backlog, out string error, out bool isNotPermitted)
    {
        ArgumentNullException.ThrowIfNull(address);
        isNotPermitted = false;
        if (address is UnixEndPoint unix)
        {
            return TryBindUnix(unix, backlog, out error, out isNotPermitted);
        }

        bool isV4 = address.AddressFamily == AddressFamily.InterNetwork;
        int fd = LibC.Socket(
            isV4 ? LibC.AddressFamilyInet : LibC.AddressFamilyInet6,
            LibC.SocketStream | LibC.SocketNonBlock | LibC.SocketCloseOnExec,
            0);
        if (fd < 0)
        {
            error = $"{address}: no socket: {Errno.Text(Errno.Last)}";
            return null;
        }

        byte* name = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.Write(address, name);
        SetOption(fd, LibC.LevelSocket, LibC.OptionReuseAddress, 1); // a restart does not wait for TIME_WAIT
        SetOption(fd, LibC.LevelTcp, LibC.OptionTcpNoDelay, 1);      // inherited by what is accepted: no call for each
        if (!isV4)
        {
            // [::] serves IPv4 too, whatever /proc/sys/net/ipv6/bindv6only says.
            SetOption(fd, LibC.LevelIpv6, LibC.OptionIpv6Only, address.Address.Equals(IPAddress.IPv6Any) ? 0 : 1);
        }

        if (LibC.Bind(fd, name, length) != 0 || LibC.Listen(fd, backlog) != 0)
        {
            int errorNumber = Errno.Last;
            isNotPermitted = errorNumber is Errno.NotPermitted or Errno.AccessDenied;
            error = $"{address}: cannot listen: {Errno.Text(errorNumber)}";
            _ = LibC.Close(fd);
            return null;
        }

        length = SockAddr.BytesMax;
        _ = LibC.GetSocketName(fd, name, &length);
        (IpAddress _, int port) = SockAddr.Read(name);
        error = "";
        return new ListenSocket(fd, backlog, new IPEndPoint(address.Address, port));
    }

    // What getsockname wrote; null for a family that is not ours.
    private static IPEndPoint? EndPoint(byte* name)
    {
        int family = *(ushort*)name;
        if (family is not (LibC.AddressFamilyInet or LibC.AddressFamilyInet6 or LibC.AddressFamilyUnix))
        {
            return null;
        }

        return SockAddr.ReadEndPoint(name);
    }

    /// <summary>
    /// Takes over a descriptor somebody else opened and listens on, such as the service manager. Null, and the
    /// descriptor closed, if it is none, or neither of TCP nor a Unix stream.
    /// </summary>
    public static ListenSocket? TryAdopt(int fd, int backlog)
    {
        int accepts = 0;
        uint length = sizeof(int);
        byte* name = stackalloc byte[SockAddr.BytesMax];
        uint nameLength = SockAddr.BytesMax;
        if (LibC.GetSocketOption(fd, LibC.LevelSocket, LibC.OptionAcceptsConnections, &accepts, &length) != 0
            || accepts == 0 || LibC.GetSocketName(fd, name, &nameLength) != 0 || EndPoint(name) is not { } address)
        {
            _ = LibC.Close(fd);
            return null;
        }

        // systemd hands out descriptors that block (systemd.service(5), NonBlocking=) and that children inherit.
        _ = LibC.Control(fd, LibC.ControlSetStatusFlags, LibC.NonBlock);
        _ = LibC.Control(fd, LibC.ControlSetDescriptorFlags, LibC.CloseOnExec);
        _ = LibC.Listen(fd, backlog);
        SetOption(fd, LibC.LevelTcp, LibC.OptionTcpNoDelay, 1);
        return new ListenSocket(fd, backlog, address);
    }

    /// <summary>Begins to accept on <paramref name="loops"/>; once only. Callable from any thread.</summary>
    public void Listen(IReadOnlyList<EpollLoop> loops, IAcceptOwner owner)
    {
        ArgumentNullException.ThrowIfNull(loops);
        if (_acceptors.Length > 0)
        {
            throw new InvalidOperationException("a listening socket listens once");
        }

        Loops = loops;
        _openCount = loops.Count;
        var acceptors = new Acceptor[loops.Count];
        for (int i = 0; i < acceptors.Length; i++)
        {
            acceptors[i] = new Acceptor(this, loops[i], owner);
        }

        _acceptors = acceptors;
        for (int i = 0; i < acceptors.Length; i++)
        {
            loops[i].Post(new OpenWork(acceptors[i]));
        }
    }

    /// <summary>
    /// Accepts no more, but delivers every connection that already waits in the queue, and then closes the descriptor.
    /// Done when it is closed. Callable from any thread, also more than once.
    /// </summary>
    /// <remarks>
    /// A connection that completes between the last accept and the close is reset; Linux leaves no way around it.
    /// </remarks>
    public Task StopAcceptingAsync()
    {
        if (Interlocked.Exchange(ref _isStopping, 1) == 0)
        {
            if (_acceptors.Length == 0)
            {
                Close();
            }

            for (int i = 0; i < _acceptors.Length; i++)
            {
                Loops[i].Post(new ShutWork(this, _acceptors[i]));
            }
        }

        return _stopped.Task;
    }

    private static void SetOption(int fd, int level, int option, int value) =>
        _ = LibC.SetSocketOption(fd, level, option, &value, sizeof(int));

    // The last loop to shut takes what is left for all: nobody else touches the descriptor any more.
    private void OnShut(Acceptor acceptor)
    {
        if (Interlocked.Decrement(ref _openCount) == 0)
        {
            acceptor.Accept(_backlog + DrainSlack);
            acceptor.Shut();
            Close();
        }
    }

    private void Close()
    {
        _ = LibC.Close(Fd);
        Fd = -1;
        _stopped.TrySetResult();
    }

    private sealed class OpenWork(Acceptor acceptor) : ILoopWork
    {
        public void RunOn(EpollLoop loop) => acceptor.Open();
    }

    private sealed class ShutWork(ListenSocket socket, Acceptor acceptor) : ILoopWork
    {
        public void RunOn(EpollLoop loop)
        {
            acceptor.Shut();
            socket.OnShut(acceptor);
        }
    }
}
