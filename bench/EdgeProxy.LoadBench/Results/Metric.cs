using System.Collections.Generic;

namespace EdgeProxy.LoadBench.Results;

/// <summary>Something measured. Less is better, unless it is a rate.</summary>
/// <param name="Key">Its name in the JSON file, with the unit.</param>
/// <param name="Title">Its column.</param>
/// <param name="Decimals">Digits that mean something.</param>
/// <param name="NeedsIdleGenerator">A busy generator makes it meaningless. CPU per request does not care.</param>
/// <param name="Scale">What the value is multiplied by to be shown.</param>
internal sealed record Metric(string Key, string Title, int Decimals, bool NeedsIdleGenerator = false, double Scale = 1)
{
    public static readonly Metric CpuUs = new("cpu_us_per_request", "CPU us/request", 1);
    public static readonly Metric CpuPerHandshake = new("cpu_us_per_handshake", "CPU us/handshake", 1);
    public static readonly Metric Rate = new("requests_per_second", "requests/s", 0, NeedsIdleGenerator: true);
    public static readonly Metric P50 = new("p50_us", "p50 us", 0, NeedsIdleGenerator: true);
    public static readonly Metric P99 = new("p99_us", "p99 us", 0, NeedsIdleGenerator: true);
    public static readonly Metric P999 = new("p999_us", "p99.9 us", 0, NeedsIdleGenerator: true);
    public static readonly Metric Peak = new("rss_peak_kib", "peak RSS MiB", 1, Scale: 1 / 1024.0);
    public static readonly Metric Idle = new("rss_idle_kib", "RSS idle MiB", 1, Scale: 1 / 1024.0);
    public static readonly Metric Held = new("rss_held_kib", "RSS with connections MiB", 1, Scale: 1 / 1024.0);
    public static readonly Metric After = new("rss_after_kib", "RSS after MiB", 1, Scale: 1 / 1024.0);
    public static readonly Metric PerConnection = new("kib_per_connection", "KiB/connection", 2);
    public static readonly Metric Start = new("start_ms", "start to first answer ms", 1);
    public static readonly Metric AddedP50 = new("added_p50_us", "added p50 us", 0, NeedsIdleGenerator: true);
    public static readonly Metric AddedP99 = new("added_p99_us", "added p99 us", 0, NeedsIdleGenerator: true);
    public static readonly Metric CpuPerEvent = new("cpu_us_per_event", "CPU us/event", 1);

    public static readonly Metric FailedBefore = new("failed_before", "failed before", 0);
    public static readonly Metric FailedAfter = new("failed_after", "failed after", 0);
    public static readonly Metric Retried = new("retried", "tried again", 0);
    public static readonly Metric P50Before = new("p50_before_us", "p50 before us", 0, NeedsIdleGenerator: true);
    public static readonly Metric P99Before = new("p99_before_us", "p99 before us", 0, NeedsIdleGenerator: true);
    public static readonly Metric P50After = new("p50_after_us", "p50 after us", 0, NeedsIdleGenerator: true);
    public static readonly Metric P99After = new("p99_after_us", "p99 after us", 0, NeedsIdleGenerator: true);

    /// <summary>Busy share of the generator's core, the origin and strangers included.</summary>
    public static readonly Metric GeneratorBusy = new("generator_busy", "generator busy %", 0, Scale: 100);

    /// <summary>Share of the proxy's core that others used.</summary>
    public static readonly Metric OthersBusy = new("others_busy", "others %", 0, Scale: 100);

    public static readonly IReadOnlyList<Metric> OfLoad = [CpuUs, Rate, P50, P99, P999, Peak];
}
