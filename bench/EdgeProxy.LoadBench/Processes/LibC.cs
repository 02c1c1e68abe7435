using System;
using System.Runtime.InteropServices;

namespace EdgeProxy.LoadBench.Processes;

/// <summary>What the harness asks of the kernel that .NET has no call for. Errors: -1, with errno kept.</summary>
internal static partial class LibC
{
    public const int SignalTerm = 15;
    public const int SignalKill = 9;
    public const int SignalHangup = 1;
    public const int SignalStop = 19;
    public const int SignalContinue = 18;
    public const uint EpollIn = 0x001;
    public const int EpollAdd = 1;
    public const int EpollCloseOnExec = 0x80000;
    public const int MessageNoSignal = 0x4000;
    public const int ErrnoAgain = 11;
    public const int SetTimerSlack = 29;

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    public static partial int SetAffinity(int pid, nint size, in ulong mask);

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    public static partial int GetAffinity(int pid, nint size, out ulong mask);

    [LibraryImport("libc", EntryPoint = "clock_gettime", SetLastError = true)]
    public static partial int GetTime(int clock, out TimeSpec time);

    [LibraryImport("libc", EntryPoint = "clock_getcpuclockid")]
    public static partial int GetCpuClock(int pid, out int clock);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    [LibraryImport("libc", EntryPoint = "prctl", SetLastError = true)]
    public static partial int Control(int option, nuint argument);

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    public static partial int EpollCreate(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    public static partial int EpollControl(int epoll, int operation, int fd, in EpollEvent item);

    /// <summary>Waits with a resolution of nanoseconds, which epoll_wait has not (Linux 5.11).</summary>
    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    public static unsafe partial int EpollWait(int epoll, EpollEvent* events, int count, in TimeSpec wait, nint mask);

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    public static unsafe partial nint Send(int fd, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "recv", SetLastError = true)]
    public static unsafe partial nint Receive(int fd, byte* bytes, nint count, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int fd);

    [LibraryImport("libc", EntryPoint = "getrlimit", SetLastError = true)]
    private static partial int GetLimit(int resource, out ResourceLimit limit);

    [LibraryImport("libc", EntryPoint = "setrlimit", SetLastError = true)]
    private static partial int SetLimit(int resource, in ResourceLimit limit);

    /// <summary>Raises the limit of open files to what we may have; what it then is. Children inherit it.</summary>
    public static int RaiseOpenFiles()
    {
        const int openFiles = 7;
        const ulong most = 1_000_000;
        if (GetLimit(openFiles, out ResourceLimit limit) != 0)
        {
            return 1024;
        }

        limit.Soft = Math.Min(limit.Hard, most);
        SetLimit(openFiles, limit);
        return (int)limit.Soft;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct ResourceLimit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
