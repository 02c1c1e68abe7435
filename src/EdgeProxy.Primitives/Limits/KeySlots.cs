using System;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Threading;

namespace EdgeProxy.Primitives.Limits;

/// <summary>
/// One number for each of many keys, in memory of a fixed size: a table of buckets of eight, each with its own lock, so
/// that loops meet only when they touch the same bucket. Keys are 64-bit hashes; see <see cref="KeyHash"/>.
/// </summary>
internal sealed class KeySlots
{
    /// <summary>Keys a bucket holds. When it is full the one with the smallest number gives way.</summary>
    public const int Ways = 8;

    private readonly Bucket[] _buckets;
    private readonly int _mask;

    /// <param name="keysMax">Rounded up to a power of two, at least <see cref="Ways"/>. 17 bytes each.</param>
    public KeySlots(int keysMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(keysMax, 1);
        int buckets = (int)BitOperations.RoundUpToPowerOf2((uint)((keysMax + Ways - 1) / Ways));
        _mask = buckets - 1;
        _buckets = new Bucket[buckets];
    }

    /// <summary>What a change makes of the number of a key; the second value is the caller's answer.</summary>
    public delegate (long Next, TAnswer Answer) Change<TState, TAnswer>(long number, TState state);

    /// <summary>
    /// Changes the number of a key, 0 if it is new, in one step. When a bucket is full of others, the new key takes the
    /// place of the smallest number; <paramref name="lost"/> is then that number, else 0.
    /// </summary>
    public TAnswer Update<TState, TAnswer>(
        ulong key, TState state, Change<TState, TAnswer> change, out long lost)
    {
        ref Bucket bucket = ref _buckets[(int)(key & (uint)_mask)];
        Enter(ref bucket.Lock);
        try
        {
            int at = Find(ref bucket, key);
            bool isKnown = bucket.Keys[at] == key;
            lost = isKnown ? 0 : bucket.Numbers[at];
            (long next, TAnswer answer) = change(isKnown ? bucket.Numbers[at] : 0, state);
            bucket.Keys[at] = key;
            bucket.Numbers[at] = next;
            return answer;
        }
        finally
        {
            Volatile.Write(ref bucket.Lock, 0);
        }
    }

    /// <summary>Lowers the number of a key by one, down to 0; a key that is not there stays so.</summary>
    public void Lower(ulong key)
    {
        ref Bucket bucket = ref _buckets[(int)(key & (uint)_mask)];
        Enter(ref bucket.Lock);
        int at = Find(ref bucket, key);
        if (bucket.Keys[at] == key && bucket.Numbers[at] > 0)
        {
            bucket.Numbers[at]--;
        }

        Volatile.Write(ref bucket.Lock, 0);
    }

    // The key's slot, else the one whose number is the smallest: an empty one is 0.
    private static int Find(ref Bucket bucket, ulong key)
    {
        int smallest = 0;
        for (int i = 0; i < Ways; i++)
        {
            if (bucket.Keys[i] == key)
            {
                return i;
            }

            smallest = bucket.Numbers[i] < bucket.Numbers[smallest] ? i : smallest;
        }

        return smallest;
    }

    // Held for some fifty nanoseconds, by a handful of threads.
    private static void Enter(ref int flag)
    {
        var spin = default(SpinWait);
        while (Interlocked.CompareExchange(ref flag, 1, 0) != 0)
        {
            spin.SpinOnce(sleep1Threshold: -1);
        }
    }

    private struct Bucket
    {
        public int Lock;
        public EightKeys Keys;
        public EightNumbers Numbers;
    }

    [InlineArray(Ways)]
    private struct EightKeys
    {
        private ulong _first;
    }

    [InlineArray(Ways)]
    private struct EightNumbers
    {
        private long _first;
    }
}
