using System;
using System.Runtime.InteropServices;
using System.Text;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>
/// One datagram to an AF_UNIX address, by system call: the Socket class would cost the start of the process more than
/// the message is worth.
/// </summary>
internal static partial class UnixDatagram
{
    private const int FamilyUnix = 1;
    private const int TypeDatagramCloseOnExec = 2 | 0x80000; // SOCK_DGRAM | SOCK_CLOEXEC
    private const int FlagsNoSignalNoWait = 0x4000 | 0x40; // MSG_NOSIGNAL | MSG_DONTWAIT
    private const int ControlRights = 1; // SCM_RIGHTS
    private const int ControlLength = 20; // CMSG_LEN of one descriptor
    private const int ControlBytes = 24; // CMSG_SPACE of one descriptor
    private const int PathBytesMax = 107; // sun_path is 108 bytes, its last one the terminating zero

    /// <summary>A sockaddr_un; empty for a name that is none ("/path", or "@name" in the abstract namespace).</summary>
    public static byte[] Address(string? name)
    {
        if (name is not ['/' or '@', _, ..] || Encoding.UTF8.GetByteCount(name) > PathBytesMax)
        {
            return [];
        }

        bool isAbstract = name[0] == '@';
        byte[] path = Encoding.UTF8.GetBytes(name);
        // unix(7): an abstract name starts with a zero byte and ends with the address; a path ends with a zero byte.
        byte[] address = new byte[sizeof(ushort) + path.Length + (isAbstract ? 0 : 1)];
        MemoryMarshal.Write(address, (ushort)FamilyUnix);
        path.CopyTo(address, sizeof(ushort));
        if (isAbstract)
        {
            address[sizeof(ushort)] = 0;
        }

        return address;
    }

    /// <summary>
    /// False if nobody took it, or its queue is full (net.unix.max_dgram_qlen, 10): waiting for a reader that hangs
    /// would
    /// stop the timers and signals of a proxy that does not.
    /// </summary>
    public static bool Send(ReadOnlySpan<byte> address, ReadOnlySpan<byte> message)
    {
        int socket = OpenSocket(FamilyUnix, TypeDatagramCloseOnExec, 0);
        if (socket < 0)
        {
            return false;
        }

        nint sent = SendTo(socket, message, (nuint)message.Length, FlagsNoSignalNoWait, address, (uint)address.Length);
        _ = Close(socket);
        return sent == message.Length;
    }

    /// <summary>As the other, with a descriptor the receiver gets a copy of (SCM_RIGHTS, unix(7)).</summary>
    public static unsafe bool Send(ReadOnlySpan<byte> address, ReadOnlySpan<byte> message, int descriptor)
    {
        int socket = OpenSocket(FamilyUnix, TypeDatagramCloseOnExec, 0);
        if (socket < 0)
        {
            return false;
        }

        // struct cmsghdr: length of all, level, type, then the descriptor, padded to eight bytes.
        byte* control = stackalloc byte[ControlBytes];
        new Span<byte>(control, ControlBytes).Clear();
        *(nuint*)control = ControlLength;
        *(int*)(control + 8) = LibC.LevelSocket;
        *(int*)(control + 12) = ControlRights;
        *(int*)(control + 16) = descriptor;
        nint sent;
        fixed (byte* name = address, text = message)
        {
            var vector = new IoVector { Memory = text, Length = (nuint)message.Length };
            var head = new MessageHead
            {
                Name = name,
                NameLength = (uint)address.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = ControlBytes,
            };
            sent = LibC.SendMessage(socket, &head, FlagsNoSignalNoWait);
        }

        _ = Close(socket);
        return sent == message.Length;
    }

    [LibraryImport("libc", EntryPoint = "socket")]
    private static partial int OpenSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "sendto")]
    private static partial nint SendTo(
        int socket,
        ReadOnlySpan<byte> message,
        nuint length,
        int flags,
        ReadOnlySpan<byte> address,
        uint addressLength);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
