using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Peers;

namespace EdgeProxy.LoadBench.Report;

/// <summary>What was run, where, and beside whom: without it a table says nothing.</summary>
internal sealed record RunFacts
{
    public required DateTimeOffset When { get; init; }

    public required string Commit { get; init; }

    public required string Kernel { get; init; }

    public required string Processor { get; init; }

    public required string Command { get; init; }

    public required int Cores { get; init; }

    public required int Rounds { get; init; }

    public required int Seconds { get; init; }

    public required string LoadBefore { get; init; }

    /// <summary>Programs and their versions, ours first.</summary>
    public required IReadOnlyList<(string Name, string Version)> Versions { get; init; }

    public string LoadAfter { get; set; } = "";

    public static async Task<RunFacts> CollectAsync(
        RunSettings settings, Stand stand, IReadOnlyList<IPeer> peers, string binary)
    {
        var versions = new List<(string, string)>();
        foreach (IPeer peer in peers)
        {
            versions.Add((peer.Name, await peer.VersionAsync()));
        }

        versions.Add(("wrk", await stand.Wrk.VersionAsync()));
        if (stand.H2Load is { } h2load)
        {
            versions.Add(("h2load", await h2load.VersionAsync()));
        }

        versions.Add(("binary", $"{new FileInfo(binary).Length:N0} bytes"));
        return new RunFacts
        {
            When = TimeProvider.System.GetUtcNow(),
            Commit = await Repository.CommitAsync(),
            Kernel = File.ReadAllText("/proc/sys/kernel/osrelease").Trim(),
            Processor = ProcessorIn(File.ReadAllText("/proc/cpuinfo")),
            Command = $"dotnet run -c Release --project bench/EdgeProxy.LoadBench -- {settings.CommandLine}".Trim(),
            Cores = settings.CoreCount,
            Rounds = settings.Rounds,
            Seconds = settings.Seconds,
            LoadBefore = Load(),
            Versions = versions,
        };
    }

    /// <summary>The machine's load averages, ours included.</summary>
    public static string Load() => string.Join(' ', File.ReadAllText("/proc/loadavg").Split(' ')[..3]);

    public static string ProcessorIn(string cpuinfo)
    {
        string[] lines = cpuinfo.Split('\n');
        string model = lines.FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) ?? ": unknown";
        int count = lines.Count(l => l.StartsWith("processor", StringComparison.Ordinal));
        return $"{model[(model.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()}, {count} processors";
    }
}
