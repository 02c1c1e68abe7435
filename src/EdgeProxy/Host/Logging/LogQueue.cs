using System;
using System.Collections.Generic;
using System.IO;
using System.Threading;

namespace EdgeProxy.Host.Logging;

/// <summary>
/// Lines on their way to a stream. Any thread puts, one thread of its own writes; a stream that stalls costs lines,
/// which
/// are counted, never a loop's time.
/// </summary>
internal sealed class LogQueue : IDisposable
{
    public const int LinesMax = 4096;
    private const int BatchBytes = 64 * 1024;
    private static readonly TimeSpan DisposeTimeout = TimeSpan.FromSeconds(2);

    private readonly Stream _stream;
    private readonly Func<long, byte[]> _droppedLine;
    private readonly Lock _lock = new();
    private readonly Queue<byte[]> _lines = new();
    private readonly AutoResetEvent _hasWork = new(false);
    private long _dropped;
    private long _droppedReported;
    private Thread? _writer;
    private bool _isStopping;

    /// <param name="droppedLine">The line that says how many were lost, for when there is room again.</param>
    public LogQueue(Stream stream, Func<long, byte[]> droppedLine)
    {
        _stream = stream;
        _droppedLine = droppedLine;
    }

    public long Dropped => Interlocked.Read(ref _dropped);

    public bool TryPut(byte[] line)
    {
        lock (_lock)
        {
            if (_isStopping || _lines.Count >= LinesMax)
            {
                Interlocked.Increment(ref _dropped);
                return false;
            }

            _lines.Enqueue(line);
            if (_lines.Count == 1)
            {
                _hasWork.Set();
            }

            if (_writer is not null)
            {
                return true;
            }

            // A background thread: a stderr that nobody reads must not keep the process from ending. Started with the
            // first line, which comes when the first entrypoint is open: no start waits for a thread it does not need.
            _writer = new Thread(WriteAll) { IsBackground = true, Name = "log" };
            _writer.Start();
            return true;
        }
    }

    /// <summary>Writes what is queued, within a limit, and ends the writer.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isStopping = true;
            _hasWork.Set();
        }

        // A writer that hangs in a write keeps its event.
        if (_writer is null || _writer.Join(DisposeTimeout))
        {
            _hasWork.Dispose();
        }
    }

    private void WriteAll()
    {
        byte[] batch = new byte[BatchBytes];
        while (true)
        {
            ReadOnlySpan<byte> next = Take(batch, out bool isEnd);
            if (isEnd)
            {
                return;
            }

            if (next.IsEmpty)
            {
                _hasWork.WaitOne();
            }
            else
            {
                Write(next);
            }
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        try
        {
            _stream.Write(bytes);
            _stream.Flush();
        }
        catch (IOException)
        {
            // Nobody is left to tell; keep emptying the queue so that loops never find it full.
        }
    }

    // As many lines as fit the batch, joined into one write; a line larger than the batch goes alone.
    private ReadOnlySpan<byte> Take(Span<byte> batch, out bool isEnd)
    {
        lock (_lock)
        {
            isEnd = false;
            long lost = Interlocked.Read(ref _dropped) - _droppedReported;
            if (lost > 0)
            {
                _droppedReported += lost;
                return _droppedLine(lost);
            }

            int count = 0;
            while (_lines.TryPeek(out byte[]? line) && line.Length <= batch.Length - count)
            {
                _lines.Dequeue();
                line.CopyTo(batch[count..]);
                count += line.Length;
            }

            if (count == 0 && _lines.TryDequeue(out byte[]? large))
            {
                return large;
            }

            isEnd = count == 0 && _isStopping;
            return batch[..count];
        }
    }
}
