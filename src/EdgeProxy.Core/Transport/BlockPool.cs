using System;
using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport;

/// <summary>
/// Blocks of one loop, last in first out so that the warmest memory is used again. Three sizes: a head usually fits
/// <see cref="SmallBytes"/>, a body moves through <see cref="LargeBytes"/>, an odd head takes what its limit asks for.
/// Not thread-safe: only its loop rents and returns.
/// </summary>
internal sealed unsafe class BlockPool : IDisposable
{
    public const int SmallBytes = 4 * 1024;
    public const int LargeBytes = 32 * 1024;

    /// <summary>Largest odd block; far above every head limit that can be configured.</summary>
    public const int OddBytesMax = 64 * 1024 * 1024;

    // What an idle loop keeps: 32 x 4 KiB + 8 x 32 KiB = 384 KiB.
    private const int SmallKeptMax = 32;
    private const int LargeKeptMax = 8;

    private const int PageBytes = 4096;
    private const byte Poison = 0xDD;

    private readonly BlockStack _small = new(SmallBytes, SmallKeptMax);
    private readonly BlockStack _large = new(LargeBytes, LargeKeptMax);
    private bool _isDisposed;

    /// <summary>Blocks rented now; a test holds that idle connections rent none.</summary>
    public int RentedCount { get; private set; }

    /// <summary>Bytes of the blocks rented now.</summary>
    public long RentedBytes { get; private set; }

    /// <summary>Bytes of free blocks that are still resident.</summary>
    public long FreeBytes => ((long)_small.FreeCount * SmallBytes) + ((long)_large.FreeCount * LargeBytes);

    /// <summary>
    /// Something was returned since the last <see cref="Trim"/>, or that one left a surplus for the next.
    /// </summary>
    public bool NeedsTrim { get; private set; }

    public Block RentSmall() => Rented(_small.Rent());

    public Block RentLarge() => Rented(_large.Rent());

    /// <summary>
    /// At least <paramref name="bytes"/>; above <see cref="LargeBytes"/> the memory is freed on return.
    /// </summary>
    public Block Rent(int bytes)
    {
        if (bytes <= SmallBytes)
        {
            return RentSmall();
        }

        return bytes <= LargeBytes ? RentLarge() : RentOdd(bytes);
    }

    public void Return(Block block)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (!block.IsRented)
        {
            ThrowReturnedTwice();
        }

        PoisonFor(block);
        block.Clear();
        block.IsRented = false;
        RentedCount--;
        RentedBytes -= block.Capacity;
        if (block.Capacity > LargeBytes)
        {
            NativeMemory.AlignedFree(block.Memory);
        }
        else if (!_isDisposed)
        {
            NeedsTrim = true;
            (block.Capacity == SmallBytes ? _small : _large).Return(block);
        }

        [DoesNotReturn, MethodImpl(MethodImplOptions.NoInlining)]
        static void ThrowReturnedTwice() => throw new InvalidOperationException("a block was returned twice");
    }

    /// <summary>Frees memory kept beyond what the last period needed; called about once a second by the loop.</summary>
    public void Trim()
    {
        _small.Trim();
        _large.Trim();
        NeedsTrim = _small.HasSurplus || _large.HasSurplus;
    }

    /// <summary>Frees everything: blocks still rented MUST NOT be used after this.</summary>
    public void Dispose()
    {
        _isDisposed = true;
        NeedsTrim = false;
        _small.Dispose();
        _large.Dispose();
    }

    private Block RentOdd(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, OddBytesMax);
        int capacity = (bytes + PageBytes - 1) / PageBytes * PageBytes;
        return Rented(new Block((byte*)NativeMemory.AlignedAlloc((nuint)capacity, PageBytes), capacity));
    }

    private Block Rented(Block block)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        block.IsRented = true;
        RentedCount++;
        RentedBytes += block.Capacity;
        return block;
    }

    // Who reads a returned block in Debug reads this, and not what the next owner wrote.
    [Conditional("DEBUG")]
    private void PoisonFor(Block block)
    {
        if (!_isDisposed || block.Capacity > LargeBytes)
        {
            new Span<byte>(block.Memory, block.Capacity).Fill(Poison);
        }
    }
}
