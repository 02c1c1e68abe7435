using System;
using System.Collections.Generic;
using System.Numerics;

namespace EdgeProxy.Routing;

/// <summary>
/// Host to group number: open addressing in one flat array, at most half full, keys side by side in another.
/// </summary>
internal sealed class HostTable
{
    private readonly Slot[] _slots;
    private readonly byte[] _keys;
    private readonly uint _mask;

    /// <summary>
    /// The number of a host is its place in <paramref name="hosts"/> plus <paramref name="firstNumber"/>; no two are
    /// equal.
    /// </summary>
    public HostTable(IReadOnlyList<byte[]> hosts, int firstNumber)
    {
        Count = hosts.Count;
        _slots = new Slot[BitOperations.RoundUpToPowerOf2((uint)Math.Max(2, hosts.Count * 2))];
        _mask = (uint)_slots.Length - 1;
        int bytes = 0;
        foreach (byte[] host in hosts)
        {
            bytes += host.Length;
        }

        _keys = new byte[bytes];
        int start = 0;
        for (int i = 0; i < hosts.Count; i++)
        {
            hosts[i].CopyTo(_keys, start);
            Insert(new Slot(ByteHash.Of(hosts[i]), start, hosts[i].Length, firstNumber + i));
            start += hosts[i].Length;
        }
    }

    public int Count { get; }

    /// <summary>-1 if it is not there.</summary>
    public int Find(ReadOnlySpan<byte> host)
    {
        if (Count == 0 || host.IsEmpty)
        {
            return -1;
        }

        uint hash = ByteHash.Of(host);
        for (uint at = hash & _mask; ; at = (at + 1) & _mask)
        {
            ref readonly Slot slot = ref _slots[at];
            if (slot.Length == 0)
            {
                return -1;
            }

            if (slot.Hash == hash && host.SequenceEqual(_keys.AsSpan(slot.Start, slot.Length)))
            {
                return slot.Number;
            }
        }
    }

    private void Insert(Slot slot)
    {
        uint at = slot.Hash & _mask;
        while (_slots[at].Length != 0)
        {
            at = (at + 1) & _mask;
        }

        _slots[at] = slot;
    }

    private readonly record struct Slot(uint Hash, int Start, int Length, int Number);
}
