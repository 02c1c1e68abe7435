using System;
using System.IO;
using EdgeProxy.Config;
using EdgeProxy.Transport;
using Microsoft.Win32.SafeHandles;

namespace EdgeProxy.Host;

/// <summary>
/// Small files that are believed because of who wrote them: nobody but its owner may write it, and that is root, the
/// user of this process, or who owns the folder it is in.
/// </summary>
internal static unsafe class TrustedFile
{
    /// <summary>
    /// Null if there is none, it is not to be believed, it has more bytes, or it cannot be read by us.
    /// </summary>
    public static byte[]? Read(string path, int bytesMax)
    {
        try
        {
            // Looked at before it is opened, too: a FIFO would hold us up, and a link leads elsewhere.
            uint folderOwner = OwnerOf(Path.GetDirectoryName(path)!);
            if (!IsTrusted(LibC.CurrentFolder, path, LibC.NotTheTarget, folderOwner))
            {
                return null;
            }

            using SafeFileHandle handle = File.OpenHandle(path);
            if (!IsTrusted((int)handle.DangerousGetHandle(), "", LibC.OfTheHandle, folderOwner))
            {
                return null;
            }

            byte[] buffer = new byte[bytesMax + 1];
            int count = RandomAccess.Read(handle, buffer, 0);
            return count <= bytesMax ? buffer[..count] : null;
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return null;
        }
    }

    private static bool IsTrusted(int folder, string path, int flags, uint folderOwner)
    {
        const int kindOf = 0xF000;
        const int regular = 0x8000;
        const int writableByOthers = 0x12; // 022: its group and everybody
        return TryStat(folder, path, flags, out uint owner, out int mode)
            && (mode & kindOf) == regular
            && (mode & writableByOthers) == 0
            && (owner == 0 || owner == LibC.UserInEffect() || owner == folderOwner);
    }

    // Root's if it cannot be looked at: that adds nobody.
    private static uint OwnerOf(string folder) =>
        TryStat(LibC.CurrentFolder, folder, 0, out uint owner, out _) ? owner : 0;

    // struct statx is the same on all machines.
    private static bool TryStat(int folder, string path, int flags, out uint owner, out int mode)
    {
        const int ownerAt = 20;
        const int modeAt = 28;
        byte* facts = stackalloc byte[LibC.StatBytes];
        bool isKnown = LibC.Stat(
            folder, path, flags, LibC.StatKind | LibC.StatMode | LibC.StatOwner, facts) == 0;
        owner = isKnown ? *(uint*)(facts + ownerAt) : 0;
        mode = isKnown ? *(ushort*)(facts + modeAt) : 0;
        return isKnown;
    }
}
