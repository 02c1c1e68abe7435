using System;
using System.IO;
using Microsoft.Win32.SafeHandles;

namespace EdgeProxy.Config;

internal enum FileOutcome : byte
{
    Read,
    Absent,
    TooLarge,
    Unreadable,
}

/// <summary>What a file looked like: enough to notice that it was changed or replaced.</summary>
/// <param name="LinkTarget">Where the path leads if it is a symbolic link; null otherwise.</param>
internal readonly record struct FileStamp(string Path, long ModifiedTicks, long Bytes, string? LinkTarget)
{
    public static FileStamp Missing(string path) => new(path, 0, -1, null);
}

/// <summary>Reads whole small files, with a limit; what the file system answers is a value here.</summary>
internal static class FileBytes
{
    public static FileOutcome Read(string path, int bytesMax, out byte[] bytes, out FileStamp stamp)
    {
        bytes = [];
        stamp = FileStamp.Missing(path);
        try
        {
            if (Directory.Exists(path))
            {
                return FileOutcome.Unreadable;
            }

            using SafeFileHandle handle = File.OpenHandle(path);
            // The stamp first: what is written while we read makes the next look differ.
            stamp = StampOf(path, handle);
            return ReadAll(handle, bytesMax, out bytes);
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return FileOutcome.Absent;
        }
        catch (Exception exception) when (IsOfTheFileSystem(exception))
        {
            return FileOutcome.Unreadable;
        }
    }

    public static FileStamp Stamp(string path)
    {
        try
        {
            if (Directory.Exists(path))
            {
                return FileStamp.Missing(path);
            }

            using SafeFileHandle handle = File.OpenHandle(path);
            return StampOf(path, handle);
        }
        catch (Exception exception) when (IsOfTheFileSystem(exception))
        {
            return FileStamp.Missing(path);
        }
    }

    /// <summary>Users who are neither its owner nor of its group may read or write it.</summary>
    public static bool IsOpenToOthers(string path)
    {
        try
        {
            using SafeFileHandle handle = File.OpenHandle(path);
            const UnixFileMode Others = UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            return !OperatingSystem.IsWindows() && (File.GetUnixFileMode(handle) & Others) != 0;
        }
        catch (Exception exception) when (IsOfTheFileSystem(exception))
        {
            return true;
        }
    }

    public static bool IsOfTheFileSystem(Exception exception) =>
        exception is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException
            or System.Security.SecurityException;

    private static FileStamp StampOf(string path, SafeFileHandle handle) =>
        new(path, File.GetLastWriteTimeUtc(handle).Ticks, RandomAccess.GetLength(handle),
            new FileInfo(path).LinkTarget);

    private static FileOutcome ReadAll(SafeFileHandle handle, int bytesMax, out byte[] bytes)
    {
        bytes = [];
        long length = RandomAccess.GetLength(handle);
        if (length > bytesMax)
        {
            return FileOutcome.TooLarge;
        }

        // A length of 0 may be a file of /proc, which has more to say; one byte over the limit shows that it is over.
        byte[] buffer = new byte[length == 0 ? bytesMax + 1 : (int)length];
        using var stream = new FileStream(handle, FileAccess.Read, bufferSize: 0);
        int count = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        if (count > bytesMax)
        {
            return FileOutcome.TooLarge;
        }

        bytes = count == buffer.Length ? buffer : buffer[..count];
        return FileOutcome.Read;
    }
}
