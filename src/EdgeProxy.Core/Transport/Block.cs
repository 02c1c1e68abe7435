using System;
using System.Diagnostics;

namespace EdgeProxy.Transport;

/// <summary>
/// A piece of native memory with the bytes in it: [Start, End) is filled, the rest after End is free. Rented from the
/// <see cref="BlockPool"/> of one loop, has one owner at a time, and goes back as soon as it is empty.
/// </summary>
internal sealed unsafe class Block
{
    private readonly byte* _memory;

    public Block(byte* memory, int capacity)
    {
        _memory = memory;
        Capacity = capacity;
    }

    public int Capacity { get; }

    public int Start { get; private set; }

    public int End { get; private set; }

    public int Length => End - Start;

    public bool IsEmpty => Start == End;

    /// <summary>Set by the pool; a block returned twice throws.</summary>
    public bool IsRented { get; set; } = true;

    internal byte* Memory => _memory;

    public Span<byte> Filled
    {
        get
        {
            Debug.Assert(IsRented, "a block was used after its return");
            return new Span<byte>(_memory + Start, End - Start);
        }
    }

    public Span<byte> Free
    {
        get
        {
            Debug.Assert(IsRented, "a block was used after its return");
            return new Span<byte>(_memory + End, Capacity - End);
        }
    }

    /// <summary>Takes <paramref name="count"/> bytes from the front; an emptied block starts over at 0.</summary>
    public void Consume(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)Length);
        Start += count;
        if (Start == End)
        {
            Start = 0;
            End = 0;
        }
    }

    /// <summary>Counts <paramref name="count"/> bytes written into <see cref="Free"/> as filled.</summary>
    public void Commit(int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)count, (uint)(Capacity - End));
        End += count;
    }

    /// <summary>Moves the filled bytes to the front, so that all room is at the end.</summary>
    public void Compact()
    {
        if (Start > 0)
        {
            Filled.CopyTo(new Span<byte>(_memory, Capacity));
            End -= Start;
            Start = 0;
        }
    }

    /// <summary>Takes bytes out of the middle: those behind them move up.</summary>
    /// <param name="offset">From the first filled byte.</param>
    public void RemoveAt(int offset, int count)
    {
        Span<byte> filled = Filled;
        filled[(offset + count)..].CopyTo(filled[offset..]);
        End -= count;
    }

    public void Clear()
    {
        Start = 0;
        End = 0;
    }
}
