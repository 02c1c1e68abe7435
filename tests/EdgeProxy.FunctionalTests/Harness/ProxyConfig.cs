using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A configuration as a test wants it: one entrypoint "web", one router "all", one service "app", and whatever lines
/// the test adds to their tables. Ports are its own.
/// </summary>
internal sealed class ProxyConfig
{
    public ProxyConfig(params IEnumerable<RawServer> servers) => Servers.AddRange(servers.Select(s => s.Port));

    public int Port { get; } = Ports.Next();

    public int AdminPort { get; } = Ports.Next();

    /// <summary>A Unix socket in the place of the admin port.</summary>
    public string? AdminSocket { get; set; }

    /// <summary>Ports of the service's servers.</summary>
    public List<int> Servers { get; private set; } = [];

    public string Rule { get; set; } = "PathPrefix(`/`)";

    public int Loops { get; set; } = 1;

    /// <summary>What outlives the process; null: a folder that does not.</summary>
    public string? StateFolder { get; set; }

    /// <summary>"0s": files are not watched, a test reloads when it means to.</summary>
    public string WatchInterval { get; set; } = "0s";

    /// <summary>Long: a drain that a busy machine holds up cuts nothing.</summary>
    public string DrainTimeout { get; set; } = "1m";

    /// <summary>More lines for [node], [log], [admin], [entrypoints.web], [routers.all], [services.app].</summary>
    public string Node { get; set; } = "";

    public string Log { get; set; } = "";

    public string Admin { get; set; } = "";

    public string EntryPoint { get; set; } = "";

    public string Router { get; set; } = "";

    public string Service { get; set; } = "";

    /// <summary>More tables.</summary>
    public string More { get; set; } = "";

    /// <summary>Without the router "all" and the service "app".</summary>
    public bool IsBare { get; set; }

    /// <summary>A server list as TOML writes it.</summary>
    public static string ServerList(params IEnumerable<int> ports) =>
        $"servers = [{string.Join(", ", ports.Select(p => $"{{ url = \"http://127.0.0.1:{p}\" }}"))}]";

    /// <summary>The same with another server.</summary>
    public ProxyConfig With(int server)
    {
        var other = (ProxyConfig)MemberwiseClone();
        other.Servers = [server];
        return other;
    }

    public string ToToml()
    {
        var toml = new StringBuilder();
        toml.Append(CultureInfo.InvariantCulture, $"""
            [node]
            name = "test"
            loops = {Loops}
            watch_interval = "{WatchInterval}"
            drain_timeout = "{DrainTimeout}"
            {Node}
            [log]
            format = "text"
            {Log}
            [admin]
            address = "{(AdminSocket is null ? $"127.0.0.1:{AdminPort}" : $"unix:{AdminSocket}")}"
            {Admin}

            [entrypoints.web]
            address = "127.0.0.1:{Port}"
            {EntryPoint}

            """);
        if (!IsBare)
        {
            toml.Append(CultureInfo.InvariantCulture, $"""
                [routers.all]
                rule = "{Rule.Replace("\\", "\\\\").Replace("\"", "\\\"")}"
                service = "app"
                {Router}

                [services.app]
                {ServerList(Servers)}
                {Service}

                """);
        }

        return toml.Append(More).Append('\n').ToString();
    }
}
