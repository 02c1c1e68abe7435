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
    private readonly Queue<byte[]> _lines = new(); // also the lock
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
        lock (_lines)
        {
            if (_isStopping || _lines.Count >= LinesMax)
            {
                Interlocked.Increment(ref _dropped);
                return false;
            }

            _lines.Enqueue(line);
            if (_lines.Count == 1)
            {
                Monitor.Pulse(_lines);
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
        lock (_lines)
        {
            _isStopping = true;
            Monitor.Pulse(_lines);
        }

        _writer?.Join(DisposeTimeout);
    }

    private void WriteAll()
    {
        byte[] batch = new byte[BatchBytes];
        while (TryFill(batch, out int count, out byte[]? single))
        {
            try
            {
                _stream.Write(single ?? batch.AsSpan(0, count));
                _stream.Flush();
            }
            catch (IOException)
            {
                // Nobody is left to tell; keep emptying the queue so that loops never find it full.
            }
        }
    }

    // Joins lines into one write; a line larger than the batch goes alone. False at the end.
    private bool TryFill(Span<byte> batch, out int count, out byte[]? single)
    {
        count = 0;
        single = null;
        lock (_lines)
        {
            while (_lines.Count == 0 && !_isStopping)
            {
                Monitor.Wait(_lines);
            }

            long lost = Interlocked.Read(ref _dropped) - _droppedReported;
            if (lost > 0)
            {
                _droppedReported += lost;
                single = _droppedLine(lost);
                return true;
            }

            while (_lines.TryPeek(out byte[]? line) && line.Length <= batch.Length - count)
            {
                _lines.Dequeue();
                line.CopyTo(batch[count..]);
                count += line.Length;
            }

            if (count == 0)
            {
                _lines.TryDequeue(out single);
            }

            return count > 0 || single is not null;
        }
    }
}
