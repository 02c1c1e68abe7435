using System;

namespace EdgeProxy.Services.Choosing;

/// <summary>
/// Random numbers for choosing servers (splitmix64): one multiplication-heavy line, no state but a word, a sequence of
/// its own for each loop. They spread load, they protect nothing.
/// </summary>
internal struct RandomSequence(ulong seed)
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = seed;

    public ulong Next() => Mix(_state += Step);

    /// <summary>0 to <paramref name="bound"/> - 1, each as likely (to within 2^-32).</summary>
    public int Next(int bound) => (int)(((Next() >> 32) * (ulong)bound) >> 32);

    /// <summary>Every bit of the result depends on every bit of the value; different values stay different.</summary>
    public static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58_476D_1CE4_E5B9;
        value = (value ^ (value >> 27)) * 0x94D0_49BB_1331_11EB;
        return value ^ (value >> 31);
    }

    /// <summary>A number for a name, the same in every process (FNV-1a, mixed).</summary>
    public static ulong Of(ReadOnlySpan<char> name)
    {
        ulong hash = 0xCBF2_9CE4_8422_2325;
        foreach (char character in name)
        {
            hash = (hash ^ character) * 0x0000_0100_0000_01B3;
        }

        return Mix(hash);
    }
}
