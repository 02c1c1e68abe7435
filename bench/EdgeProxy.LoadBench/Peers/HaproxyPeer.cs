using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>HAProxy: connections to the server shared by all clients, no log, a map of path prefixes.</summary>
internal sealed class HaproxyPeer : IPeer
{
    private readonly string? _program = ChildProcess.Find("haproxy");

    public string Name => "haproxy";

    public string? Missing => _program is null ? "haproxy is not installed" : null;

    public Task<string> VersionAsync() => VersionText.OfAsync(_program, "-v");

    public string? Refuses(PeerSetup setup) => null;

    public Command Prepare(PeerSetup setup)
    {
        var map = new StringBuilder();
        for (int i = 0; i < setup.Routers; i++)
        {
            map.Append(CultureInfo.InvariantCulture, $"{PeerSetup.RouterPrefix}{i}/ app\n");
        }

        string mapPath = setup.Write("haproxy.map", map.ToString());
        string choice = setup.Routers == 0 ? "default_backend app" : $"use_backend %[path,map_beg({mapPath},none)]";
        string config = setup.Write("haproxy.cfg", Config(setup, choice));
        return new Command(_program!, ["-db", "-q", "-f", config]);
    }

    private static string Tls(PeerSetup setup) =>
        setup.Tls is { } tls ? $"ssl crt {tls.Both} alpn h2,http/1.1 ssl-min-ver TLSv1.2" : "";

    // The same care as ours takes: two in-flight counts compared, a check a second, another server each time.
    private static string ServersOf(PeerSetup setup) => setup.Servers.Count == 0
        ? $"  server one {setup.Upstream}"
        : """
            balance random(2)
            option httpchk GET /slow
            timeout check 500ms
            retries 2
            option redispatch 1
            retry-on conn-failure empty-response response-timeout
            default-server check inter 1s rise 2 fall 2 observe layer7 error-limit 5 on-error mark-down

          """
            + string.Concat(setup.Servers.Select((port, i) => $"  server s{i} 127.0.0.1:{port}\n"));

    /// <summary>
    /// HAProxy reckons with two files per connection and would not start with 10,000 idle ones under a limit of 20,000;
    /// those need one each, so the limit is not strict.
    /// </summary>
    private static string Config(PeerSetup setup, string choice) => $"""
        global
          nbthread {setup.Workers}
          maxconn {setup.ClientsMax}
          no strict-limits
        defaults
          mode http
          timeout connect {(setup.Servers.Count == 0 ? "5s" : "500ms")}
          timeout client 75s
          timeout server {(setup.Servers.Count == 0 ? "60s" : "1s")}
          timeout http-keep-alive 75s
          http-reuse always
          option forwardfor
          {(setup.IsStreaming ? "option http-no-delay" : "")}
        frontend web
          bind 127.0.0.1:{setup.Port} backlog 4096 {Tls(setup)}
          {choice}
        backend app
        {ServersOf(setup)}
        backend none
          http-request deny deny_status 404

        """;
}
