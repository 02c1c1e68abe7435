using System;
using System.IO;
using System.Threading;

namespace EdgeProxy.Telemetry;

/// <summary>
/// Lines on their way to a stream that may be slow: put by one thread, written by another of its own. What finds no
/// room is dropped, and counted line by line.
/// </summary>
internal sealed class LineWriter : IDisposable
{
    /// <summary>Bytes of lines that may wait.</summary>
    public const int WaitingBytesMax = 1024 * 1024;

    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly ILineTarget _target;
    private readonly Lock _lock = new();
    private readonly AutoResetEvent _hasWork = new(false);
    private byte[] _waiting = new byte[64 * 1024];
    private byte[] _writing = new byte[64 * 1024];
    private int _waitingBytes;
    private int _waitingLines;
    private long _dropped;
    private Thread? _thread;
    private bool _isStopping;
    private volatile bool _isReopening;

    public LineWriter(ILineTarget target) => _target = target;

    /// <summary>Lines that nobody will see.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Whole lines.</summary>
    public void Put(ReadOnlySpan<byte> lines, int count)
    {
        lock (_lock)
        {
            if (_isStopping || _waitingBytes + lines.Length > WaitingBytesMax)
            {
                Interlocked.Add(ref _dropped, count);
                return;
            }

            if (_waiting.Length < _waitingBytes + lines.Length)
            {
                Array.Resize(ref _waiting, Math.Min(WaitingBytesMax, 2 * (_waitingBytes + lines.Length)));
            }

            lines.CopyTo(_waiting.AsSpan(_waitingBytes));
            _waitingBytes += lines.Length;
            _waitingLines += count;
            if (_thread is null)
            {
                _thread = new Thread(Run) { IsBackground = true, Name = "access log" };
                _thread.Start();
            }
        }

        _hasWork.Set();
    }

    /// <summary>What is behind the target may have been moved away: it is opened again before the next line.</summary>
    public void Reopen()
    {
        _isReopening = true;
        _hasWork.Set();
    }

    /// <summary>Writes what waits, within a limit, and ends the thread.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isStopping = true;
        }

        _hasWork.Set();
        if (_thread is null || _thread.Join(StopTimeout))
        {
            _target.Dispose();
            _hasWork.Dispose();
        }
    }

    private void Run()
    {
        while (true)
        {
            if (_isReopening)
            {
                _isReopening = false;
                _target.Reopen();
            }

            int bytes;
            int lines;
            lock (_lock)
            {
                (_waiting, _writing) = (_writing, _waiting);
                (bytes, lines) = (_waitingBytes, _waitingLines);
                (_waitingBytes, _waitingLines) = (0, 0);
                if (bytes == 0 && _isStopping)
                {
                    return;
                }
            }

            if (bytes == 0)
            {
                _hasWork.WaitOne();
            }
            else if (!_target.TryWrite(_writing.AsSpan(0, bytes)))
            {
                Interlocked.Add(ref _dropped, lines);
            }
        }
    }
}

/// <summary>Where lines end up. Used by one thread.</summary>
internal interface ILineTarget : IDisposable
{
    /// <summary>Whole lines; false if they are lost.</summary>
    bool TryWrite(ReadOnlySpan<byte> lines);

    void Reopen();
}

/// <summary>A stream that is there for as long as the process: stderr.</summary>
internal sealed class StreamTarget(Stream stream) : ILineTarget
{
    public bool TryWrite(ReadOnlySpan<byte> lines)
    {
        try
        {
            stream.Write(lines);
            stream.Flush();
            return true;
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException) // EFBIG: stderr may be a file
        {
            return false;
        }
    }

    public void Reopen()
    {
        // It is whoever started us's.
    }

    public void Dispose()
    {
        // Others write to it, too.
    }
}
