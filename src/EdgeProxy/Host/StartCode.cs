using System;
using System.Globalization;
using System.IO;
using System.Runtime.CompilerServices;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>
/// Gives the pages of code back that only a start needs. The kernel maps what the file's cache holds around each page
/// that is touched, so after a start most of the program counts as resident; what a request needs comes back without
/// a read (decision 41). Code only, which nobody writes; data stays.
/// </summary>
internal static class StartCode
{
    private const string Maps = "/proc/self/maps";
    private const string Own = "/proc/self/exe";

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
            foreach (string line in File.ReadAllLines(Maps))
            {
                if (TryReadCode(line, path, out nuint start, out nuint end))
                {
                    _ = LibC.MAdvise((void*)start, end - start, LibC.MadvDontNeed);
                }
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Without /proc they stay: nothing but a figure is lost.
        }
    }

    /// <summary>A line of proc(5) maps: "start-end perms offset device inode path", numbers in hexadecimal.</summary>
    internal static bool TryReadCode(string line, string path, out nuint start, out nuint end)
    {
        start = end = 0;
        string[] columns = line.Split(' ', 6, StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        if (columns.Length < 6 || columns[1] != "r-xp" || columns[5] != path || path.Length == 0)
        {
            return false;
        }

        int dash = columns[0].IndexOf('-', StringComparison.Ordinal);
        return dash > 0
            && TryReadAddress(columns[0].AsSpan(0, dash), out start)
            && TryReadAddress(columns[0].AsSpan(dash + 1), out end)
            && end > start;
    }

    private static bool TryReadAddress(ReadOnlySpan<char> text, out nuint address) =>
        nuint.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out address);
}
