using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Telemetry.Otlp;

/// <summary>Batches on their way from the thread that encodes to the one that compresses and stores.</summary>
internal sealed class BatchHandover(TimeProvider time, TimeSpan interval)
{
    private readonly Lock _lock = new();
    private readonly Queue<Batch> _waiting = new();
    private readonly Stack<byte[]> _spares = new();
    private readonly long[] _dropped = new long[OtlpKinds.Count];
    private readonly long[] _lastAt = new long[OtlpKinds.Count];

    /// <summary>Hears that something waits.</summary>
    public Action? OnPut { get; set; }

    /// <summary>It is time to hand over what there is. Asked by the thread that puts.</summary>
    public bool IsDue(OtlpKind kind) => time.GetElapsedTime(_lastAt[(int)kind]) >= interval;

    /// <summary>Items lost because too much waited.</summary>
    public long Dropped(OtlpKind kind) => Interlocked.Read(ref _dropped[(int)kind]);

    public void Put(OtlpKind kind, int count, ReadOnlySpan<byte> request)
    {
        _lastAt[(int)kind] = time.GetTimestamp();
        lock (_lock)
        {
            if (_waiting.Count == OtlpLimits.WaitingBatchesMax)
            {
                Interlocked.Add(ref _dropped[(int)kind], count);
                return;
            }

            byte[] bytes = _spares.TryPop(out byte[]? spare) && spare.Length >= request.Length
                ? spare
                : new byte[Math.Max(request.Length, 4096)];
            request.CopyTo(bytes);
            _waiting.Enqueue(new Batch(kind, count, bytes, request.Length));
        }

        OnPut?.Invoke();
    }

    public bool TryTake(out Batch batch)
    {
        lock (_lock)
        {
            return _waiting.TryDequeue(out batch);
        }
    }

    /// <summary>Its memory can be used again.</summary>
    public void Return(in Batch batch)
    {
        lock (_lock)
        {
            if (_spares.Count < OtlpLimits.WaitingBatchesMax)
            {
                _spares.Push(batch.Bytes);
            }
        }
    }

    /// <summary>An Export*ServiceRequest.</summary>
    internal readonly record struct Batch(OtlpKind Kind, int Count, byte[] Bytes, int Length);
}
