using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Net;

namespace EdgeProxy.Services.Naming;

/// <summary>Who is asked for names, and how short names are completed: what resolv.conf(5) says.</summary>
/// <param name="Servers">In the order they are asked.</param>
/// <param name="Search">Domains a short name is completed with.</param>
/// <param name="Dots">A name with as many dots is asked for as it is first.</param>
internal sealed record NameServers(IReadOnlyList<IPEndPoint> Servers, IReadOnlyList<string> Search, int Dots)
{
    public const int Port = 53;
    public const int ServersMax = 8;

    // The limits of glibc.
    private const int SearchMax = 6;
    private const int DotsMax = 15;
    private const string SystemFile = "/etc/resolv.conf";

    /// <summary>What the machine is set to, read anew each time. Without a file it is the machine itself.</summary>
    public static NameServers OfSystem()
    {
        try
        {
            return Parse(File.ReadAllText(SystemFile));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return Parse("");
        }
    }

    /// <summary>Lines that are not understood are passed over, as everybody does.</summary>
    public static NameServers Parse(string text)
    {
        var servers = new List<IPEndPoint>();
        string[] search = [];
        int dots = 1;
        foreach (string line in text.Split('\n'))
        {
            string[] words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 2)
            {
                continue;
            }

            bool isAddress = IPAddress.TryParse(words[1], out IPAddress? address);
            switch (words[0])
            {
                case "nameserver" when isAddress && servers.Count < ServersMax:
                    servers.Add(new IPEndPoint(address!, Port));
                    break;
                case "search" or "domain":
                    search = words[1..Math.Min(words.Length, SearchMax + 1)];
                    break;
                case "options":
                    dots = DotsOf(words, dots);
                    break;
            }
        }

        if (servers.Count == 0)
        {
            servers.Add(new IPEndPoint(IPAddress.Loopback, Port));
        }

        return new NameServers(servers, Array.ConvertAll(search, static domain => domain.Trim('.')), dots);
    }

    /// <summary>The names to ask for, one after the other, until one has addresses.</summary>
    public List<string> Candidates(string host)
    {
        var names = new List<string>();
        if (host.EndsWith('.'))
        {
            names.Add(host.TrimEnd('.'));
            return names;
        }

        bool isWholeFirst = host.AsSpan().Count('.') >= Dots;
        if (isWholeFirst)
        {
            names.Add(host);
        }

        foreach (string domain in Search)
        {
            if (domain.Length > 0)
            {
                names.Add($"{host}.{domain}");
            }
        }

        if (!isWholeFirst)
        {
            names.Add(host);
        }

        return names;
    }

    private static int DotsOf(string[] words, int standard)
    {
        foreach (string word in words)
        {
            if (word.StartsWith("ndots:", StringComparison.Ordinal)
                && int.TryParse(word.AsSpan(6), NumberStyles.None, CultureInfo.InvariantCulture, out int dots))
            {
                return Math.Min(dots, DotsMax);
            }
        }

        return standard;
    }
}
