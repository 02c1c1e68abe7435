using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.InteropServices;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Deployment;
using EdgeProxy.LoadBench.Origin;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;
using EdgeProxy.LoadBench.Report;
using EdgeProxy.LoadBench.Results;
using EdgeProxy.LoadBench.Scenarios;

namespace EdgeProxy.LoadBench;

/// <summary>
/// EdgeProxy beside other proxies under load. Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.
/// </summary>
internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        if (args is [OriginProcess.Verb, string port])
        {
            return OriginProcess.Serve(port);
        }

        Progress.Begin();
        RunSettings? settings = RunSettings.Read(args, out string fault);
        if (settings is null)
        {
            Console.Error.Write($"{fault}\n{RunSettings.Usage}");
            return 2;
        }

        if (settings.IsList)
        {
            Console.Out.Write(string.Concat(ScenarioList.All.Select(s => $"{s.Name,-16}{s.About}\n")));
            return 0;
        }

        using var cancel = new CancellationTokenSource();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            await RunAsync(settings, cancel.Token);
            return 0;
        }
        catch (OperationCanceledException)
        {
            return 130;
        }
        catch (Exception e) when (e is InvalidOperationException or PeerException or IOException)
        {
            // Ending the generator mid-run looks like a failure of it.
            Console.Error.WriteLine(cancel.IsCancellationRequested ? "interrupted" : e.Message);
            return cancel.IsCancellationRequested ? 130 : 1;
        }
        finally
        {
            StartedProcesses.EndAll();
        }

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            cancel.Cancel();
            StartedProcesses.EndAll();
        }
    }

    private static async Task RunAsync(RunSettings settings, CancellationToken cancel)
    {
        string binary = await Repository.BinaryAsync(settings.Binary);
        if (settings.DeploymentChart is { } chart)
        {
            await DeploymentRun.RunAsync(binary, chart, cancel);
            return;
        }

        // 1. What is measured, and beside whom.
        IReadOnlyList<IScenario> scenarios = Choose(settings);
        var remarks = new List<string>();
        IReadOnlyList<IPeer> peers = Available(settings, binary, remarks);
        using var folder = new TempFolder();
        using Stand stand = await Stand.CreateAsync(settings, folder);
        RunFacts facts = await RunFacts.CollectAsync(settings, stand, peers, binary);

        // 2. Scenario by scenario.
        var sideBySide = new SideBySide(stand, peers, settings);
        var results = new List<ScenarioResult>();
        foreach (IScenario scenario in scenarios)
        {
            results.Add(await sideBySide.RunAsync(scenario, cancel));
        }

        // 3. The report. Who was ended in the last run has no figures.
        cancel.ThrowIfCancellationRequested();
        facts.LoadAfter = RunFacts.Load();
        string markdown = MarkdownReport.Of(facts, results, remarks);
        Console.Out.Write(markdown);
        foreach (string path in ResultFiles.Write(settings.Out ?? Repository.ResultsFolder, facts, results, markdown))
        {
            Progress.Write(path);
        }
    }

    private static IReadOnlyList<IScenario> Choose(RunSettings settings)
    {
        if (settings.Scenarios.FirstOrDefault(n => ScenarioList.All.All(s => s.Name != n)) is { } unknown)
        {
            throw new InvalidOperationException(
                $"--scenario: {unknown} is none of {string.Join(", ", ScenarioList.All.Select(s => s.Name))}");
        }

        return settings.Scenarios.Count > 0
            ? [.. ScenarioList.All.Where(s => settings.Scenarios.Contains(s.Name))]
            : [.. ScenarioList.All.Where(s => s.IsQuick || !settings.IsQuick)];
    }

    private static List<IPeer> Available(RunSettings settings, string binary, List<string> remarks)
    {
        List<IPeer> peers = [new EdgeProxyPeer(binary), .. settings.Peers.Select(PeerList.Create)];
        foreach (IPeer peer in peers.ToArray())
        {
            if (peer.Missing is { } reason)
            {
                peers.Remove(peer);
                remarks.Add($"left out: {peer.Name}, {reason}");
                Progress.Write($"left out: {peer.Name}, {reason}");
            }
        }

        return peers;
    }
}
