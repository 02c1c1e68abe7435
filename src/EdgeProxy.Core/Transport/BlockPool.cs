using System;

namespace EdgeProxy.Transport;

/// <summary>
/// Blocks of one loop, last in first out so that the warmest memory is used again. Three sizes: a head usually fits
/// <see cref="SmallBytes"/>, a body moves through <see cref="LargeBytes"/>, an odd head takes what its limit asks for.
/// Not thread-safe: only its loop rents and returns.
/// </summary>
internal sealed class BlockPool : IDisposable
{
    public const int SmallBytes = 4 * 1024;
    public const int LargeBytes = 32 * 1024;

    /// <summary>Blocks rented now; a test holds that idle connections rent none.</summary>
    public int RentedCount { get; private set; }

    public Block RentSmall() => throw new NotSupportedException();

    public Block RentLarge() => throw new NotSupportedException();

    /// <summary>At least <paramref name="bytes"/>; above <see cref="LargeBytes"/> the memory is freed on return.</summary>
    public Block Rent(int bytes) => throw new NotSupportedException();

    public void Return(Block block) => throw new NotSupportedException();

    /// <summary>Frees memory kept beyond what the last period needed; called about once a second by the loop.</summary>
    public void Trim() => throw new NotSupportedException();

    public void Dispose() => throw new NotSupportedException();
}
