using System;
using System.Net;
using EdgeProxy.Config.Keys;
using EdgeProxy.Config.Values;
using EdgeProxy.Services.Naming;

namespace EdgeProxy.Config.Tables;

/// <summary>[node]</summary>
internal static class NodeTable
{
    private const int PathCharsMax = 4096; // PATH_MAX
    private const int NameCharsMax = 253; // a host name
    private const int LoopsMax = 256;
    private const string StateFolderDefault = "/var/lib/edgeproxy";
    private const string StateVariable = "STATE_DIRECTORY"; // systemd.exec(5); more than one are divided by ':'
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

    private static readonly DurationKey DrainDelay = new("drain_delay", TimeSpan.FromMilliseconds(100),
        DrainTimeoutMax,
        "How long after TERM clients are still served as ever while /readyz says 503 already; then it drains.")
    {
        Default = TimeSpan.Zero,
        DefaultToml = "\"0\"",
        ZeroMeans = "to drain at once",
    };

    private static readonly FilePathKey StateFolder = new("state_dir", PathCharsMax,
        "Where is kept what outlives a restart: what is halted, what plans count, the last configurations. Without "
            + "it: $STATE_DIRECTORY, which systemd sets, else /var/lib/edgeproxy. Read at start only.")
    {
        ExampleToml = $"\"{StateFolderDefault}\"",
    };

    private static readonly DurationKey WatchInterval = new("watch_interval", WatchIntervalMin, WatchIntervalMax,
        "How often the configuration files are looked at for changes. SIGHUP and reload work as well.")
    {
        Default = WatchIntervalDefault,
        DefaultToml = $"\"{DurationText.Format(WatchIntervalDefault)}\"",
        ZeroMeans = "never",
    };

    private static readonly NameServersKey DnsServers = new("dns_servers",
        "Who is asked for the names of servers, in this order. Without it: whom /etc/resolv.conf names. A name's "
            + "addresses are servers of their own, and asked for again when the answer has expired.")
    {
        ExampleToml = "[\"10.0.0.2\", \"10.0.0.3:5353\"]",
    };

    public static TableDeclaration Declaration { get; } = new("node", IsNamed: false, "This box.",
        [Name, Environment, Loops, StateFolder, DrainDelay, DrainTimeout, WatchInterval, DnsServers]);

    public static NodeSettings Parse(TableScope scope, ConfigEnvironment environment) => new()
    {
        Name = Name.Read(scope) ?? environment.HostName,
        Environment = Environment.Read(scope),
        Loops = Loops.ReadValue(scope),
        StateFolder = StateFolder.Read(scope) ?? StateFolderOf(environment.Variable(StateVariable)),
        DrainDelay = DrainDelay.Read(scope),
        DrainTimeout = DrainTimeout.Read(scope),
        WatchInterval = WatchInterval.Read(scope),
        DnsServers = PlacedItems.Values(DnsServers.Read(scope)),
    };

    private static string StateFolderOf(string? variable) =>
        variable?.Split(':')[0] is ['/', ..] folder ? folder : StateFolderDefault;

    private sealed class NameServersKey(string name, string doc) : ListKey<IPEndPoint>(name, doc)
    {
        public override string TypeText => "list of addresses";

        public override string Accepts => "write " + Range;

        public override string Range => "[\"10.0.0.2\"] or [\"10.0.0.2:5353\", \"[2001:db8::53]:53\"]";

        protected override bool IsRequiredToHaveItems => true;

        protected override string? ParseItem(string text, out IPEndPoint? item)
        {
            if (AddressText.TryParseAddress(text, out IPAddress address))
            {
                item = new IPEndPoint(address, NameServers.Port);
                return null;
            }

            bool isEndPoint = AddressText.TryParseEndPoint(text, out item) && item.Port > 0 && !text.StartsWith(':');
            return isEndPoint ? null : "is not an address, with or without port";
        }
    }
}
