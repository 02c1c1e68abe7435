using System;

namespace EdgeProxy.Transport;

/// <summary>
/// What the keys in epoll stand for. A key is a slot and its generation, and the generation grows when the slot is
/// freed: an event of a closed link, still in the batch when another link took the slot, finds nothing.
/// </summary>
internal sealed class SlotTable
{
    private const int FirstCapacity = 64;
    private const int None = -1;

    private Slot[] _slots = new Slot[FirstCapacity];
    private int _used;
    private int _free = None;

    public ulong Add(object target)
    {
        int index = _free;
        if (index == None)
        {
            index = _used++;
            if (index == _slots.Length)
            {
                Array.Resize(ref _slots, index * 2);
            }
        }
        else
        {
            _free = _slots[index].NextFree;
        }

        ref Slot slot = ref _slots[index];
        slot.Target = target;
        return ((ulong)slot.Generation << 32) | (uint)index;
    }

    public object? Find(ulong key)
    {
        ref Slot slot = ref _slots[(int)(uint)key];
        return slot.Generation == (uint)(key >> 32) ? slot.Target : null;
    }

    public void Remove(ulong key)
    {
        int index = (int)(uint)key;
        ref Slot slot = ref _slots[index];
        slot.Target = null;
        slot.Generation++;
        slot.NextFree = _free;
        _free = index;
    }

    /// <summary>Closes every link and shuts every acceptor; only for a loop that ends.</summary>
    public void CloseAll()
    {
        for (int i = 0; i < _used; i++)
        {
            object? target = _slots[i].Target;
            (target as TcpLink)?.Close();
            (target as Acceptor)?.Shut();
        }
    }

    private struct Slot
    {
        public object? Target;
        public uint Generation;
        public int NextFree;
    }
}
