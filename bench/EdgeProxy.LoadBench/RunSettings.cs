using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using EdgeProxy.LoadBench.Peers;

namespace EdgeProxy.LoadBench;

/// <summary>What the command line asks for, complete.</summary>
internal sealed record RunSettings
{
    public const string Usage = """
        usage: dotnet run -c Release --project bench/EdgeProxy.LoadBench -- [options]

          --peers nginx,haproxy,caddy,yarp   who runs beside us (default: all that are installed; "none")
          --scenario NAME,...                which scenarios (default: all; with --quick some)
          --rounds N                         counted rounds of each cell (default 5; with --quick 3)
          --seconds N                        length of one run (default 1; open loops take twice that)
          --quick                            a first look in under four minutes
          --cores 1|2                        1: proxy on one core, the rest on another; 2: everybody on both
          --binary PATH                      the edgeproxy to measure (default: published if sources are newer)
          --out DIR                          where the results go (default bench/results)
          --deployment-chart FILE            a minute with a bad version in it, as a picture; nothing else
          --list                             the scenarios, and nothing else

        """;

    public IReadOnlyList<string> Peers { get; private set; } = PeerList.Names;

    /// <summary>Names of scenarios; empty is the default choice.</summary>
    public IReadOnlyList<string> Scenarios { get; private set; } = [];

    public bool IsQuick { get; private set; }

    public int Rounds { get; private set; }

    public int Seconds { get; private set; }

    public int CoreCount { get; private set; } = 1;

    public string? Binary { get; private set; }

    public string? Out { get; private set; }

    public bool IsList { get; private set; }

    /// <summary>Where the picture of a deployment goes, instead of all else.</summary>
    public string? DeploymentChart { get; private set; }

    public required string CommandLine { get; init; }

    /// <summary>Reads the arguments; null, and what is wrong with them, when they cannot be used.</summary>
    public static RunSettings? Read(IReadOnlyList<string> args, out string fault)
    {
        var settings = new RunSettings { CommandLine = string.Join(' ', args) };
        fault = "";
        for (int i = 0; i < args.Count && fault.Length == 0; i++)
        {
            if (args[i] is "--quick" or "--list")
            {
                settings.IsQuick |= args[i] == "--quick";
                settings.IsList |= args[i] == "--list";
            }
            else if (i + 1 < args.Count)
            {
                fault = settings.Take(args[i], args[++i]);
            }
            else
            {
                fault = $"{args[i]}: not an option, or its value is missing";
            }
        }

        settings.Rounds = settings.Rounds > 0 ? settings.Rounds : settings.IsQuick ? 3 : 5;
        settings.Seconds = Math.Max(1, settings.Seconds);
        return fault.Length == 0 ? settings : null;
    }

    private string Take(string option, string value)
    {
        switch (option)
        {
            case "--peers":
                Peers = value == "none" ? [] : value.Split(',');
                return Peers.FirstOrDefault(p => !PeerList.Names.Contains(p)) is { } unknown
                    ? $"--peers: {unknown} is none of {string.Join(", ", PeerList.Names)}" : "";
            case "--scenario":
                Scenarios = value.Split(',');
                return "";
            case "--rounds":
                return TakeNumber(option, value, 1, 100, n => Rounds = n);
            case "--seconds":
                return TakeNumber(option, value, 1, 60, n => Seconds = n);
            case "--cores":
                return TakeNumber(option, value, 1, 2, n => CoreCount = n);
            case "--binary":
                Binary = value;
                return "";
            case "--deployment-chart":
                DeploymentChart = value;
                return "";
            case "--out":
                Out = value;
                return "";
            default:
                return $"{option}: not an option";
        }
    }

    private static string TakeNumber(string option, string value, int least, int most, Action<int> take)
    {
        if (!int.TryParse(value, CultureInfo.InvariantCulture, out int number) || number < least || number > most)
        {
            return $"{option}: {value} is not a number from {least} to {most}";
        }

        take(number);
        return "";
    }
}
