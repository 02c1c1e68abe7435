using System;
using System.Buffers;
using System.Runtime.InteropServices;
using BenchmarkDotNet.Attributes;
using EdgeProxy.Transport;

namespace EdgeProxy.Bench.Transport;

/// <summary>One small block rented and returned, as each readable connection does, against what .NET offers.</summary>
[MemoryDiagnoser]
public class BlockPoolBenchmarks : IDisposable
{
    private readonly BlockPool _pool = new();

    [GlobalCleanup]
    public void Dispose()
    {
        _pool.Dispose();
        GC.SuppressFinalize(this);
    }

    [Benchmark(Baseline = true)]
    public int ArrayPool_RentReturn()
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(BlockPool.SmallBytes);
        bytes[0] = 1;
        ArrayPool<byte>.Shared.Return(bytes);
        return bytes.Length;
    }

    [Benchmark]
    public unsafe int NativeMemory_AllocFree()
    {
        byte* memory = (byte*)NativeMemory.Alloc(BlockPool.SmallBytes);
        *memory = 1;
        NativeMemory.Free(memory);
        return BlockPool.SmallBytes;
    }

    [Benchmark]
    public int BlockPool_RentReturn()
    {
        Block block = _pool.RentSmall();
        block.Free[0] = 1;
        _pool.Return(block);
        return block.Capacity;
    }

    /// <summary>A head and a body in both directions: what one exchange may hold at once.</summary>
    [Benchmark]
    public int BlockPool_OneExchange()
    {
        Block requestHead = _pool.RentSmall();
        Block responseHead = _pool.RentSmall();
        Block body = _pool.RentLarge();
        int capacity = requestHead.Capacity + responseHead.Capacity + body.Capacity;
        _pool.Return(body);
        _pool.Return(responseHead);
        _pool.Return(requestHead);
        return capacity;
    }
}
