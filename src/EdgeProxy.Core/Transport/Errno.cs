using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace EdgeProxy.Transport;

/// <summary>Error numbers of Linux, the same on x64 and arm64 (asm-generic/errno.h).</summary>
internal static class Errno
{
    public const int NotPermitted = 1;  // EPERM
    public const int Intr = 4;          // EINTR
    public const int BadFd = 9;         // EBADF
    public const int Again = 11;        // EAGAIN, EWOULDBLOCK
    public const int NoMemory = 12;     // ENOMEM
    public const int AccessDenied = 13; // EACCES
    public const int Invalid = 22;      // EINVAL
    public const int FileTable = 23;    // ENFILE: the system has no file left
    public const int TooManyFiles = 24; // EMFILE: the process has no file left
    public const int Pipe = 32;         // EPIPE
    public const int NotSocket = 88;    // ENOTSOCK
    public const int AddressInUse = 98; // EADDRINUSE
    public const int Reset = 104;       // ECONNRESET
    public const int NoBuffers = 105;   // ENOBUFS
    public const int Refused = 111;     // ECONNREFUSED
    public const int InProgress = 115;  // EINPROGRESS

    /// <summary>
    /// The number of the call just made. MUST be read right after it: the runtime keeps it over the return from native
    /// code, and over nothing else.
    /// </summary>
    public static int Last
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Marshal.GetLastSystemError();
    }

    /// <summary>
    /// The process or the system is out of what a connection takes; waiting may help, trying again at once does not.
    /// </summary>
    public static bool IsExhaustion(int errno) => errno is FileTable or TooManyFiles or NoBuffers or NoMemory;

    /// <summary>The system's words for a number, for logs and faults.</summary>
    public static string Text(int errno) => Marshal.GetPInvokeErrorMessage(errno);
}
