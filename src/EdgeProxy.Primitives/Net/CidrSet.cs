using System;
using System.Collections.Generic;
using System.Net;

namespace EdgeProxy.Primitives.Net;

/// <summary>
/// A set of addresses and networks, immutable, read by all threads: merged ranges per family, searched by halving, so a
/// list of ten thousand networks costs 14 comparisons. An IPv6 network never holds an IPv4 client, also not ::/0.
/// </summary>
internal sealed class CidrSet
{
    private readonly (uint First, uint Last)[] _v4;
    private readonly (UInt128 First, UInt128 Last)[] _v6;

    private CidrSet((uint First, uint Last)[] v4, (UInt128 First, UInt128 Last)[] v6)
    {
        _v4 = v4;
        _v6 = v6;
    }

    public static CidrSet Empty { get; } = new([], []);

    public bool IsEmpty => _v4.Length == 0 && _v6.Length == 0;

    public static CidrSet Of(IEnumerable<IPNetwork> networks)
    {
        var ranges = new List<CidrRange>();
        foreach (IPNetwork network in networks)
        {
            ranges.Add(CidrRange.Of(network));
        }

        return Of(ranges);
    }

    public static CidrSet Of(IReadOnlyList<CidrRange> ranges)
    {
        var v4 = new List<(uint First, uint Last)>();
        var v6 = new List<(UInt128 First, UInt128 Last)>();
        foreach ((UInt128 first, UInt128 last, bool isV4) in Merge(ranges))
        {
            if (isV4)
            {
                v4.Add(((uint)first, (uint)last));
            }
            else
            {
                v6.Add((first, last));
            }
        }

        return new CidrSet([.. v4], [.. v6]);
    }

    /// <summary>
    /// Every text must be an address or a network; <paramref name="problem"/> tells of the first that is not.
    /// </summary>
    public static bool TryParse(IEnumerable<string> texts, out CidrSet set, out string problem)
    {
        set = Empty;
        problem = "";
        var ranges = new List<CidrRange>();
        foreach (string text in texts)
        {
            if (!CidrRange.TryParse(text, out CidrRange range, out problem))
            {
                return false;
            }

            ranges.Add(range);
        }

        set = Of(ranges);
        return true;
    }

    public bool Contains(IpAddress address) =>
        address.IsV4 ? ContainsV4((uint)address.Bits) : ContainsV6(address.Bits);

    private bool ContainsV4(uint bits)
    {
        int low = 0;
        int high = _v4.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (bits < _v4[middle].First)
            {
                high = middle - 1;
            }
            else if (bits > _v4[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private bool ContainsV6(UInt128 bits)
    {
        int low = 0;
        int high = _v6.Length - 1;
        while (low <= high)
        {
            int middle = (low + high) >> 1;
            if (bits < _v6[middle].First)
            {
                high = middle - 1;
            }
            else if (bits > _v6[middle].Last)
            {
                low = middle + 1;
            }
            else
            {
                return true;
            }
        }

        return false;
    }

    private static List<(UInt128 First, UInt128 Last, bool IsV4)> Merge(IReadOnlyList<CidrRange> ranges)
    {
        var sorted = new List<(UInt128 First, UInt128 Last, bool IsV4)>();
        foreach (CidrRange range in ranges)
        {
            sorted.Add((range.First.Bits, range.Last.Bits, range.First.IsV4));
        }

        sorted.Sort(static (a, b) => a.IsV4 != b.IsV4 ? a.IsV4.CompareTo(b.IsV4) : a.First.CompareTo(b.First));
        var merged = new List<(UInt128 First, UInt128 Last, bool IsV4)>();
        foreach ((UInt128 First, UInt128 Last, bool IsV4) next in sorted)
        {
            if (merged.Count > 0 && merged[^1].IsV4 == next.IsV4 && next.First <= merged[^1].Last)
            {
                merged[^1] = merged[^1] with { Last = UInt128.Max(merged[^1].Last, next.Last) };
            }
            else
            {
                merged.Add(next);
            }
        }

        return merged;
    }
}
