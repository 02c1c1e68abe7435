using System;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.LoadBench.Deployment;

/// <summary>A server that says which version it is, and of whose versions one is bad.</summary>
internal sealed class VersionedOrigin : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private int _requests;
    private volatile string _version;
    private volatile int _failsEvery;

    public VersionedOrigin(string version)
    {
        _version = version;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Another version from here on.</summary>
    /// <param name="failsEvery">One in so many requests is a 500; 0: none.</param>
    public void Deploy(string version, int failsEvery)
    {
        _failsEvery = failsEvery;
        _version = version;
    }

    public void Dispose() => _listener.Dispose();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptSocketAsync());
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The run is over.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using Socket open = socket;
        byte[] buffer = new byte[16 * 1024];
        int filled = 0;
        try
        {
            while (true)
            {
                int received = await socket.ReceiveAsync(buffer.AsMemory(filled));
                filled += received;
                if (received == 0)
                {
                    return;
                }

                // Requests without a body, one after the other.
                if (buffer.AsSpan(0, filled).EndsWith("\r\n\r\n"u8))
                {
                    filled = 0;
                    await socket.SendAsync(Answer());
                }
            }
        }
        catch (SocketException)
        {
            // The proxy went.
        }
    }

    private byte[] Answer()
    {
        int every = _failsEvery;
        bool fails = every > 0 && Interlocked.Increment(ref _requests) % every == 0;
        return Encoding.ASCII.GetBytes(
            $"HTTP/1.1 {(fails ? "500 Internal Server Error" : "200 OK")}\r\nX-App-Version: {_version}\r\n"
                + "Content-Length: 2\r\n\r\nok");
    }
}
