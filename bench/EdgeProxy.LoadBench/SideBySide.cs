using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Threading;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Results;
using EdgeProxy.LoadBench.Scenarios;

namespace EdgeProxy.LoadBench;

/// <summary>
/// Puts all proxies through a scenario in interleaved rounds: in each round everybody runs once, for the same time, and
/// each round begins with another one, so that what the machine does meanwhile hits all alike.
/// </summary>
internal sealed class SideBySide(Stand stand, IReadOnlyList<IPeer> peers, RunSettings settings)
{
    private const int WarmUpSeconds = 1;

    public async Task<ScenarioResult> RunAsync(IScenario scenario, CancellationToken cancel)
    {
        // 1. A row for each; those that cannot do it say so.
        IReadOnlyList<IPeer> taking = scenario.PeersOf(peers);
        var result = new ScenarioResult(scenario, [.. taking.Select(p => new Cell(p.Name))]);
        List<Contender> contenders = [.. taking.Select(p => new Contender(p, scenario.Setup(stand)))];
        foreach ((Contender contender, Cell cell) in contenders.Zip(result.Cells))
        {
            cell.Absence = contender.Peer.Refuses(contender.Setup);
        }

        try
        {
            // 2. All run and answer.
            await StartAsync(scenario, contenders, result);
            RunningPeer[] running = [.. contenders.Select(c => c.Running).OfType<RunningPeer>()];
            result.Remark = await scenario.BeginAsync(stand, running);

            // 3. The first round warms up, the others count.
            int dropped = scenario.DropsFirstRound ? 1 : 0;
            for (int round = 0; round < scenario.Rounds(settings) + dropped; round++)
            {
                await RoundAsync(scenario, contenders, result, round, round < dropped, cancel);
            }
        }
        finally
        {
            contenders.ForEach(c => c.Running?.Dispose());
        }

        return result;
    }

    /// <summary>Who runs when: one place further in each round.</summary>
    public static IEnumerable<int> Order(int count, int round) =>
        Enumerable.Range(0, count).Select(i => (i + round) % count);

    private async Task StartAsync(IScenario scenario, List<Contender> contenders, ScenarioResult result)
    {
        foreach ((Contender contender, Cell cell) in contenders.Zip(result.Cells))
        {
            if (cell.Absence is not null || scenario.StartsFresh)
            {
                continue;
            }

            try
            {
                contender.Running = await contender.StartAsync(stand, scenario);
            }
            catch (PeerException e)
            {
                cell.Absence = e.Message.Trim();
                Progress.Write($"{scenario.Name} {cell.Peer}: {cell.Absence}");
            }
        }
    }

    private async Task RoundAsync(
        IScenario scenario, List<Contender> contenders, ScenarioResult result, int round, bool isWarmUp,
        CancellationToken cancel)
    {
        foreach (int i in Order(contenders.Count, round))
        {
            cancel.ThrowIfCancellationRequested();
            Cell cell = result.Cells[i];
            if (cell.Absence is not null)
            {
                continue;
            }

            Measurement measurement = await MeasureAsync(
                scenario, contenders[i], isWarmUp ? WarmUpSeconds : settings.Seconds);
            if (!isWarmUp)
            {
                cell.Rounds.Add(measurement);
            }

            string figures = string.Join(", ", scenario.Metrics.Select(m => Describe(m, measurement)));
            string flaws = string.Concat(measurement.Flaws.Select(f => $", VOID: {f}"));
            string which = isWarmUp ? "warm-up" : string.Create(CultureInfo.InvariantCulture, $"round {round}");
            Progress.Write($"{scenario.Name} {which} {cell.Peer}: {figures}{flaws}");
        }
    }

    private async Task<Measurement> MeasureAsync(IScenario scenario, Contender contender, int seconds)
    {
        try
        {
            return await scenario.MeasureAsync(stand, contender, seconds);
        }
        catch (Exception e) when (e is PeerException or System.Net.Sockets.SocketException)
        {
            return new Measurement().WithFlaws([e.Message.Trim()]);
        }
    }

    private static string Describe(Metric metric, Measurement measurement) =>
        measurement[metric] is { } value
            ? $"{metric.Title} {(value * metric.Scale).ToString($"F{metric.Decimals}", CultureInfo.InvariantCulture)}"
            : $"{metric.Title} -";
}
