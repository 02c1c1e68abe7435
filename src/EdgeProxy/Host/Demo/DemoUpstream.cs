using System;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.Host.Demo;

/// <summary>A request one of the demo's servers has seen.</summary>
/// <param name="IsOurs">Sent by the demo itself, not by whoever tries it.</param>
internal readonly record struct DemoVisit(
    string Server, string Method, string Target, string Authority, int Status, bool IsOurs);

/// <summary>
/// A small HTTP/1.1 server for the demo: says its name, echoes, counts events down. On a free loopback port, over plain
/// sockets: it stands for somebody else's server and must not share the proxy's engine.
/// </summary>
internal sealed class DemoUpstream : IAsyncDisposable
{
    private readonly string _name;
    private readonly TimeProvider _time;
    private readonly Action<DemoVisit> _visited;
    private readonly TcpListener _socket = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;

    public DemoUpstream(string name, TimeProvider time, Action<DemoVisit> visited)
    {
        _name = name;
        _time = time;
        _visited = visited;
        _socket.Start();
        Address = (IPEndPoint)_socket.LocalEndpoint;
        _accepting = AcceptAsync();
    }

    public IPEndPoint Address { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _socket.Stop();
        await _accepting.ConfigureAwait(false);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (!_stop.IsCancellationRequested)
            {
                Socket accepted = await _socket.AcceptSocketAsync(_stop.Token).ConfigureAwait(false);
                _ = ServeAsync(accepted);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed: the demo is over.
        }
    }

    private async Task ServeAsync(Socket accepted)
    {
        using (accepted)
        {
            try
            {
                var connection = new DemoConnection(accepted, _name, _time, _visited);
                await connection.RunAsync(_stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException)
            {
                // The proxy closed, or the demo is over: nothing this server owes anybody.
            }
        }
    }
}
