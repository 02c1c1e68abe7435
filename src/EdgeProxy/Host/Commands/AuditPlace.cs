using System;
using System.Collections.Generic;
using System.IO;
using System.Security.Cryptography;
using EdgeProxy.Audit;
using EdgeProxy.Config;

namespace EdgeProxy.Host.Commands;

/// <summary>A chain on this machine's disk and the public keys it is to be checked with.</summary>
/// <param name="IsOwnKey">The key came from the chain's own folder: who could change the one could change both.</param>
internal sealed record AuditPlace(string Folder, IReadOnlyList<SegmentKey> Keys, bool IsOwnKey) : IDisposable
{
    public const string PublicKeyName = "key.pub.pem";
    private const string OtherKeysPattern = "key-*.pub.pem";

    private readonly DiskFiles _files = new(Folder);

    /// <summary>The folder named, else that of the configuration; null, with the exit code, if there is none.</summary>
    public static string? FindFolder(Shell shell, string? configPath, string? folder, out int exitCode)
    {
        exitCode = ExitCodes.Ok;
        if (folder is not null)
        {
            return folder;
        }

        LoadedConfig loaded = ConfigSource.OfFile(shell.ConfigPath(configPath), ConfigEnvironment.OfProcess).Load();
        if (loaded.Settings is not { } settings)
        {
            exitCode = ValidateCommand.Refuse(shell, loaded);
            return null;
        }

        if (settings.Audit is null)
        {
            shell.Error.WriteLine("edgeproxy: the configuration has no [audit]; name a folder with --directory");
            exitCode = ExitCodes.Failed;
        }

        return settings.Audit?.Directory;
    }

    /// <summary>
    /// Null, with the reason on stderr, if a key cannot be read; one of the folder that was in use before is passed
    /// over, and that said.
    /// </summary>
    public static AuditPlace? Open(Shell shell, string folder, IReadOnlyList<string> keyFiles)
    {
        var keys = new List<SegmentKey>();
        bool isOwn = keyFiles.Count == 0;
        foreach (string path in isOwn ? OwnKeys(folder) : keyFiles)
        {
            try
            {
                keys.Add(SegmentKey.OfPem(File.ReadAllText(path)));
            }
            catch (Exception exception) when (exception
                is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
            {
                bool isOther = isOwn && Path.GetFileName(path) != PublicKeyName;
                shell.Error.WriteLine(
                    $"edgeproxy: {path}{(isOther ? " is passed over" : "")}: {exception.Message}");
                if (isOther)
                {
                    continue;
                }

                keys.ForEach(static key => key.Dispose());
                return null;
            }
        }

        return new AuditPlace(folder, keys, isOwn);
    }

    // The one in use first, then those that were before it.
    private static List<string> OwnKeys(string folder)
    {
        List<string> paths = [Path.Combine(folder, PublicKeyName)];
        paths.AddRange(Directory.Exists(folder) ? Directory.EnumerateFiles(folder, OtherKeysPattern) : []);
        return paths;
    }

    public IReadOnlyList<string> Segments => _files.List();

    public Stream OpenRead(string name) => _files.OpenRead(name);

    public ChainReport Verify(ChainVerifier verifier) => verifier.Verify(Segments, OpenRead);

    public void Dispose()
    {
        foreach (SegmentKey key in Keys)
        {
            key.Dispose();
        }
    }
}
