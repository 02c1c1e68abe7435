using System;
using System.Collections.Generic;
using System.IO;
using System.IO.Enumeration;

namespace EdgeProxy.Config;

/// <summary>A file, or the files of one folder whose names match a pattern with * and ?.</summary>
/// <param name="Folder">The folder as an absolute path.</param>
/// <param name="Name">The file name, or a pattern for it.</param>
internal readonly record struct IncludePattern(string Folder, string Name)
{
    private const int CharsMax = 4096; // PATH_MAX

    public bool HasWildcard => Name.AsSpan().ContainsAny("*?");

    public static bool IsValid(string text)
    {
        string folder = Path.GetDirectoryName(text) ?? "";
        string name = Path.GetFileName(text);
        return text.Length is > 0 and <= CharsMax && name.Length > 0 && name is not ("." or "..")
            && !text.Contains('\0') && !folder.AsSpan().ContainsAny("*?")
            && !text.Contains("${", StringComparison.Ordinal);
    }

    /// <summary>The text MUST be <see cref="IsValid"/>.</summary>
    public static IncludePattern Of(string text, string folder) =>
        new(Path.GetFullPath(Path.GetDirectoryName(text) ?? "", folder), Path.GetFileName(text));

    /// <summary>A hidden file matches only if the pattern starts with a dot.</summary>
    public bool Matches(ReadOnlySpan<char> name)
    {
        bool isHidden = name.StartsWith('.') && !Name.StartsWith('.');
        return !isHidden && FileSystemName.MatchesSimpleExpression(Name, name, ignoreCase: false);
    }

    /// <summary>
    /// Matching files, sorted by name in ordinal order; hidden ones only if the pattern starts with a dot.
    /// </summary>
    public IReadOnlyList<string> Files()
    {
        if (!HasWildcard)
        {
            return [Path.Combine(Folder, Name)];
        }

        var files = new List<string>();
        try
        {
            foreach (string path in Directory.EnumerateFiles(Folder))
            {
                if (Matches(Path.GetFileName(path.AsSpan())))
                {
                    files.Add(path);
                }
            }
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return []; // no folder, no files: the same as no match
        }

        files.Sort(StringComparer.Ordinal);
        return files;
    }
}
