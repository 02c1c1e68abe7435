using System;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>Who runs where. A program inherits the cores of the thread that starts it.</summary>
internal sealed record Cores(ulong Proxy, ulong Generator, int Workers)
{
    /// <summary>
    /// One core: the proxy has core 0 and everything else core 1. Two: everybody has both, which shows how a proxy
    /// scales, not what it could do with a generator on another machine.
    /// </summary>
    public static Cores For(int count) => count switch
    {
        _ when Environment.ProcessorCount < 2 => throw new InvalidOperationException("load runs need two cores"),
        1 => new Cores(0b01, 0b10, 1),
        _ => new Cores(0b11, 0b11, 2),
    };

    /// <summary>How many cores the generator and the origin have between them.</summary>
    public int GeneratorCount => System.Numerics.BitOperations.PopCount(Generator);

    public static void PinThisThread(ulong mask) => LibC.SetAffinity(0, sizeof(ulong), mask);

    public static T WithPinned<T>(ulong mask, Func<T> action)
    {
        _ = LibC.GetAffinity(0, sizeof(ulong), out ulong before);
        PinThisThread(mask);
        try
        {
            return action();
        }
        finally
        {
            PinThisThread(before);
        }
    }
}
