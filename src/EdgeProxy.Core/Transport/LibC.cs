using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

// Every native signature of this assembly is blittable; with this the compiler refuses one that is not.
[assembly: DisableRuntimeMarshalling]

namespace EdgeProxy.Transport;

/// <summary>A piece of a gathered write, as struct iovec.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct IoVector
{
    public byte* Memory;
    public nuint Length;
}

/// <summary>As struct msghdr of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal unsafe struct MessageHead
{
    public void* Name;
    public uint NameLength;
    public IoVector* Vectors;
    public nuint VectorCount;
    public void* Control;
    public nuint ControlLength;
    public int Flags;
}

/// <summary>As struct rlimit of 64-bit Linux.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct ResourceLimit
{
    public ulong Current;
    public ulong Max;
}

/// <summary>
/// The system calls of the data path. Only 64-bit Linux; numbers from asm-generic, the same on x64 and arm64. Only
/// fcntl takes a variable argument list in C; what these two ABIs do with an integer in it is what they do without.
/// </summary>
internal static unsafe partial class LibC
{
    public const int AddressFamilyUnix = 1;
    public const int AddressFamilyInet = 2;
    public const int AddressFamilyInet6 = 10;

    public const int SocketStream = 1;
    public const int SocketNonBlock = 0x800;
    public const int SocketCloseOnExec = 0x80000;

    public const int LevelSocket = 1;
    public const int LevelTcp = 6;
    public const int LevelIpv6 = 41;
    public const int OptionReuseAddress = 2;
    public const int OptionType = 3;
    public const int OptionError = 4;
    public const int OptionLinger = 13;
    public const int OptionAcceptsConnections = 30;
    public const int OptionTcpNoDelay = 1;
    public const int OptionIpv6Only = 26;

    public const int ControlSetDescriptorFlags = 2;
    public const int ControlSetStatusFlags = 4;
    public const int CloseOnExec = 1;
    public const int NonBlock = 0x800;

    public const int MessageNoSignal = 0x4000;
    public const int MessagePeek = 2;
    public const int ShutdownWrite = 1;

    public const int EpollCloseOnExec = 0x80000;
    public const int EpollAdd = 1;
    public const int EpollDelete = 2;
    public const uint EpollIn = 0x001;
    public const uint EpollOut = 0x004;
    public const uint EpollErr = 0x008;
    public const uint EpollHup = 0x010;
    public const uint EpollRdHup = 0x2000;
    public const uint EpollExclusive = 1u << 28;
    public const uint EpollEdge = 1u << 31;

    public const int EventFdNonBlock = 0x800;
    public const int EventFdCloseOnExec = 0x80000;

    public const int LimitOpenFiles = 7;

    public const int ProtRead = 1;
    public const int ProtWrite = 2;
    public const int MapPrivate = 0x02;
    public const int MapAnonymous = 0x20;
    public const int MadvDontNeed = 4;
    public const int MadvNoHugePage = 15;

    private const string Library = "libc";

    [LibraryImport(Library, EntryPoint = "epoll_create1")]
    public static partial int EpollCreate(int flags);

    [LibraryImport(Library, EntryPoint = "epoll_ctl")]
    public static partial int EpollControl(int epollFd, int operation, int fd, void* epollEvent);

    [LibraryImport(Library, EntryPoint = "epoll_wait")]
    public static partial int EpollWait(int epollFd, void* epollEvents, int eventsMax, int timeoutMs);

    [LibraryImport(Library, EntryPoint = "eventfd")]
    public static partial int EventFd(uint initial, int flags);

    [LibraryImport(Library, EntryPoint = "socket")]
    public static partial int Socket(int family, int type, int protocol);

    [LibraryImport(Library, EntryPoint = "bind")]
    public static partial int Bind(int fd, void* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "listen")]
    public static partial int Listen(int fd, int backlog);

    [LibraryImport(Library, EntryPoint = "accept4")]
    public static partial int Accept(int fd, void* address, uint* addressLength, int flags);

    [LibraryImport(Library, EntryPoint = "connect")]
    public static partial int Connect(int fd, void* address, uint addressLength);

    [LibraryImport(Library, EntryPoint = "getsockname")]
    public static partial int GetSocketName(int fd, void* address, uint* addressLength);

    [LibraryImport(Library, EntryPoint = "setsockopt")]
    public static partial int SetSocketOption(int fd, int level, int option, void* value, uint valueLength);

    [LibraryImport(Library, EntryPoint = "getsockopt")]
    public static partial int GetSocketOption(int fd, int level, int option, void* value, uint* valueLength);

    [LibraryImport(Library, EntryPoint = "recv")]
    public static partial nint Receive(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "send")]
    public static partial nint Send(int fd, void* buffer, nuint length, int flags);

    [LibraryImport(Library, EntryPoint = "sendmsg")]
    public static partial nint SendMessage(int fd, MessageHead* message, int flags);

    [LibraryImport(Library, EntryPoint = "shutdown")]
    public static partial int Shutdown(int fd, int how);

    [LibraryImport(Library, EntryPoint = "write")]
    public static partial nint Write(int fd, void* buffer, nuint length);

    [LibraryImport(Library, EntryPoint = "close")]
    public static partial int Close(int fd);

    [LibraryImport(Library, EntryPoint = "fcntl")]
    public static partial int Control(int fd, int command, int argument);

    /// <summary>For <see cref="ChangeOwner"/>: stays who it is.</summary>
    public const uint Unchanged = uint.MaxValue;

    [LibraryImport(Library, EntryPoint = "chown", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeOwner(string path, uint user, uint group);

    [LibraryImport(Library, EntryPoint = "chmod", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int ChangeMode(string path, uint mode);

    public const int StatBytes = 256;
    public const int CurrentFolder = -100;
    public const int NotTheTarget = 0x100; // of a symbolic link
    public const int OfTheHandle = 0x1000; // the path is empty
    public const uint StatKind = 1;
    public const uint StatMode = 2;
    public const uint StatOwner = 8;

    [LibraryImport(Library, EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Stat(int folder, string path, int flags, uint mask, byte* facts);

    /// <summary>The user whose rights the process has.</summary>
    [LibraryImport(Library, EntryPoint = "geteuid")]
    public static partial uint UserInEffect();

    /// <summary>struct passwd of a name, 0 for none. Not thread-safe.</summary>
    [LibraryImport(Library, EntryPoint = "getpwnam", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindUser(string name);

    /// <summary>struct group of a name, 0 for none. Not thread-safe.</summary>
    [LibraryImport(Library, EntryPoint = "getgrnam", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint FindGroup(string name);

    [LibraryImport(Library, EntryPoint = "getrlimit")]
    public static partial int GetResourceLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "setrlimit")]
    public static partial int SetResourceLimit(int resource, ResourceLimit* limit);

    [LibraryImport(Library, EntryPoint = "mmap")]
    public static partial void* MMap(void* address, nuint length, int protection, int flags, int fd, long offset);

    [LibraryImport(Library, EntryPoint = "munmap")]
    public static partial int MUnmap(void* address, nuint length);

    [LibraryImport(Library, EntryPoint = "madvise")]
    public static partial int MAdvise(void* address, nuint length, int advice);
}
