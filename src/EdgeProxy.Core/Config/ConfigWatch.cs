using System.Collections.Generic;

namespace EdgeProxy.Config;

/// <summary>
/// Notices that the files of a configuration changed, by looking (decision 0020). One look per call; the caller has the
/// interval. A change is reported when two looks in a row see the same, so that a file still being written is left
/// alone.
/// </summary>
internal sealed class ConfigWatch
{
    private readonly IReadOnlyList<string> _files;
    private readonly IReadOnlyList<IncludePattern> _patterns;
    private readonly HashSet<string> _read;
    private List<FileStamp> _reported;
    private List<FileStamp>? _pending;

    /// <summary>
    /// Compares with how the files looked when <paramref name="settings"/> were read, so nothing between is lost.
    /// </summary>
    public ConfigWatch(ProxySettings settings)
    {
        _files = settings.Files;
        _patterns = settings.IncludePatterns;
        _reported = [.. settings.Stamps];
        _read = new HashSet<string>(settings.Files, System.StringComparer.Ordinal);
    }

    /// <summary>True once per change, a bad file included: it is not reported again until it changes.</summary>
    public bool HasChanged()
    {
        List<FileStamp> seen = Look();
        if (Same(seen, _reported))
        {
            _pending = null;
            return false;
        }

        if (_pending is null || !Same(seen, _pending))
        {
            _pending = seen;
            return false;
        }

        _reported = seen;
        _pending = null;
        return true;
    }

    // The files read, then files that an include would find and that were not there.
    private List<FileStamp> Look()
    {
        var seen = new List<FileStamp>(_files.Count);
        foreach (string file in _files)
        {
            seen.Add(FileBytes.Stamp(file));
        }

        foreach (IncludePattern pattern in _patterns)
        {
            if (!pattern.HasWildcard)
            {
                continue;
            }

            foreach (string file in pattern.Files())
            {
                if (!_read.Contains(file))
                {
                    seen.Add(FileBytes.Stamp(file));
                }
            }
        }

        return seen;
    }

    private static bool Same(List<FileStamp> a, List<FileStamp> b)
    {
        if (a.Count != b.Count)
        {
            return false;
        }

        for (int i = 0; i < a.Count; i++)
        {
            if (a[i] != b[i])
            {
                return false;
            }
        }

        return true;
    }
}
