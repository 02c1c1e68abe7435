using System;
using System.Collections.Generic;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>A client over a real socket that sends the bytes it is given and reads answers strictly.</summary>
internal sealed class RawClient : IDisposable
{
    private bool _isHandedOn;

    private RawClient(WireStream wire) => Wire = wire;

    public WireStream Wire { get; }

    /// <param name="port">On 127.0.0.1.</param>
    /// <param name="from">Own address, e.g. 127.0.0.2, to come from somewhere else.</param>
    /// <param name="receiveBytes">Small, to be a client that takes little at a time.</param>
    public static async Task<RawClient> ConnectAsync(int port, string? from = null, int receiveBytes = 0)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (receiveBytes > 0)
            {
                socket.ReceiveBufferSize = receiveBytes;
            }

            if (from is not null)
            {
                socket.Bind(new IPEndPoint(IPAddress.Parse(from), 0));
            }

            await socket.ConnectAsync(IPAddress.Loopback, port).Within($"a connection to port {port}");
            return new RawClient(new WireStream(socket));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The same by a Unix socket.</summary>
    public static async Task<RawClient> ConnectUnixAsync(string path)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path)).Within($"a connection to {path}");
            return new RawClient(new WireStream(socket));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>The same over TLS; the handshake is over when it returns.</summary>
    /// <param name="ask">What differs from a client that trusts <paramref name="keys"/> and asks for a.test.</param>
    public static async Task<RawClient> ConnectTlsAsync(
        int port, TestKeys keys, Action<SslClientAuthenticationOptions>? ask = null, string? from = null)
    {
        using RawClient clear = await ConnectAsync(port, from);
        return await clear.SecureAsync(keys, ask);
    }

    /// <summary>Begins TLS on this connection; the client that comes of it takes its place.</summary>
    public async Task<RawClient> SecureAsync(TestKeys keys, Action<SslClientAuthenticationOptions>? ask = null)
    {
        var options = new SslClientAuthenticationOptions
        {
            TargetHost = "a.test",
            CertificateChainPolicy = keys.Trust(),
        };
        ask?.Invoke(options);
        _isHandedOn = true;
        var secure = new SslStream(new NetworkStream(Wire.Socket, ownsSocket: true));
        try
        {
            await secure.AuthenticateAsClientAsync(options).Within("a TLS handshake");
            return new RawClient(new WireStream(Wire.Socket, secure));
        }
        catch
        {
            await secure.DisposeAsync();
            throw;
        }
    }

    /// <summary>One request on a connection of its own, answered and closed.</summary>
    public static async Task<RawResponse> OnceAsync(int port, string request, string method = "GET")
    {
        using RawClient client = await ConnectAsync(port);
        await client.SendAsync(request);
        return await client.ReadResponseAsync(method);
    }

    /// <summary>GET, HTTP/1.1, this path, on a connection of its own.</summary>
    public static Task<RawResponse> GetAsync(int port, string path = "/", string fields = "", string host = "a.test") =>
        OnceAsync(port, $"GET {path} HTTP/1.1\r\nHost: {host}\r\n{fields}\r\n");

    /// <summary>
    /// Whether nobody accepts on the port. A reset is no answer yet: the kernel gives one to whom the closing of the
    /// listening socket met half-way.
    /// </summary>
    public static async Task<bool> IsRefusedAsync(int port)
    {
        try
        {
            using RawClient client = await ConnectAsync(port);
            return false;
        }
        catch (SocketException e) when (
            e.SocketErrorCode is SocketError.ConnectionRefused or SocketError.ConnectionReset)
        {
            return e.SocketErrorCode == SocketError.ConnectionRefused;
        }
    }

    public Task SendAsync(string latin1) => Wire.SendAsync(latin1);

    public Task SendAsync(ReadOnlyMemory<byte> bytes) => Wire.SendAsync(bytes);

    public async Task<RawResponse> RequestAsync(string request, string method = "GET")
    {
        await SendAsync(request);
        return await ReadResponseAsync(method);
    }

    /// <summary>The next head, informational or final.</summary>
    public async Task<RawResponse> ReadHeadAsync(TimeSpan? limit = null)
    {
        string? text = await Wire.ReadHeadAsync("a response", limit);
        return text is null
            ? throw new WireEndedException($"{(Wire.WasReset ? "reset" : "closed")} instead of a response")
            : new RawResponse(WireHead.Parse(text));
    }

    /// <summary>The next final response with its body; what was cut short is not whole.</summary>
    public async Task<RawResponse> ReadResponseAsync(string method = "GET", TimeSpan? limit = null)
    {
        var interim = new List<WireHead>();
        RawResponse response = await ReadHeadAsync(limit);
        while (response.Status is >= 100 and < 200 and not 101)
        {
            interim.Add(response.Head);
            response = await ReadHeadAsync(limit);
        }

        response = response with { Interim = interim };
        WireHead head = response.Head;
        if (method == "HEAD" || response.Status is 101 or 204 or 304)
        {
            return response;
        }

        using var body = new MemoryStream();
        bool isWhole = true;
        IReadOnlyList<KeyValuePair<string, string>> trailers = [];
        try
        {
            if (head.IsChunked)
            {
                trailers = await WireBody.ReadChunkedAsync(Wire, piece => body.Write(piece));
            }
            else if (head.ContentLength is { } length)
            {
                await Wire.ReadExactlyAsync(length, piece => body.Write(piece), "a body");
            }
            else
            {
                body.Write(await Wire.ReadToEndAsync("the end of a close-delimited body"));
                isWhole = !Wire.WasReset;
            }
        }
        catch (WireEndedException)
        {
            isWhole = false;
        }

        return response with { Body = body.ToArray(), Trailers = trailers, IsWhole = isWhole };
    }

    /// <summary>Waits until the proxy ends the connection; whatever else it still sends is returned.</summary>
    public async Task<byte[]> ReadToEndAsync(TimeSpan? limit = null) =>
        await Wire.ReadToEndAsync("the proxy to close", limit);

    public void HalfClose() => Wire.HalfClose();

    public void Reset() => Wire.Reset();

    public void Dispose()
    {
        if (!_isHandedOn)
        {
            Wire.Dispose();
        }
    }
}
