using System.Collections.Generic;
using System.Diagnostics.CodeAnalysis;
using System.IO;
using System.Text;

namespace EdgeProxy.Config;

/// <summary>
/// Files that keys name (users, networks): read with the configuration, part of its hash, and watched as it is, so that
/// a change of one is a reload, and a bad one changes nothing.
/// </summary>
/// <param name="folder">What their names are relative to; null where there is none, and then no file is read.</param>
internal sealed class SideFiles(string? folder)
{
    private static readonly UTF8Encoding StrictUtf8 = new(false, throwOnInvalidBytes: true);

    private readonly List<(FileStamp Stamp, byte[] Bytes)> _read = [];

    public IReadOnlyList<(FileStamp Stamp, byte[] Bytes)> Read => _read;

    /// <summary>The file's text; false with the reason, which does not name the file.</summary>
    /// <param name="isSecret">A file that everybody on the machine may read is not accepted.</param>
    public bool TryRead(
        string name,
        int bytesMax,
        [NotNullWhen(true)] out string? text,
        [NotNullWhen(false)] out string? why,
        bool isSecret = false)
    {
        text = null;
        why = folder is null ? "cannot be read here: there is no folder to look in"
            : name.Contains('\0') ? "is not a file name"
            : _read.Count == ConfigLimits.FilesMax ? $"is one file more than {ConfigLimits.FilesMax}"
            : null;
        if (why is not null)
        {
            return false;
        }

        string path = Path.GetFullPath(name, folder!);
        why = FileBytes.Read(path, bytesMax, out byte[] bytes, out FileStamp stamp) switch
        {
            FileOutcome.Absent => "does not exist",
            FileOutcome.TooLarge => $"is larger than {bytesMax} bytes",
            FileOutcome.Unreadable => "cannot be read",
            _ when isSecret && FileBytes.IsOpenToOthers(path) =>
                "can be read by every user of this machine; chmod o= it",
            _ => null,
        };
        if (why is not null)
        {
            return false;
        }

        _read.Add((stamp, bytes));
        try
        {
            text = StrictUtf8.GetString(bytes).TrimStart('\uFEFF');
            return true;
        }
        catch (DecoderFallbackException)
        {
            why = "is not UTF-8";
            return false;
        }
    }
}
