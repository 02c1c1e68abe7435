using System.Runtime.InteropServices;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>struct epoll_event, which x64 packs and other processors do not.</summary>
internal readonly struct EpollEvent(uint events, int fd)
{
    private static readonly bool IsPacked = RuntimeInformation.ProcessArchitecture == Architecture.X64;

    // Twelve bytes on x64, sixteen elsewhere; the wider layout is used and entries are read at the right distance.
    private readonly uint _events = events;
    private readonly int _second = IsPacked ? fd : 0;
    private readonly int _third = IsPacked ? 0 : fd;
    private readonly int _fourth = 0;

    /// <summary>Bytes from one entry of the kernel's array to the next.</summary>
    public static int Distance => IsPacked ? 12 : 16;

    public uint Events => _events;

    public int Fd => IsPacked ? _second : _third;
}
