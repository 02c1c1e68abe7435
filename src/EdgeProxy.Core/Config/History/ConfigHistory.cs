using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Threading;

namespace EdgeProxy.Config.History;

/// <summary>
/// The last configurations that were in use, in a folder of their own: one file each, NUMBER-HASH, in the order in
/// which they came into use. They hold what was written in the configuration, so nobody else may read them. Any thread.
/// </summary>
internal sealed class ConfigHistory(string folder)
{
    private const int NumberDigits = 10;
    private const UnixFileMode OwnerOnly =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly Lock _turn = new();

    /// <summary>Oldest first; those that are damaged are left out and named.</summary>
    public IReadOnlyList<KeptConfig> All(out IReadOnlyList<string> damaged)
    {
        lock (_turn)
        {
            var kept = new List<KeptConfig>();
            var unread = new List<string>();
            foreach (string path in Files())
            {
                if (ReadFile(path) is { } config)
                {
                    kept.Add(config);
                }
                else
                {
                    unread.Add(path);
                }
            }

            damaged = unread;
            return kept;
        }
    }

    /// <summary>The configuration of that hash; null if it is not kept, or no longer whole.</summary>
    public KeptConfig? Find(string hash)
    {
        lock (_turn)
        {
            return FileOf(hash) is { } path ? ReadFile(path) : null;
        }
    }

    /// <summary>
    /// Keeps it as the latest, and lets go of the oldest over the limits. Nothing is written if it is the latest
    /// already. Null, else why it could not be kept.
    /// </summary>
    public string? Add(KeptConfig config)
    {
        lock (_turn)
        {
            try
            {
                List<string> files = Files();
                if (files.Count > 0 && HashOf(files[^1]) == config.Hash && ReadFile(files[^1]) is not null)
                {
                    return null;
                }

                byte[] bytes = KeptFormat.Write(config);
                if (bytes.Length > HistoryLimits.ConfigBytesMax)
                {
                    return $"it takes {bytes.Length} bytes, and {HistoryLimits.ConfigBytesMax} are the most";
                }

                string? before = FileOf(config.Hash);
                Directory.CreateDirectory(folder, OwnerOnly);
                long number = files.Count == 0 ? 1 : NumberOf(files[^1]) + 1;
                string name = $"{number.ToString("D" + NumberDigits, CultureInfo.InvariantCulture)}-{config.Hash}";
                StateFile.Write(Path.Combine(folder, name), bytes);
                if (before is not null)
                {
                    File.Delete(before);
                }

                LetGo();
                return null;
            }
            catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
            {
                return exception.Message;
            }
        }
    }

    private void LetGo()
    {
        List<string> files = Files();
        long bytes = 0;
        for (int i = files.Count - 1; i >= 0; i--)
        {
            bytes += new FileInfo(files[i]).Length;
            bool isLatest = i == files.Count - 1;
            if (!isLatest && (files.Count - i > HistoryLimits.ConfigsMax || bytes > HistoryLimits.BytesMax))
            {
                File.Delete(files[i]);
            }
        }
    }

    // In the order of their numbers, which is that of their names. Whatever else lies there is not ours.
    private List<string> Files()
    {
        var files = new List<string>();
        try
        {
            foreach (string path in Directory.EnumerateFiles(folder))
            {
                if (NumberOf(path) > 0)
                {
                    files.Add(path);
                }
            }
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return []; // no folder, no configurations
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }

    private string? FileOf(string hash) => Files().FindLast(path => HashOf(path) == hash);

    private static string HashOf(string path) => Path.GetFileName(path)[(NumberDigits + 1)..];

    // 0 if the name is none of ours.
    private static long NumberOf(string path)
    {
        string name = Path.GetFileName(path);
        return name.Length == NumberDigits + 1 + ConfigFile.HashChars && name[NumberDigits] == '-'
            && long.TryParse(
                name.AsSpan(0, NumberDigits), NumberStyles.None, CultureInfo.InvariantCulture, out long number)
                ? number
                : 0;
    }

    private static KeptConfig? ReadFile(string path) =>
        FileBytes.Read(path, HistoryLimits.ConfigBytesMax, out byte[] bytes, out _) == FileOutcome.Read
            && KeptFormat.Read(bytes) is { } kept && kept.Hash == HashOf(path)
                ? kept
                : null;
}
