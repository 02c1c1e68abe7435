using System;
using System.Collections.Generic;
using System.Net;
using EdgeProxy.Services;
using EdgeProxy.Services.Choosing;

namespace EdgeProxy.Tests.Services.Choosing;

/// <summary>A service to choose from, with a clock and randomness of the test's.</summary>
internal sealed class ServicePicks
{
    private readonly ServiceDirectory _directory;
    private TriedServers _tried;

    public ServicePicks(StrategyKind strategy, params int[] weights)
        : this(strategy, loops: 1, weights)
    {
    }

    public ServicePicks(string strategy, params int[] weights)
        : this(Enum.Parse<StrategyKind>(strategy), weights)
    {
    }

    public ServicePicks(StrategyKind strategy, int loops, int[] weights)
    {
        _directory = new ServiceDirectory(loops, seed: 42);
        Settings = new ServiceSettings { Name = "app", Strategy = strategy, Servers = ServersOf(weights) };
        Service = Apply(Settings);
    }

    public ServiceSettings Settings { get; private set; }

    public Service Service { get; private set; }

    public long NowMs { get; set; } = 1_000_000;

    public ref TriedServers Tried => ref _tried;

    public static List<ServerSettings> ServersOf(params int[] weights)
    {
        var servers = new List<ServerSettings>();
        for (int i = 0; i < weights.Length; i++)
        {
            servers.Add(new ServerSettings($"10.0.0.{i + 1}", 80, weights[i]));
        }

        return servers;
    }

    /// <summary>As a reload does.</summary>
    public Service Apply(ServiceSettings settings)
    {
        Dictionary<string, Service> services = _directory.Prepare([settings]);
        _directory.Commit(services, NowMs);
        Settings = settings;
        return Service = services[settings.Name];
    }

    public int Pick(int loop = 0, ulong? key = null) => Service.Pick(loop, NowMs, in _tried, key);

    public ServerLoad Load(int place, int loop = 0) => Service.Servers[place].Load(loop);

    /// <summary>Takes a server's address away, or gives it back: one of the ways not to be usable.</summary>
    public void SetUsable(int place, bool isUsable) =>
        Service.Servers[place].Address = isUsable ? new IPEndPoint(IPAddress.Loopback, 80) : null;

    /// <summary>How often each place is chosen.</summary>
    public int[] Count(int picks, Func<int, ulong?>? key = null)
    {
        int[] counts = new int[Service.Servers.Length];
        for (int i = 0; i < picks; i++)
        {
            counts[Pick(key: key?.Invoke(i))]++;
        }

        return counts;
    }

    /// <summary>
    /// Pearson's statistic against the weights; with k servers it stays below <see cref="ChiSquaredMax"/> by chance
    /// but once in 10^6 runs, and the test's randomness is fixed.
    /// </summary>
    public static double ChiSquared(int[] counts, int[] weights)
    {
        double total = 0;
        double weightSum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            weightSum += weights[i];
        }

        double sum = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            double expected = total * weights[i] / weightSum;
            sum += expected == 0 ? counts[i] * 1e9 : (counts[i] - expected) * (counts[i] - expected) / expected;
        }

        return sum;
    }

    /// <summary>Quantile 1 - 10^-6 of chi-squared with 1 to 9 degrees of freedom.</summary>
    public static double ChiSquaredMax(int freedom) =>
        new[] { 0, 23.93, 27.63, 30.66, 33.38, 35.89, 38.26, 40.52, 42.70, 44.81 }[freedom];
}
