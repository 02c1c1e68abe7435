using System;
using System.IO;
using System.IO.Compression;
using System.Threading;
using EdgeProxy.Telemetry.Spooling;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Compresses batches and puts them into the spool, on a thread of its own.</summary>
internal sealed class BatchStore : IDisposable
{
    private static readonly TimeSpan MaintainInterval = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan StopTimeout = TimeSpan.FromSeconds(2);

    private readonly BatchHandover _handover;
    private readonly Spool _spool;
    private readonly Action _onStored;
    private readonly AutoResetEvent _hasWork = new(false);
    private readonly MemoryStream _compressed = new();
    private readonly Thread _thread;
    private volatile bool _isStopping;

    public BatchStore(BatchHandover handover, Spool spool, Action onStored)
    {
        _handover = handover;
        _spool = spool;
        _onStored = onStored;
        handover.OnPut = () => _hasWork.Set();
        _thread = new Thread(Run) { IsBackground = true, Name = "telemetry" };
        _thread.Start();
    }

    /// <summary>Stores what waits, and ends the thread.</summary>
    public void Dispose()
    {
        _handover.OnPut = null;
        _isStopping = true;
        _hasWork.Set();
        if (_thread.Join(StopTimeout))
        {
            StoreAll();
            _hasWork.Dispose();
        }
    }

    /// <summary>The bytes, compressed with gzip, in a buffer of its own.</summary>
    public static ReadOnlyMemory<byte> Compress(ReadOnlySpan<byte> bytes)
    {
        using var compressed = new MemoryStream(Math.Max(256, bytes.Length / 4));
        Compress(bytes, compressed);
        return compressed.ToArray();
    }

    private static void Compress(ReadOnlySpan<byte> bytes, MemoryStream to)
    {
        using var gzip = new GZipStream(to, CompressionLevel.Fastest, leaveOpen: true);
        gzip.Write(bytes);
    }

    private void Run()
    {
        while (!_isStopping)
        {
            StoreAll();
            _spool.Maintain();
            _hasWork.WaitOne(MaintainInterval);
        }
    }

    private void StoreAll()
    {
        bool isAny = false;
        while (_handover.TryTake(out BatchHandover.Batch batch))
        {
            _compressed.SetLength(0);
            Compress(batch.Bytes.AsSpan(0, batch.Length), _compressed);
            _spool.Append(batch.Kind, batch.Count, _compressed.GetBuffer().AsSpan(0, (int)_compressed.Length));
            _handover.Return(batch);
            isAny = true;
        }

        if (isAny)
        {
            _onStored();
        }
    }
}
