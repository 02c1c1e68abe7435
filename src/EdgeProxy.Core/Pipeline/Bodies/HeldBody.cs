using System;
using EdgeProxy.Transport;

namespace EdgeProxy.Pipeline.Bodies;

/// <summary>
/// Bytes in one block that grows with them: a request's body that is read whole and sent from here, as often as it has
/// to be; or a piece of an answer on its way. Reused after <see cref="Release"/>, which every exchange ends with.
/// </summary>
internal sealed class HeldBody
{
    private Block? _block;
    private BlockPool? _blocks;
    private BodyBudget? _budget;
    private int _charged;
    private int _sent;

    public int Length => _block?.Length ?? 0;

    public ReadOnlySpan<byte> Bytes => _block is null ? default : _block.Filled;

    /// <summary>What was not handed on yet.</summary>
    public ReadOnlySpan<byte> Unsent => Bytes[_sent..];

    /// <param name="budget">What its memory counts against; null for bytes that are bounded otherwise.</param>
    public void Bind(BlockPool blocks, BodyBudget? budget)
    {
        _blocks = blocks;
        _budget = budget;
    }

    /// <summary>Memory from where another has it, without a budget.</summary>
    public void BindAs(HeldBody other) => Bind(other._blocks!, budget: null);

    /// <summary>Memory from where another has it, within a budget.</summary>
    public void BindAs(HeldBody other, BodyBudget budget) => Bind(other._blocks!, budget);

    /// <summary>Adds bytes; false, and nothing added, if the budget is used up.</summary>
    /// <param name="lengthWanted">How long it will be in the end, as far as that is known.</param>
    public bool TryAppend(ReadOnlySpan<byte> bytes, int lengthWanted = 0)
    {
        if (bytes.IsEmpty)
        {
            return true;
        }

        if ((_block is null || _block.Free.Length < bytes.Length) && !TryGrow(bytes.Length, lengthWanted))
        {
            return false;
        }

        bytes.CopyTo(_block!.Free);
        _block.Commit(bytes.Length);
        return true;
    }

    /// <summary>Room for so many bytes more; <see cref="Commit"/> says how many were written.</summary>
    public bool TryRoom(int bytes, out Span<byte> room)
    {
        room = default;
        if ((_block is null || _block.Free.Length < bytes) && !TryGrow(Math.Max(1, bytes), 0))
        {
            return false;
        }

        room = _block!.Free;
        return true;
    }

    public void Commit(int bytes) => _block!.Commit(bytes);

    /// <summary>The first unsent bytes were handed on.</summary>
    public void Advance(int count) => _sent += count;

    /// <summary>All of it is to be sent once more.</summary>
    public void Rewind() => _sent = 0;

    /// <summary>Takes the other's bytes in the place of its own; the other is empty then.</summary>
    public void TakeFrom(HeldBody other)
    {
        Release();
        (_block, _charged) = (other._block, other._charged);
        (other._block, other._charged, other._sent) = (null, 0, 0);
    }

    /// <summary>Drops the bytes and keeps the block for the next ones.</summary>
    public void Clear()
    {
        _block?.Clear();
        _sent = 0;
    }

    /// <summary>Gives block and budget back.</summary>
    public void Release()
    {
        if (_block is not null)
        {
            _block.Clear();
            _blocks!.Return(_block);
            _block = null;
        }

        if (_charged > 0)
        {
            _budget!.Give(_charged);
            _charged = 0;
        }

        _sent = 0;
    }

    // Twice as much each time, so that a long body is copied a few times only; never more than is known to come.
    private bool TryGrow(int more, int lengthWanted)
    {
        int needed = Length + more;
        int doubled = Math.Max(needed, Math.Min(2 * (_block?.Capacity ?? 0), BlockPool.OddBytesMax));
        int capacity = lengthWanted >= needed ? Math.Min(doubled, lengthWanted) : doubled;
        if (capacity > BlockPool.OddBytesMax)
        {
            return false;
        }

        // Blocks have sizes; what is taken is what is counted.
        Block larger = _blocks!.Rent(capacity);
        if (_budget is not null && !_budget.TryTake(larger.Capacity))
        {
            _blocks.Return(larger);
            return false;
        }

        if (_block is not null)
        {
            _block.Filled.CopyTo(larger.Free);
            larger.Commit(_block.Length);
            _block.Clear();
            _blocks.Return(_block);
        }

        _budget?.Give(_charged);
        _charged = _budget is null ? 0 : larger.Capacity;
        _block = larger;
        return true;
    }
}
