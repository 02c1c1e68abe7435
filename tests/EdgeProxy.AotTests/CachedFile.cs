using System.IO;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>What the kernel's cache has of a file.</summary>
internal static partial class CachedFile
{
    private const int DontNeed = 4; // POSIX_FADV_DONTNEED

    /// <summary>Nothing of it, once it is on the disk; of one in memory it is always all.</summary>
    public static void Forget(string path)
    {
        using SafeFileHandle file = File.OpenHandle(path, access: FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(file);
        Assert.Equal(0, Advise((int)file.DangerousGetHandle(), 0, 0, DontNeed));
    }

    [LibraryImport("libc", EntryPoint = "posix_fadvise")]
    private static partial int Advise(int file, long offset, long length, int advice);
}
