using System;

namespace EdgeProxy.Transport;

/// <summary>
/// Bytes that wait, first in first out, in blocks of a loop's pool: none while it is empty. Kept by its owner and used
/// again; after <see cref="Clear"/> it holds nothing.
/// </summary>
/// <param name="blocks">Where blocks come from.</param>
/// <param name="blockBytesMax">
/// Largest block for what is appended: with <see cref="BlockPool.SmallBytes"/> it holds little more than it was given.
/// </param>
internal sealed class ByteQueue(BlockPool blocks, int blockBytesMax = BlockPool.LargeBytes)
{
    private const int BlocksKept = 4;

    private Block[] _blocks = new Block[BlocksKept];
    private int _first;
    private int _count;

    public int Length { get; private set; }

    public bool IsEmpty => Length == 0;

    /// <summary>The blocks its bytes are in.</summary>
    public int BlockCount => _count;

    /// <summary>The bytes of a block; 0 is the one whose bytes go first.</summary>
    public ReadOnlySpan<byte> PieceAt(int index) => index < _count ? At(index).Filled : default;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            Span<byte> room = Room(bytes.Length);
            int count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            Commit(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>
    /// Some contiguous room, not empty, for about so many bytes; <see cref="Commit"/> says how many were written.
    /// </summary>
    public Span<byte> Room(int wanted)
    {
        if (_count > 0 && !At(_count - 1).Free.IsEmpty)
        {
            return At(_count - 1).Free;
        }

        return Add(blocks.Rent(Math.Min(wanted, blockBytesMax))).Free;
    }

    /// <summary>As <see cref="Room"/>, and at least so many, whatever block that takes.</summary>
    public Span<byte> WholeRoom(int bytes) =>
        _count > 0 && At(_count - 1).Free.Length >= bytes ? At(_count - 1).Free : Add(blocks.Rent(bytes)).Free;

    public void Commit(int count)
    {
        At(_count - 1).Commit(count);
        Length += count;
    }

    /// <summary>Takes the first bytes out into <paramref name="destination"/>, as many as fit.</summary>
    public int Take(Span<byte> destination)
    {
        int taken = 0;
        while (taken < destination.Length && Length > 0)
        {
            ReadOnlySpan<byte> piece = PieceAt(0);
            int count = Math.Min(piece.Length, destination.Length - taken);
            piece[..count].CopyTo(destination[taken..]);
            Consume(count);
            taken += count;
        }

        return taken;
    }

    /// <summary>Drops the first bytes; MUST NOT be more than there are.</summary>
    public void Consume(int count)
    {
        Length -= count;
        while (count > 0)
        {
            Block block = At(0);
            int part = Math.Min(count, block.Length);
            block.Consume(part);
            count -= part;
            DropFirstIfEmpty();
        }

        DropFirstIfEmpty();
    }

    public void Clear()
    {
        while (_count > 0)
        {
            At(0).Clear();
            DropFirstIfEmpty();
        }

        Length = 0;
    }

    private Block At(int index) => _blocks[(_first + index) % _blocks.Length];

    private Block Add(Block block)
    {
        if (_count == _blocks.Length)
        {
            var grown = new Block[_blocks.Length * 2];
            for (int i = 0; i < _count; i++)
            {
                grown[i] = At(i);
            }

            _blocks = grown;
            _first = 0;
        }

        _blocks[(_first + _count) % _blocks.Length] = block;
        _count++;
        return block;
    }

    private void DropFirstIfEmpty()
    {
        if (_count > 0 && At(0).IsEmpty)
        {
            blocks.Return(At(0));
            _blocks[_first] = null!;
            _first = (_first + 1) % _blocks.Length;
            _count--;
        }
    }
}
