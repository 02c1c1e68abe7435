using System;
using System.Collections.Concurrent;
using System.Collections.Generic;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A server over real sockets that does exactly what its script says, per connection, and remembers every request. What
/// the proxy sends is read strictly: a request that is not canonical ends up in <see cref="Faults"/>, and
/// <see cref="DisposeAsync"/> throws.
/// </summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly Socket _listening;
    private readonly Func<RawConnection, Task> _script;
    private readonly ConcurrentDictionary<int, WireStream> _open = new();
    private readonly ConcurrentQueue<RawRequest> _requests = new();
    private readonly ConcurrentQueue<RawRequest> _whole = new();
    private readonly Task _accepting;
    private readonly SslServerAuthenticationOptions? _tls;
    private int _connectionCount;
    private int _failedHandshakes;
    private volatile bool _stopping;

    private RawServer(
        Func<RawConnection, Task> script,
        int port,
        int receiveBytes,
        SslServerAuthenticationOptions? tls = null,
        string address = "127.0.0.1")
    {
        bool isUnix = address.StartsWith('/');
        EndPoint own = isUnix
            ? new UnixDomainSocketEndPoint(address)
            : new IPEndPoint(IPAddress.Parse(address), port > 0 ? port : Ports.Next());
        _tls = tls;
        _script = script;
        _listening = new Socket(
            own.AddressFamily, SocketType.Stream, isUnix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        if (!isUnix)
        {
            _listening.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        }

        if (receiveBytes > 0)
        {
            _listening.ReceiveBufferSize = receiveBytes;
        }

        _listening.Bind(own);
        _listening.Listen(512);
        Port = isUnix ? 0 : ((IPEndPoint)_listening.LocalEndPoint!).Port;
        _accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Connections ever accepted.</summary>
    public int ConnectionCount => Volatile.Read(ref _connectionCount);

    /// <summary>Connections open now.</summary>
    public int OpenCount => _open.Count;

    /// <summary>Requests whose head arrived, in order of arrival.</summary>
    public IReadOnlyList<RawRequest> Requests => [.. _requests];

    /// <summary>Requests whose body arrived whole, too.</summary>
    public IReadOnlyList<RawRequest> WholeRequests => [.. _whole];

    /// <summary>Scripts that failed: mostly requests that are not canonical.</summary>
    public ConcurrentQueue<Exception> Faults { get; } = new();

    /// <summary>
    /// Set when the test expects the proxy to cut or garble: faults then do not fail the test by themselves.
    /// </summary>
    public bool ToleratesFaults { get; set; }

    /// <summary>The script runs once per connection; when it returns, the connection is closed.</summary>
    public static RawServer Start(Func<RawConnection, Task> script, int port = 0, int receiveBytes = 0) =>
        new(script, port, receiveBytes);

    /// <summary>200 to each request with the address as its body, on an address of this machine or a path.</summary>
    public static RawServer At(string address, int port = 0) => new(
        async connection =>
        {
            while (await connection.ReadRequestAsync() is not null)
            {
                await connection.AnswerAsync(address);
            }
        },
        port, 0, address: address);

    /// <summary>
    /// A script over TLS, on a port or a path; handshakes that fail are counted and are no fault of it.
    /// </summary>
    public static RawServer StartTls(
        Func<RawConnection, Task> script, SslServerAuthenticationOptions tls, string address = "127.0.0.1") =>
        new(script, 0, 0, tls, address);

    /// <summary>TLS handshakes that failed.</summary>
    public int FailedHandshakes => Volatile.Read(ref _failedHandshakes);

    /// <summary>Answers each request with the same bytes, on as many requests as come.</summary>
    public static RawServer Answering(string answer) => Start(async connection =>
    {
        while (await connection.ReadRequestAsync() is not null)
        {
            await connection.SendAsync(answer);
        }
    });

    /// <summary>200 "ok" to each request, a body to none of HEAD's.</summary>
    public static RawServer Ok(string body = "ok", int port = 0) => Start(
        async connection =>
        {
            while (await connection.ReadRequestAsync() is { } request)
            {
                await connection.SendAsync(
                    $"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{(request.Method == "HEAD" ? "" : body)}");
            }
        },
        port);

    /// <summary>Takes one request per connection and never answers it.</summary>
    public static RawServer Silent() => Start(async connection =>
    {
        await connection.ReadRequestAsync();
        await connection.Wire.ReadToEndAsync();
    });

    public Task WaitForRequestsAsync(int count) => Eventually.TrueAsync(
        () => _requests.Count >= count, $"{count} requests at the server (it has seen {_requests.Count})");

    public Task WaitForWholeAsync(int count) => Eventually.TrueAsync(
        () => _whole.Count >= count, $"{count} whole requests at the server (it has seen {_whole.Count})");

    public Task WaitForOpenAsync(int count) => Eventually.TrueAsync(
        () => _open.Count == count, $"{count} open connections at the server (it has {_open.Count})");

    /// <summary>Stops accepting; connections stay.</summary>
    public void StopAccepting()
    {
        _stopping = true;
        _listening.Dispose();
    }

    /// <summary>Closes all connections as they are, properly or by reset.</summary>
    public void CloseAll(bool reset = false)
    {
        foreach (WireStream wire in _open.Values)
        {
            if (reset)
            {
                wire.Reset();
            }
            else
            {
                wire.Close();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Exception[] faults = [.. Faults];
        StopAccepting();
        CloseAll();
        await _accepting;
        if (faults.Length > 0 && !ToleratesFaults)
        {
            throw new AggregateException("the server's script failed", faults);
        }
    }

    internal void Record(RawRequest request) => _requests.Enqueue(request);

    internal void RecordWhole(RawRequest request) => _whole.Enqueue(request);

    private async Task AcceptAsync()
    {
        while (!_stopping)
        {
            try
            {
                Socket socket = await _listening.AcceptAsync();
                if (socket.AddressFamily != AddressFamily.Unix)
                {
                    socket.NoDelay = true;
                }

                int number = Interlocked.Increment(ref _connectionCount);
                _ = ServeAsync(socket, number);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket socket, int number)
    {
        SslStream? secure = null;
        if (_tls is not null)
        {
            secure = new SslStream(new NetworkStream(socket, ownsSocket: true));
            try
            {
                await secure.AuthenticateAsServerAsync(_tls);
            }
            catch (Exception e) when (
                e is System.Security.Authentication.AuthenticationException or System.IO.IOException)
            {
                Interlocked.Increment(ref _failedHandshakes);
                await secure.DisposeAsync();
                return;
            }
        }

        var wire = new WireStream(socket, secure);
        _open[number] = wire;
        await ServeAsync(new RawConnection(this, wire, number));
    }

    private async Task ServeAsync(RawConnection connection)
    {
        await Task.Yield();
        try
        {
            await _script(connection);
        }
        catch (Exception e) when (_stopping || IsOfTheConnection(e))
        {
            // The proxy, or the test, ended the connection under the script: the test looks at that, not we.
        }
        catch (Exception e)
        {
            Faults.Enqueue(e);
        }
        finally
        {
            connection.Wire.Close();
            _open.TryRemove(connection.Number, out _);
        }
    }

    private static bool IsOfTheConnection(Exception e) =>
        e is SocketException or ObjectDisposedException or System.IO.IOException;
}
