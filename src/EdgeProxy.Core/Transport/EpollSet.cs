using System;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport;

/// <summary>The epoll descriptor of one loop and the batch of events it answered last.</summary>
internal sealed unsafe class EpollSet : IDisposable
{
    /// <summary>Events taken in one turn; the rest waits for the next without being lost.</summary>
    public const int BatchMax = 256;

    // linux/eventpoll.h packs struct epoll_event on x86-64 only: 4 + 8 bytes there, 4 + 4 (padding) + 8 elsewhere.
    private static readonly int EventBytes = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;
    private static readonly int KeyAt = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 4 : 8;

    private readonly int _fd;
    private byte* _batch;

    public EpollSet()
    {
        _fd = LibC.EpollCreate(LibC.EpollCloseOnExec);
        if (_fd < 0)
        {
            throw new InvalidOperationException("epoll_create1 failed: " + Errno.Text(Errno.Last));
        }

        _batch = (byte*)NativeMemory.AlignedAlloc((nuint)(BatchMax * EventBytes), 64);
    }

    /// <summary>Returns 0 or the error number.</summary>
    public int Add(int fd, uint events, ulong key)
    {
        byte* entry = stackalloc byte[16];
        *(uint*)entry = events;
        Unsafe.WriteUnaligned(entry + KeyAt, key);
        return LibC.EpollControl(_fd, LibC.EpollAdd, fd, entry) == 0 ? 0 : Errno.Last;
    }

    /// <summary>Only for a descriptor that stays open; closing one takes it out of the set.</summary>
    public void Remove(int fd)
    {
        byte* entry = stackalloc byte[16];
        _ = LibC.EpollControl(_fd, LibC.EpollDelete, fd, entry);
    }

    /// <summary>Returns the number of events; a signal that interrupts the wait is none.</summary>
    public int Poll(int timeoutMs) => Math.Max(0, LibC.EpollWait(_fd, _batch, BatchMax, timeoutMs));

    public uint EventsAt(int index) => *(uint*)(_batch + (index * EventBytes));

    public ulong KeyOf(int index) => Unsafe.ReadUnaligned<ulong>(_batch + (index * EventBytes) + KeyAt);

    public void Dispose()
    {
        if (_batch is not null)
        {
            _ = LibC.Close(_fd);
            NativeMemory.AlignedFree(_batch);
            _batch = null;
        }
    }
}
