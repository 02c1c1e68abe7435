using System;
using System.Collections.Generic;

namespace EdgeProxy.Transport;

/// <summary>
/// The blocks of one size of one <see cref="BlockPool"/>: cut from slabs, kept last in first out. Memory of blocks that
/// were not needed for a while goes back to the system page by page while its addresses stay, so that resident memory
/// falls after a burst whatever order the blocks came back in; freeing through malloc would leave it to the shape of
/// the heap.
/// </summary>
internal sealed unsafe class BlockStack(int blockBytes, int keptMax) : IDisposable
{
    // 64 small or 8 large blocks: few system calls while a burst grows, little address space for a small box.
    private const int SlabBytes = 256 * 1024;

    // A page costs 1 to 2 us to give back (every core drops it from its TLB): no trim holds the loop longer than 1 ms.
    private const int TrimmedMax = 512;

    private readonly List<nint> _slabs = [];
    private readonly Stack<Block> _cold = new(); // given back to the system; the first write brings zeroed pages
    private Block[] _free = new Block[keptMax];
    private int _freeCount;
    private int _freeCountLow; // fewest free blocks since the last trim: they were not needed

    /// <summary>Free blocks that still have their memory.</summary>
    public int FreeCount => _freeCount;

    /// <summary>More is kept than is to be kept for good.</summary>
    public bool HasSurplus => _freeCount > keptMax;

    public Block Rent()
    {
        Block block = _freeCount > 0 ? _free[--_freeCount] : RentCold();
        _freeCountLow = Math.Min(_freeCountLow, _freeCount);
        return block;
    }

    public void Return(Block block)
    {
        if (_freeCount == _free.Length)
        {
            Array.Resize(ref _free, _freeCount * 2);
        }

        _free[_freeCount++] = block;
    }

    /// <summary>
    /// Gives back what the period since the last call did not need, all but the few that are always kept.
    /// </summary>
    public void Trim()
    {
        int surplus = Math.Clamp(_freeCount - keptMax, 0, Math.Min(_freeCountLow, TrimmedMax));
        int kept = _freeCount - surplus;
        if (surplus > 0)
        {
            // From the bottom: the top is warm.
            for (int i = 0; i < surplus; i++)
            {
                Block block = _free[i];
                _ = LibC.MAdvise(block.Memory, (nuint)blockBytes, LibC.MadvDontNeed);
                _cold.Push(block);
            }

            Array.Copy(_free, surplus, _free, 0, kept);
            Array.Clear(_free, kept, surplus);
            _freeCount = kept;
        }

        _freeCountLow = _freeCount;
    }

    public void Dispose()
    {
        foreach (nint slab in _slabs)
        {
            _ = LibC.MUnmap((void*)slab, SlabBytes);
        }

        _slabs.Clear();
        _cold.Clear();
        Array.Clear(_free);
        _freeCount = 0;
        _freeCountLow = 0;
    }

    private Block RentCold()
    {
        if (_cold.Count == 0)
        {
            Grow();
        }

        return _cold.Pop();
    }

    private void Grow()
    {
        void* slab = LibC.MMap(
            null, SlabBytes, LibC.ProtRead | LibC.ProtWrite, LibC.MapPrivate | LibC.MapAnonymous, -1, 0);
        if ((nint)slab == -1)
        {
            throw new InsufficientMemoryException("no memory for blocks: " + Errno.Text(Errno.Last));
        }

        // Slabs side by side look like one large area; a huge page in it would keep 2 MiB resident for one block.
        _ = LibC.MAdvise(slab, SlabBytes, LibC.MadvNoHugePage);
        _slabs.Add((nint)slab);
        for (int at = SlabBytes - blockBytes; at >= 0; at -= blockBytes)
        {
            _cold.Push(new Block((byte*)slab + at, blockBytes) { IsRented = false });
        }
    }
}
