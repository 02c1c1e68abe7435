using System;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;

namespace EdgeProxy.Config.Tables;

/// <summary>[node]</summary>
internal static class NodeTable
{
    private const int PathCharsMax = 4096; // PATH_MAX
    private const int NameCharsMax = 253; // a host name
    private const int LoopsMax = 256;
    private static readonly TimeSpan DrainTimeoutDefault = TimeSpan.FromSeconds(10); // Traefik graceTimeOut
    private static readonly TimeSpan DrainTimeoutMax = TimeSpan.FromHours(24);
    private static readonly TimeSpan WatchIntervalDefault = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan WatchIntervalMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WatchIntervalMax = TimeSpan.FromHours(1);

    private static readonly TextKey Name = new("name", NameCharsMax,
        "The name of this box in logs and metrics. Without it: the host name.")
    {
        ExampleToml = "\"store-0042\"",
    };

    private static readonly TextKey Environment = new("environment", ConfigLimits.NameCharsMax,
        "Where this box belongs to, in logs and metrics. Without it: none.")
    {
        Default = "",
        ExampleToml = "\"production\"",
    };

    private static readonly IntegerKey Loops = new("loops", 0, LoopsMax, "threads",
        "Event loops, one thread each. Read at start only.")
    {
        Default = 0,
        DefaultToml = "0",
        ZeroMeans = "one per core",
    };

    private static readonly DurationKey DrainTimeout = new("drain_timeout", TimeSpan.FromMilliseconds(100),
        DrainTimeoutMax,
        "How long exchanges may take to finish after TERM.")
    {
        Default = DrainTimeoutDefault,
        DefaultToml = $"\"{DurationText.Format(DrainTimeoutDefault)}\"",
        ZeroMeans = "to end at once",
    };

    private static readonly FilePathKey StateFolder = new("state_dir", PathCharsMax,
        "Where is kept what outlives a restart: what is halted. Read at start only.")
    {
        Default = "/var/lib/edgeproxy",
        DefaultToml = "\"/var/lib/edgeproxy\"",
    };

    private static readonly DurationKey WatchInterval = new("watch_interval", WatchIntervalMin, WatchIntervalMax,
        "How often the configuration files are looked at for changes. SIGHUP and reload work as well.")
    {
        Default = WatchIntervalDefault,
        DefaultToml = $"\"{DurationText.Format(WatchIntervalDefault)}\"",
        ZeroMeans = "never",
    };

    public static TableDeclaration Declaration { get; } = new("node", IsNamed: false, "This box.",
        [Name, Environment, Loops, StateFolder, DrainTimeout, WatchInterval]);

    public static NodeSettings Parse(TableScope scope, ConfigEnvironment environment) => new()
    {
        Name = Name.Read(scope) ?? environment.HostName,
        Environment = Environment.Read(scope),
        Loops = Loops.ReadValue(scope),
        StateFolder = StateFolder.Read(scope)!,
        DrainTimeout = DrainTimeout.Read(scope),
        WatchInterval = WatchInterval.Read(scope),
    };
}
