using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Text.Json;
using System.Xml.Linq;

namespace EdgeProxy.Packaging;

/// <summary>One package as a lock file has it.</summary>
/// <param name="ContentHash">SHA-512 of its content in base64.</param>
internal sealed record LockedPackage(string Name, string Version, string ContentHash)
{
    /// <summary>All packages of the projects in src, each once, by name.</summary>
    public static List<LockedPackage> ReadAll(string root)
    {
        var found = new SortedDictionary<string, LockedPackage>(StringComparer.Ordinal);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(root, "src"), "packages.lock.json",
            new EnumerationOptions { RecurseSubdirectories = true, MaxRecursionDepth = 1 }))
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(file));
            foreach (JsonProperty package in document.RootElement.GetProperty("dependencies").EnumerateObject()
                .SelectMany(target => target.Value.EnumerateObject()))
            {
                // Projects of this repository have no hash.
                if (package.Value.TryGetProperty("contentHash", out JsonElement hash))
                {
                    string version = package.Value.GetProperty("resolved").GetString()!;
                    found[package.Name] = new LockedPackage(package.Name, version, hash.GetString()!);
                }
            }
        }

        return [.. found.Values];
    }

    /// <summary>The SPDX expression its author declared; null for none, or without the package at hand.</summary>
    public string? License()
    {
        string folder = Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
            ? named
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".nuget", "packages");
#pragma warning disable CA1308 // the folders of the cache are lower-case
        string name = Name.ToLowerInvariant();
#pragma warning restore CA1308
        string path = Path.Combine(folder, name, Version, name + ".nuspec");
        return File.Exists(path)
            ? XDocument.Load(path).Descendants()
                .FirstOrDefault(e => e.Name.LocalName == "license" && (string?)e.Attribute("type") == "expression")
                ?.Value
            : null;
    }
}
