using System;
using System.IO;
using System.Net;
using System.Text;
using EdgeProxy.Config;
using EdgeProxy.Config.History;
using EdgeProxy.Transport;

namespace EdgeProxy.Host;

/// <summary>
/// Where the running proxy's admin API is, in node.state_dir: who changed admin.address in the file reaches the proxy
/// there, which has not read it yet (decision 158). One line: "127.0.0.1:9090" or "unix:/run/a.sock".
/// </summary>
internal static class AdminNote
{
    private const string Name = "admin-address";
    private const int BytesMax = 256;

    /// <summary>
    /// Null if there is none, or none that can be read by whoever asks, or somebody else may have written it: the
    /// token is shown there.
    /// </summary>
    public static IPEndPoint? Read(string folder) =>
        TrustedFile.Read(Path.Combine(folder, Name), BytesMax) is { } bytes
            ? Parse(Encoding.UTF8.GetString(bytes))
            : null;

    /// <summary>With null there is no note any more. Null, else why it stays as it was.</summary>
    public static string? Write(string folder, IPEndPoint? address)
    {
        string path = Path.Combine(folder, Name);
        try
        {
            if (address is null)
            {
                File.Delete(path);
            }
            else
            {
                StateFile.Write(path, Encoding.UTF8.GetBytes($"{address}\n"));
            }

            return null;
        }
        catch (Exception exception) when (FileBytes.IsOfTheFileSystem(exception))
        {
            return exception.Message;
        }
    }

    internal static IPEndPoint? Parse(string text)
    {
        if (!text.EndsWith('\n'))
        {
            return null; // cut
        }

        string line = text[..^1];
        if (UnixEndPoint.Is(line))
        {
            string path = line[UnixEndPoint.Prefix.Length..];
            return UnixEndPoint.Refusal(path) is null ? new UnixEndPoint(path) : null;
        }

        return IPEndPoint.TryParse(line, out IPEndPoint? address) && address.Port > 0 ? address : null;
    }
}
