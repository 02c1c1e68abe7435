using System;
using System.Collections.Generic;
using System.IO;
using System.Net;

namespace EdgeProxy.Services.Naming;

/// <summary>Names the machine knows by itself: hosts(5).</summary>
internal static class HostsFile
{
    private const string SystemFile = "/etc/hosts";

    /// <summary>Addresses of a name, read anew; "localhost" has one in any case (RFC 6761 section 6.3).</summary>
    public static List<IPAddress> Find(string host)
    {
        string text;
        try
        {
            text = File.ReadAllText(SystemFile);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            text = "";
        }

        List<IPAddress> found = Find(text, host);
        if (found.Count == 0 && string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase))
        {
            found.Add(IPAddress.Loopback);
        }

        return found;
    }

    public static List<IPAddress> Find(string text, string host)
    {
        var found = new List<IPAddress>();
        foreach (ReadOnlySpan<char> line in text.AsSpan().EnumerateLines())
        {
            int comment = line.IndexOf('#');
            string[] words = line[..(comment < 0 ? line.Length : comment)].ToString()
                .Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            for (int i = 1; i < words.Length; i++)
            {
                if (string.Equals(words[i], host, StringComparison.OrdinalIgnoreCase)
                    && IPAddress.TryParse(words[0], out IPAddress? address))
                {
                    found.Add(address);
                    break;
                }
            }
        }

        return found;
    }
}
