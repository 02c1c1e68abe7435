using System;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport;

/// <summary>
/// A blocking connection to a name server, for the thread of a look-up; never for a loop. Waits end after the timeout
/// it was made with.
/// </summary>
internal sealed unsafe class DnsSocket : IDisposable
{
    private const int SocketDatagram = 2;
    private const int OptionReceiveTimeout = 20;
    private const int OptionSendTimeout = 21;

    private readonly int _fd;

    private DnsSocket(int fd) => _fd = fd;

    /// <summary>Null if there is no way to the server.</summary>
    public static DnsSocket? Connect(IPEndPoint server, bool isStream, TimeSpan timeout)
    {
        int family = server.AddressFamily == AddressFamily.InterNetwork
            ? LibC.AddressFamilyInet
            : LibC.AddressFamilyInet6;
        int type = (isStream ? LibC.SocketStream : SocketDatagram) | LibC.SocketCloseOnExec;
        int fd = LibC.Socket(family, type, 0);
        if (fd < 0)
        {
            return null;
        }

        var limit = new TimeValue
        {
            Seconds = (long)timeout.TotalSeconds,
            Microseconds = timeout.Milliseconds * 1_000L,
        };
        _ = LibC.SetSocketOption(fd, LibC.LevelSocket, OptionReceiveTimeout, &limit, (uint)sizeof(TimeValue));
        _ = LibC.SetSocketOption(fd, LibC.LevelSocket, OptionSendTimeout, &limit, (uint)sizeof(TimeValue));
        byte* peer = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.Write(server, peer);

        // A connected socket hears of its server only: what others send never gets here.
        if (LibC.Connect(fd, peer, length) == 0)
        {
            return new DnsSocket(fd);
        }

        _ = LibC.Close(fd);
        return null;
    }

    public bool TrySend(ReadOnlySpan<byte> message)
    {
        fixed (byte* bytes = message)
        {
            return LibC.Send(_fd, bytes, (nuint)message.Length, LibC.MessageNoSignal) == message.Length;
        }
    }

    /// <summary>What came, or 0 if nothing does any more.</summary>
    public int Receive(Span<byte> into)
    {
        fixed (byte* bytes = into)
        {
            return Math.Max(0, (int)LibC.Receive(_fd, bytes, (nuint)into.Length, 0));
        }
    }

    public void Dispose() => _ = LibC.Close(_fd);

    // As struct timeval of 64-bit Linux.
    [StructLayout(LayoutKind.Sequential)]
    private struct TimeValue
    {
        public long Seconds;
        public long Microseconds;
    }
}
