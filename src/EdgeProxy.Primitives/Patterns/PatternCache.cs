using System;
using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Primitives.Patterns;

/// <summary>
/// Compiled patterns by their source, for as long as some table holds them. Compiling one takes about a millisecond, a
/// thousand times what parsing the rule around it does; with this a reload compiles only the patterns that are new, and
/// the old ones keep the automata they have built. Any thread.
/// </summary>
internal static class PatternCache
{
    private const int SweepFloor = 64;

    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, WeakReference<UserPattern>> Known = [];
    private static int _sweepAt = SweepFloor;

    public static UserPattern? Find(string source)
    {
        lock (Gate)
        {
            return Known.TryGetValue(source, out WeakReference<UserPattern>? weak)
                && weak.TryGetTarget(out UserPattern? pattern)
                ? pattern
                : null;
        }
    }

    public static void Add(UserPattern pattern)
    {
        lock (Gate)
        {
            Known[pattern.Source] = new WeakReference<UserPattern>(pattern);
            if (Known.Count >= _sweepAt)
            {
                Sweep();
            }
        }
    }

    // Grows with what is alive, so it holds at most as many dead entries as live ones.
    private static void Sweep()
    {
        var dead = new List<string>();
        foreach ((string source, WeakReference<UserPattern> weak) in Known)
        {
            if (!weak.TryGetTarget(out _))
            {
                dead.Add(source);
            }
        }

        foreach (string source in dead)
        {
            Known.Remove(source);
        }

        _sweepAt = Math.Max(SweepFloor, Known.Count * 2);
    }
}
