using System;
using System.Globalization;
using System.IO;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace EdgeProxy.LoadBench.Generators;

/// <summary>One request whose answer is read to its last byte.</summary>
internal static class Probe
{
    private const int TimeoutMs = 5_000;

    // More than any head and stream together.
    private const int RoomBytes = 64 * 1024;

    // With the end of the line before it.
    private static ReadOnlySpan<byte> LastChunk => "\r\n0\r\n\r\n"u8;

    /// <summary>The answer to a request on a connection of its own; of a stream, its chunks as framed.</summary>
    /// <exception cref="SocketException">Nobody accepts, or the connection broke.</exception>
    /// <exception cref="IOException">It ended early, or its framing is not a length.</exception>
    /// <exception cref="System.Security.Authentication.AuthenticationException">The handshake failed.</exception>
    public static ProbeAnswer Ask(int port, ProbeRequest request, bool isTls = false)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.NoDelay = true;
        socket.ReceiveTimeout = TimeoutMs;
        socket.Connect(IPAddress.Loopback, port);
        using Stream stream = isTls ? Secured(socket) : new NetworkStream(socket);
        stream.Write(request.Bytes);

        byte[] buffer = new byte[request.BodyBytes + RoomBytes];
        int have = 0;
        while (true)
        {
            int headEnd = buffer.AsSpan(0, have).IndexOf("\r\n\r\n"u8);
            if (headEnd >= 0 && BodyLength(request, buffer.AsSpan(0, have), headEnd) is { } length)
            {
                return Answer(buffer, headEnd, length);
            }

            int read = have == buffer.Length ? 0 : stream.Read(buffer, have, buffer.Length - have);
            if (read == 0)
            {
                throw new IOException($"the answer ended after {have} bytes");
            }

            have += read;
        }
    }

    // What is there of the body when it is whole, else null.
    private static int? BodyLength(ProbeRequest request, ReadOnlySpan<byte> have, int headEnd)
    {
        if (request.IsEndless)
        {
            return 0;
        }

        int length = ContentLength(have[..headEnd]);
        if (request.IsStream && length < 0)
        {
            return have[(headEnd + 2)..].EndsWith(LastChunk) ? have.Length - headEnd - 4 : null;
        }

        return have.Length >= headEnd + 4 + length ? length : null;
    }

    /// <summary>The value of Content-Length in a head, or -1.</summary>
    public static int ContentLength(ReadOnlySpan<byte> head)
    {
        string text = Encoding.Latin1.GetString(head);
        foreach (string line in text.Split("\r\n"))
        {
            if (line.StartsWith("content-length:", StringComparison.OrdinalIgnoreCase))
            {
                return int.Parse(line["content-length:".Length..].Trim(), CultureInfo.InvariantCulture);
            }
        }

        return -1;
    }

    // The certificate was made for this run a moment ago: nobody else vouches for it.
    private static SslStream Secured(Socket socket)
    {
        var stream = new SslStream(
            new NetworkStream(socket), false, (_, shown, _, _) => shown?.Subject == "CN=bench.example.com");
        stream.AuthenticateAsClient("bench.example.com");
        return stream;
    }

    private static ProbeAnswer Answer(byte[] bytes, int headEnd, int length)
    {
        string status = Encoding.Latin1.GetString(bytes, 0, headEnd).Split(' ', '\r')[1];
        return new ProbeAnswer(int.Parse(status, CultureInfo.InvariantCulture), headEnd + 4, length);
    }
}
