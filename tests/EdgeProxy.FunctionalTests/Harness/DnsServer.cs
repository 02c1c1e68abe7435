using System;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Threading;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>How a <see cref="DnsServer"/> behaves.</summary>
internal enum DnsManner
{
    Answers,

    /// <summary>Says nothing.</summary>
    Silent,

    /// <summary>SERVFAIL to everything.</summary>
    Fails,

    /// <summary>Over UDP that there is more, over TCP all of it.</summary>
    TcpOnly,

    /// <summary>First replies to questions nobody asked.</summary>
    Noisy,

    /// <summary>Goes on answering the first question, and never another.</summary>
    Repeats,

    /// <summary>That there is more over UDP; over TCP a byte each half second.</summary>
    Drips,
}

/// <summary>A name server over real sockets, UDP and TCP on one port of 127.0.0.1, that says what a test
/// wants.</summary>
internal sealed class DnsServer : IAsyncDisposable
{
    private readonly Socket _udp = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
    private readonly TcpListener _tcp;
    private readonly ConcurrentDictionary<string, (uint Ttl, string[] Addresses, string? Alias)> _names = new();
    private readonly Task[] _serving;
    private int _queryCount;
    private int _tcpCount;

    public DnsServer()
    {
        Port = Ports.Next();
        _udp.Bind(new IPEndPoint(IPAddress.Loopback, Port));
        _tcp = new TcpListener(IPAddress.Loopback, Port);
        _tcp.Start();
        _serving = [ServeUdpAsync(), ServeTcpAsync()];
    }

    public int Port { get; }

    public DnsManner Manner { get; set; }

    /// <summary>Questions that came, of both types.</summary>
    public int QueryCount => Volatile.Read(ref _queryCount);

    public int TcpCount => Volatile.Read(ref _tcpCount);

    public void Set(string name, params string[] addresses) => _names[name] = (1, addresses, null);

    public void SetAlias(string name, string alias, params string[] addresses) => _names[name] = (1, addresses, alias);

    public async ValueTask DisposeAsync()
    {
        _udp.Dispose();
        _tcp.Stop();
        await Task.WhenAll(_serving);
    }

    private async Task ServeUdpAsync()
    {
        byte[] query = new byte[512];
        try
        {
            while (true)
            {
                SocketReceiveFromResult from = await _udp.ReceiveFromAsync(
                    query, SocketFlags.None, new IPEndPoint(IPAddress.Any, 0));
                Interlocked.Increment(ref _queryCount);
                if (Manner == DnsManner.Repeats)
                {
                    await RepeatAsync(ReplyTo(query.AsSpan(0, from.ReceivedBytes), isTcp: false), from.RemoteEndPoint);
                }

                byte[] reply = ReplyTo(query.AsSpan(0, from.ReceivedBytes), isTcp: false);
                if (Manner == DnsManner.Noisy)
                {
                    byte[] other = [.. reply];
                    other[0] ^= 0xFF;
                    await _udp.SendToAsync(other, SocketFlags.None, from.RemoteEndPoint);
                    await _udp.SendToAsync(new byte[3], SocketFlags.None, from.RemoteEndPoint);
                }

                if (Manner != DnsManner.Silent)
                {
                    await _udp.SendToAsync(reply, SocketFlags.None, from.RemoteEndPoint);
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    private async Task ServeTcpAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await _tcp.AcceptTcpClientAsync();
                Interlocked.Increment(ref _tcpCount);
                NetworkStream stream = client.GetStream();
                byte[] length = new byte[2];
                await stream.ReadExactlyAsync(length);
                byte[] query = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
                await stream.ReadExactlyAsync(query);
                byte[] reply = ReplyTo(query, isTcp: true);
                BinaryPrimitives.WriteUInt16BigEndian(length, (ushort)reply.Length);

                if (Manner == DnsManner.Drips)
                {
                    await DripAsync(stream, [.. length, .. reply]);
                    continue;
                }

                // In two pieces: a stream has no message boundaries.
                await stream.WriteAsync(length);
                await stream.WriteAsync(reply);
            }
        }
        catch (Exception e) when (e is SocketException or InvalidOperationException or System.IO.IOException)
        {
            // The test is over.
        }
    }

    // Until the server is closed.
    private async Task RepeatAsync(byte[] reply, EndPoint to)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(1));
        while (await timer.WaitForNextTickAsync())
        {
            try
            {
                await _udp.SendToAsync(reply, SocketFlags.None, to);
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionRefused)
            {
                return; // whoever asked is gone
            }
        }
    }

    private static async Task DripAsync(NetworkStream stream, byte[] reply)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(0.5));
        try
        {
            foreach (byte one in reply)
            {
                await stream.WriteAsync(new[] { one });
                await timer.WaitForNextTickAsync();
            }
        }
        catch (System.IO.IOException)
        {
            // Whoever asked is gone.
        }
    }

    private byte[] ReplyTo(ReadOnlySpan<byte> query, bool isTcp)
    {
        (string name, _, _) = DnsReplies.Question(query);
        if (Manner == DnsManner.Fails)
        {
            return DnsReplies.Addresses(query, [], 0, code: 2);
        }

        bool isCut = Manner is DnsManner.TcpOnly or DnsManner.Drips && !isTcp;
        return _names.TryGetValue(name, out (uint Ttl, string[] Addresses, string? Alias) known)
            ? DnsReplies.Addresses(query, isCut ? [] : known.Addresses, known.Ttl, known.Alias, isTruncated: isCut)
            : DnsReplies.Addresses(query, [], 0, code: 3);
    }
}
