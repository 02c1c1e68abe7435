using System;
using System.Net;
using System.Net.Sockets;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>A client's connection as a generator's loop sees it.</summary>
internal sealed class ClientConnection : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Connects from an address of its own when one is given, so that ports do not run out.</summary>
    public ClientConnection(int port, IPAddress? from = null)
    {
        if (from is not null)
        {
            _socket.Bind(new IPEndPoint(from, 0));
        }

        _socket.NoDelay = true;
        _socket.Connect(IPAddress.Loopback, port);
        _socket.Blocking = false;
        Fd = (int)_socket.Handle;
    }

    public int Fd { get; }

    /// <summary>When the request it is busy with should have been sent, by the schedule.</summary>
    public long IntendedNs { get; set; }

    /// <summary>Bytes of the answer so far.</summary>
    public int Have { get; set; }

    /// <summary>An answer is waited for.</summary>
    public bool IsBusy { get; set; }

    public bool IsClosed { get; private set; }

    /// <summary>Sends all of it; false when the connection cannot take it.</summary>
    public unsafe bool Send(ReadOnlySpan<byte> bytes)
    {
        fixed (byte* start = bytes)
        {
            return LibC.Send(Fd, start, bytes.Length, LibC.MessageNoSignal) == bytes.Length;
        }
    }

    public void Dispose()
    {
        IsClosed = true;
        _socket.Dispose();
    }
}
