using System;
using System.Globalization;
using System.IO;

namespace EdgeProxy.Transport;

/// <content>Listening on a Unix socket: the file, who may use it, and one that somebody left behind.</content>
internal sealed unsafe partial class ListenSocket
{
    private static ListenSocket? TryBindUnix(
        UnixEndPoint address, int backlog, out string error, out bool isNotPermitted)
    {
        isNotPermitted = false;
        int fd = LibC.Socket(
            LibC.AddressFamilyUnix, LibC.SocketStream | LibC.SocketNonBlock | LibC.SocketCloseOnExec, 0);
        if (fd < 0)
        {
            error = $"{address}: no socket: {Errno.Text(Errno.Last)}";
            return null;
        }

        byte* name = stackalloc byte[SockAddr.BytesMax];
        uint length = SockAddr.Write(address, name);
        int errorNumber = Bind(fd, name, length);
        if (errorNumber == Errno.AddressInUse && IsLeftBehind(address.Path, name, length))
        {
            File.Delete(address.Path);
            errorNumber = Bind(fd, name, length);
        }

        // Nobody can connect before it listens, and by then the rights are what they are to be.
        error = errorNumber != 0 ? Errno.Text(errorNumber) : Permit(address, out errorNumber);
        if (error.Length == 0 && LibC.Listen(fd, backlog) != 0)
        {
            errorNumber = Errno.Last;
            error = Errno.Text(errorNumber);
        }

        if (error.Length == 0)
        {
            return new ListenSocket(fd, backlog, address);
        }

        isNotPermitted = errorNumber is Errno.NotPermitted or Errno.AccessDenied;
        error = $"{address}: cannot listen: {error}";
        _ = LibC.Close(fd);
        return null;
    }

    /// <summary>Its file goes, if it has one: nobody else is to find it.</summary>
    public void RemoveFile()
    {
        if (Address is UnixEndPoint unix)
        {
            File.Delete(unix.Path);
        }
    }

    private static int Bind(int fd, byte* name, uint length) => LibC.Bind(fd, name, length) == 0 ? 0 : Errno.Last;

    // A socket that nobody listens on refuses; what is no socket, or is in use, is not ours to remove.
    private static bool IsLeftBehind(string path, byte* name, uint length)
    {
        int fd = LibC.Socket(
            LibC.AddressFamilyUnix, LibC.SocketStream | LibC.SocketNonBlock | LibC.SocketCloseOnExec, 0);
        bool isRefused = fd >= 0 && LibC.Connect(fd, name, length) != 0 && Errno.Last == Errno.Refused;
        _ = LibC.Close(fd);
        return isRefused && IsSocketFile(path);
    }

    // A connect to a file of another kind is refused, too. struct statx is the same on all machines.
    private static bool IsSocketFile(string path)
    {
        const int modeAt = 28;
        const int kindOf = 0xF000;
        const int socket = 0xC000;
        byte* facts = stackalloc byte[LibC.StatBytes];
        return LibC.Stat(LibC.CurrentFolder, path, LibC.NotTheTarget, LibC.StatKind, facts) == 0
            && (*(ushort*)(facts + modeAt) & kindOf) == socket;
    }

    // "" once mode and owner are as asked for.
    private static string Permit(UnixEndPoint address, out int errorNumber)
    {
        errorNumber = 0;
        uint user = LibC.Unchanged;
        uint group = LibC.Unchanged;
        if (!TryId(address.Owner.User, LibC.FindUser, ref user))
        {
            return $"there is no user {address.Owner.User}";
        }

        if (!TryId(address.Owner.Group, LibC.FindGroup, ref group))
        {
            return $"there is no group {address.Owner.Group}";
        }

        bool isOwned = (user == LibC.Unchanged && group == LibC.Unchanged)
            || LibC.ChangeOwner(address.Path, user, group) == 0;
        if (!isOwned || LibC.ChangeMode(address.Path, (uint)address.Mode) != 0)
        {
            errorNumber = Errno.Last;
            return $"its owner or mode: {Errno.Text(errorNumber)}";
        }

        return "";
    }

    private static bool TryId(string name, Func<string, nint> find, ref uint id)
    {
        if (name.Length == 0 || uint.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out id))
        {
            return true;
        }

        // struct passwd and struct group: two pointers, then the id.
        nint entry = find(name);
        if (entry == 0)
        {
            return false;
        }

        id = *(uint*)(entry + (2 * sizeof(nint)));
        return true;
    }
}
