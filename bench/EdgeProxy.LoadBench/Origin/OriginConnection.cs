using System;
using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>One connection of a proxy to the origin. Bodies have a length; anything else is answered 400.</summary>
internal sealed class OriginConnection(Socket socket) : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private static readonly byte[] SlowAnswer = Encoding.Latin1.GetBytes(
        $"HTTP/1.1 200 OK\r\nContent-Length: {LoopOrigin.SlowBodyBytes}\r\n\r\n"
        + new string('x', LoopOrigin.SlowBodyBytes));

    private static readonly byte[] StreamHead = Encoding.Latin1.GetBytes(
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\n"
        + "Transfer-Encoding: chunked\r\n\r\n");

    private static readonly byte[] Refusal = Encoding.Latin1.GetBytes(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");

    // Shared by all: a body is counted and forgotten, and the one thread reads one connection at a time.
    private static readonly byte[] Scratch = new byte[BufferBytes];

    private readonly byte[] _head = new byte[8192];
    private int _headBytes;
    private long _bodyBytes;
    private long _bodyLeft;
    private byte[]? _chat;

    public int Fd { get; } = Prepare(socket);

    public bool IsClosed { get; private set; }

    /// <summary>Reads what is there once; the socket is level-triggered.</summary>
    public OriginStep Read()
    {
        Span<byte> room = _bodyLeft > 0 ? Scratch : _head.AsSpan(_headBytes);
        int read = Receive(Fd, room);
        if (read == -LibC.ErrnoAgain)
        {
            return OriginStep.Wait;
        }

        if (read <= 0)
        {
            return OriginStep.Closed;
        }

        return _bodyLeft > 0 ? TakeBody(read) : TakeHead(read);
    }

    public void AnswerSlow() => Send(SlowAnswer);

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
        socket.Dispose();
    }

    /// <summary>Bytes read, 0 at the end, or minus errno.</summary>
    public static unsafe int Receive(int fd, Span<byte> room)
    {
        fixed (byte* start = room)
        {
            nint read = LibC.Receive(fd, start, room.Length, 0);
            return read >= 0 ? (int)read : -Marshal.GetLastPInvokeError();
        }
    }

    private static int Prepare(Socket socket)
    {
        socket.Blocking = false;
        socket.NoDelay = true;
        return (int)socket.Handle;
    }

    private OriginStep TakeHead(int read)
    {
        _headBytes += read;
        ReadOnlySpan<byte> bytes = _head.AsSpan(0, _headBytes);
        int end = bytes.IndexOf("\r\n\r\n"u8);
        if (end < 0)
        {
            return _headBytes < _head.Length ? OriginStep.Wait : OriginStep.Closed;
        }

        _headBytes = 0;
        if (bytes.StartsWith("GET /slow"u8))
        {
            return OriginStep.AnswerLater;
        }

        if (bytes.StartsWith("GET /events"u8))
        {
            return Send(StreamHead) ? OriginStep.Stream : OriginStep.Closed;
        }

        bool isStream = bytes.StartsWith("POST /stream"u8) || bytes[..end].IndexOf("X-Stream"u8) > 0;
        bool isHeld = bytes.StartsWith("POST /held"u8) || bytes[..end].IndexOf("X-Held"u8) > 0;
        _chat = bytes.IndexOf("/v1/chat"u8) is not (> 0 and < 16) ? null
            : isHeld ? ChatAnswers.Held
            : isStream ? ChatAnswers.Stream : ChatAnswers.Whole;
        bool isTaken = _chat is not null || bytes.StartsWith("POST /sink"u8);
        if (!isTaken || Probe.ContentLength(bytes[..end]) is not (>= 0 and var length))
        {
            Send(Refusal);
            return OriginStep.Closed;
        }

        _bodyBytes = length;
        _bodyLeft = length;
        return TakeBody(bytes.Length - end - 4);
    }

    private OriginStep TakeBody(int read)
    {
        _bodyLeft -= read;
        if (_bodyLeft > 0)
        {
            return OriginStep.Wait;
        }

        if (_bodyLeft < 0)
        {
            Send(Refusal); // more came than was said
            return OriginStep.Closed;
        }

        if (_chat is { } said)
        {
            return Send(said) ? OriginStep.Wait : OriginStep.Closed;
        }

        string count = _bodyBytes.ToString(CultureInfo.InvariantCulture);
        string answer = $"HTTP/1.1 200 OK\r\nContent-Length: {count.Length}\r\n\r\n{count}";
        return Send(Encoding.Latin1.GetBytes(answer)) ? OriginStep.Wait : OriginStep.Closed;
    }
}
