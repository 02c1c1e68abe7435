using System;
using System.IO;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// One connection seen as bytes: buffered reads with a deadline, whole or split writes, and every way to end it. Base
/// of what tests use on either side of the proxy. Not thread-safe per direction; reading and writing at once is fine.
/// </summary>
internal sealed class WireStream(Socket socket, SslStream? secure = null) : IDisposable
{
    private const int ReadBytes = 64 * 1024;
    private byte[] _buffer = new byte[ReadBytes];
    private int _start;
    private int _end;

    public Socket Socket { get; } = socket;

    /// <summary>TLS between the socket and the bytes; null in clear text.</summary>
    public SslStream? Secure { get; } = secure;

    /// <summary>The other side closed or reset; nothing more will be read.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>It ended by reset, not by a proper close.</summary>
    public bool WasReset { get; private set; }

    public long ReadTotal { get; private set; }

    public long SentTotal { get; private set; }

    public bool HasBuffered => _end > _start;

    public async Task SendAsync(ReadOnlyMemory<byte> bytes, TimeSpan? limit = null)
    {
        while (bytes.Length > 0)
        {
            int sent = await SendSomeAsync(bytes).Within("the other side to take bytes", limit);
            SentTotal += sent;
            bytes = bytes[sent..];
        }
    }

    public Task SendAsync(string latin1) => SendAsync(Encoding.Latin1.GetBytes(latin1));

    /// <summary>Each piece is a write of its own; with Nagle off, mostly a packet of its own.</summary>
    public async Task SendSplitAsync(ReadOnlyMemory<byte> bytes, int pieceBytes)
    {
        for (int at = 0; at < bytes.Length; at += pieceBytes)
        {
            await SendAsync(bytes.Slice(at, Math.Min(pieceBytes, bytes.Length - at)));
        }
    }

    /// <summary>Waits until there is a byte more or an end, and takes neither.</summary>
    public async Task ReadableAsync()
    {
        try
        {
            await Socket.ReceiveAsync(Memory<byte>.Empty, SocketFlags.None);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            // An end, too.
        }
    }

    /// <summary>At least one more byte, or false at the end of the connection.</summary>
    public async Task<bool> FillAsync(string what = "bytes", TimeSpan? limit = null)
    {
        if (IsEnded)
        {
            return false;
        }

        if (_start > 0 && _start == _end)
        {
            _start = _end = 0;
        }

        if (_end == _buffer.Length)
        {
            if (_start > 0)
            {
                Buffer.BlockCopy(_buffer, _start, _buffer, 0, _end - _start);
                _end -= _start;
                _start = 0;
            }
            else
            {
                Array.Resize(ref _buffer, _buffer.Length * 2);
            }
        }

        try
        {
            int count = await ReceiveSomeAsync(_buffer.AsMemory(_end)).Within(what, limit);
            _end += count;
            ReadTotal += count;
            IsEnded = count == 0;
        }
        catch (SocketException e)
            when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionAborted)
        {
            IsEnded = true;
            WasReset = true;
        }
        catch (ObjectDisposedException)
        {
            IsEnded = true;
        }
        catch (IOException)
        {
            IsEnded = true; // of TLS: without close_notify, or broken below
            WasReset = true;
        }

        return !IsEnded;
    }

    /// <summary>A head with its empty line; null if the connection ended before its first byte.</summary>
    public async Task<string?> ReadHeadAsync(string what = "a head", TimeSpan? limit = null)
    {
        int searched = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf("\r\n\r\n"u8);
            if (at >= 0)
            {
                return Take(searched + at + 4);
            }

            searched = Math.Max(0, _end - _start - 3);
            if (!await FillAsync(what, limit))
            {
                return _start == _end ? null : throw Ended(what);
            }
        }
    }

    /// <summary>A line without its CR LF.</summary>
    public async Task<string> ReadLineAsync(string what)
    {
        while (true)
        {
            int at = _buffer.AsSpan(_start, _end - _start).IndexOf("\r\n"u8);
            if (at >= 0)
            {
                return Take(at + 2)[..^2];
            }

            if (!await FillAsync(what))
            {
                throw Ended(what);
            }
        }
    }

    /// <summary>Hands exactly <paramref name="count"/> bytes to the sink, in whatever pieces they come.</summary>
    public async Task ReadExactlyAsync(long count, Action<ReadOnlySpan<byte>> sink, string what)
    {
        while (count > 0)
        {
            if (_start == _end && !await FillAsync(what))
            {
                throw Ended($"{what}, {count} bytes short");
            }

            int piece = (int)Math.Min(count, _end - _start);
            sink(_buffer.AsSpan(_start, piece));
            _start += piece;
            count -= piece;
        }
    }

    /// <summary>Some bytes, at least one; empty at the end of the connection.</summary>
    public async Task<byte[]> ReadSomeAsync(string what = "bytes", TimeSpan? limit = null)
    {
        if (_start == _end && !await FillAsync(what, limit))
        {
            return [];
        }

        byte[] bytes = _buffer[_start.._end];
        _start = _end;
        return bytes;
    }

    /// <summary>Everything until the other side ends the connection, one way or another.</summary>
    public async Task<byte[]> ReadToEndAsync(string what = "the end of the connection", TimeSpan? limit = null)
    {
        using var all = new MemoryStream();
        while (_start < _end || await FillAsync(what, limit))
        {
            all.Write(_buffer, _start, _end - _start);
            _start = _end;
        }

        return all.ToArray();
    }

    /// <summary>Ends this direction in order, with close_notify over TLS, and goes on reading.</summary>
    public async Task HalfCloseAsync()
    {
        if (Secure is not null)
        {
            await Secure.ShutdownAsync();
        }

        Socket.Shutdown(SocketShutdown.Send);
    }

    /// <summary>Sends FIN and goes on reading.</summary>
    public void HalfClose() => Socket.Shutdown(SocketShutdown.Send);

    /// <summary>Sends RST; one that is closed already has nothing to say.</summary>
    public void Reset()
    {
        try
        {
            Socket.LingerState = new LingerOption(true, 0);
        }
        catch (ObjectDisposedException)
        {
            return; // by its script, a moment ago
        }

        Socket.Dispose();
    }

    public void Close() => Socket.Dispose();

    public void Dispose() => Socket.Dispose();

    private async Task<int> ReceiveSomeAsync(Memory<byte> room) =>
        Secure is null ? await Socket.ReceiveAsync(room) : await Secure.ReadAsync(room);

    private async Task<int> SendSomeAsync(ReadOnlyMemory<byte> bytes)
    {
        if (Secure is null)
        {
            return await Socket.SendAsync(bytes);
        }

        await Secure.WriteAsync(bytes);
        return bytes.Length;
    }

    private string Take(int count)
    {
        string text = Encoding.Latin1.GetString(_buffer, _start, count);
        _start += count;
        return text;
    }

    private WireEndedException Ended(string what) =>
        new($"{(WasReset ? "reset" : "closed")} inside {what} after {ReadTotal} bytes: "
            + WireHead.Show(Encoding.Latin1.GetString(_buffer, _start, Math.Min(200, _end - _start))));
}

/// <summary>The connection ended inside a message.</summary>
internal sealed class WireEndedException(string message) : IOException(message);
