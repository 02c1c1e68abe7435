using System;
using System.Buffers.Text;
using System.IO;
using System.Runtime.CompilerServices;
using System.Text;
using EdgeProxy.Transport;
using Microsoft.Win32.SafeHandles;

namespace EdgeProxy.Host;

/// <summary>
/// Gives the pages of files back that only a start needs. The kernel maps what the file's cache holds around each page
/// that is touched, up to all of it, so after a start most of the program counts as resident; what a request needs
/// comes back without a read (decisions 41 and 159). Only of what nobody ever wrote to: code, and constants.
/// </summary>
internal static class StartCode
{
    private const string Maps = "/proc/self/smaps";
    private const string Own = "/proc/self/exe";
    private const int LineBytesMax = 4096; // PATH_MAX; a longer line is nobody's of ours

    /// <summary>The mapping whose lines are read; the default: none of ours.</summary>
    /// <param name="HasNothingWritten">No page in memory was written to; what was swapped out is not known yet.</param>
    internal readonly record struct MappedRange(nuint Start, nuint End, bool HasNothingWritten);

    /// <summary>Called with a mapping that nobody ever wrote to.</summary>
    internal delegate void GiveBackRange(nuint start, nuint end);

    public static unsafe void GiveBack()
    {
        // Under a JIT the program's code is not the executable's.
        if (RuntimeFeature.IsDynamicCodeSupported)
        {
            return;
        }

        try
        {
            string path = File.ResolveLinkTarget(Own, returnFinalTarget: false)?.FullName ?? "";
            using SafeFileHandle maps = File.OpenHandle(Maps);
            Walk(maps, Encoding.UTF8.GetBytes(path), static (start, end) =>
                _ = LibC.MAdvise((void*)start, end - start, LibC.MadvDontNeed));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without /proc they stay: nothing but a figure is lost.
        }
    }

    // Line by line in one buffer: as strings they would cost more memory than some of what is given back.
    private static void Walk(SafeFileHandle maps, ReadOnlySpan<byte> path, GiveBackRange giveBack)
    {
        Span<byte> room = stackalloc byte[2 * LineBytesMax];
        int filled = 0;
        long position = 0;
        MappedRange range = default;
        while (RandomAccess.Read(maps, room[filled..], position) is > 0 and var read)
        {
            position += read;
            filled += read;
            int begin = 0;
            while (room[begin..filled].IndexOf((byte)'\n') is >= 0 and var length)
            {
                Take(room.Slice(begin, length), path, ref range, giveBack);
                begin += length + 1;
            }

            begin = begin == 0 && filled == room.Length ? filled : begin;
            room[begin..filled].CopyTo(room);
            filled -= begin;
        }
    }

    /// <summary>A line of proc(5) smaps: the first of a mapping, or one of what is said of it.</summary>
    internal static void Take(
        ReadOnlySpan<byte> line, ReadOnlySpan<byte> path, ref MappedRange range, GiveBackRange giveBack)
    {
        if (TryReadBounds(line, path, out nuint start, out nuint end))
        {
            range = new MappedRange(start, end, HasNothingWritten: false);
        }
        else if (line.StartsWith("Anonymous:"u8))
        {
            // A page that was written to is no page of the file any more: it would be lost.
            range = range.End > range.Start && IsNothing(line) ? range with { HasNothingWritten = true } : default;
        }
        else if (line.StartsWith("Swap:"u8))
        {
            // And one that was swapped out since stands here instead, further down.
            if (range.HasNothingWritten && IsNothing(line))
            {
                giveBack(range.Start, range.End);
            }

            range = default;
        }
    }

    /// <summary>
    /// "start-end perms offset device inode path", numbers in hexadecimal. False for what is not the program's or may
    /// be written to.
    /// </summary>
    internal static bool TryReadBounds(
        ReadOnlySpan<byte> line, ReadOnlySpan<byte> path, out nuint start, out nuint end)
    {
        start = end = 0;
        ReadOnlySpan<byte> rest = line;
        ReadOnlySpan<byte> bounds = NextColumn(ref rest);
        ReadOnlySpan<byte> permissions = NextColumn(ref rest);
        for (int column = 0; column < 3; column++)
        {
            NextColumn(ref rest);
        }

        bool isReadOnly = permissions.SequenceEqual("r-xp"u8) || permissions.SequenceEqual("r--p"u8);
        if (!isReadOnly || !IsOurs(rest.TrimStart((byte)' '), path))
        {
            return false;
        }

        int dash = bounds.IndexOf((byte)'-');
        return dash > 0
            && TryReadAddress(bounds[..dash], out start)
            && TryReadAddress(bounds[(dash + 1)..], out end)
            && end > start;
    }

    /// <summary>
    /// "Anonymous:  0 kB", "Swap:  0 kB": none was written to, as relocations are before theirs is closed for it.
    /// </summary>
    internal static bool IsNothing(ReadOnlySpan<byte> line)
    {
        NextColumn(ref line);
        return NextColumn(ref line).SequenceEqual("0"u8) && NextColumn(ref line).SequenceEqual("kB"u8);
    }

    private static ReadOnlySpan<byte> NextColumn(ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart((byte)' ');
        int end = rest.IndexOf((byte)' ');
        ReadOnlySpan<byte> column = end < 0 ? rest : rest[..end];
        rest = rest[column.Length..];
        return column;
    }

    // The C library is mapped before the first instruction of ours, and never again: what is read of it stays true.
    private static bool IsOurs(ReadOnlySpan<byte> file, ReadOnlySpan<byte> path) =>
        (file.Length > 0 && file.SequenceEqual(path))
        || file.EndsWith("/libc.so.6"u8) || file.EndsWith("/libm.so.6"u8);

    private static bool TryReadAddress(ReadOnlySpan<byte> text, out nuint address)
    {
        bool isNumber = Utf8Parser.TryParse(text, out ulong value, out int length, 'x') && length == text.Length;
        address = (nuint)value;
        return isNumber;
    }
}
