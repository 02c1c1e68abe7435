using System.Collections.Generic;
using System.Threading;

namespace EdgeProxy.Audit.Payloads;

/// <summary>Blocks that bodies are kept in until they are on the disk: all together bounded, and used again.</summary>
internal sealed class PayloadMemory(int bytesMax)
{
    public const int BlockBytes = 16 * 1024;
    private const int SparesMax = 64;

    private readonly Lock _lock = new();
    private readonly Stack<byte[]> _spares = new(SparesMax);
    private long _used;

    /// <summary>Changes at once; what is held already stays.</summary>
    public int BytesMax { get; set; } = bytesMax;

    public long Used => Volatile.Read(ref _used);

    /// <summary>No exchange that begins now finds a block.</summary>
    public bool IsFull => Used + BlockBytes > BytesMax;

    /// <summary>Null if there is no room.</summary>
    public byte[]? TryRent()
    {
        lock (_lock)
        {
            if (_used + BlockBytes > BytesMax)
            {
                return null;
            }

            _used += BlockBytes;
            return _spares.TryPop(out byte[]? spare) ? spare : new byte[BlockBytes];
        }
    }

    public void Return(List<byte[]> blocks)
    {
        lock (_lock)
        {
            for (int i = 0; i < blocks.Count; i++)
            {
                _used -= BlockBytes;
                if (_spares.Count < SparesMax)
                {
                    _spares.Push(blocks[i]);
                }
            }
        }

        blocks.Clear();
    }
}
