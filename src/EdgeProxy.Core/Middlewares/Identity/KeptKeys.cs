using System;
using System.IO;
using System.Security.Cryptography;
using System.Text;

namespace EdgeProxy.Middlewares.Identity;

/// <summary>
/// The key set of an issuer that was good last, in a file of node.state_dir, so that a proxy that starts while the
/// issuer is away knows its keys. What cannot be read or written is as if it were not there. Any thread.
/// </summary>
internal sealed class KeptKeys
{
    private const int NameHexChars = 32;

    private readonly string _path;

    /// <param name="folder">Empty: nothing is kept. One that does not exist is not made.</param>
    public KeptKeys(string folder, Uri address, string caPem)
    {
        byte[] hash = SHA256.HashData(Encoding.UTF8.GetBytes($"{address.AbsoluteUri}\n{caPem}"));
        string name = $"jwks-{Convert.ToHexStringLower(hash)[..NameHexChars]}.json";
        _path = folder.Length == 0 ? "" : Path.Combine(folder, name);
    }

    /// <summary>Null if there are none that are good.</summary>
    public TokenKeys? Read()
    {
        try
        {
            var file = new FileInfo(_path.Length == 0 ? "/" : _path);
            return _path.Length > 0 && file.Exists && file.Length <= IssuerKeys.BytesMax
                && TokenKeys.OfJwks(File.ReadAllText(_path), out TokenKeys? keys) is null
                    ? keys
                    : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>In the place of what was there, whole or not at all.</summary>
    public void Write(string json)
    {
        if (_path.Length == 0 || !Directory.Exists(Path.GetDirectoryName(_path)))
        {
            return;
        }

        try
        {
            string next = $"{_path}.new";
            File.WriteAllText(next, json);
            File.Move(next, _path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The keys are known all the same; only the next start will not know them.
        }
    }
}
