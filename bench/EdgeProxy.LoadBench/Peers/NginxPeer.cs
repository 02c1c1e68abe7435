using System.Globalization;
using System.Linq;
using System.Text;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Peers;

/// <summary>
/// nginx: keep-alive to the server over HTTP/1.1, no access log, bodies passed on in memory as we do, a location per
/// router.
/// </summary>
internal sealed class NginxPeer : IPeer
{
    private readonly string? _program = ChildProcess.Find("nginx");

    public string Name => "nginx";

    public string? Missing => _program is null ? "nginx is not installed" : null;

    public Task<string> VersionAsync() => VersionText.OfAsync(_program, "-v");

    public string? Refuses(PeerSetup setup) => null;

    public Command Prepare(PeerSetup setup)
    {
        var locations = new StringBuilder();
        for (int i = 0; i < setup.Routers; i++)
        {
            locations.Append(
                CultureInfo.InvariantCulture,
                $"    location {PeerSetup.RouterPrefix}{i}/ {{ proxy_pass http://app; }}\n");
        }

        if (setup.Routers == 0)
        {
            locations.Append("    location / { proxy_pass http://app; }\n");
        }

        string config = Config(setup, locations.ToString());
        string path = setup.Write("nginx.conf", config);
        return new Command(_program!, ["-c", path, "-p", setup.Folder, "-e", "stderr"]);
    }

    // Tickets are on; the versions are those that we have.
    private static string Tls(PeerSetup setup) => setup.Tls is { } tls
        ? $"    ssl_certificate {tls.Cert}; ssl_certificate_key {tls.Key}; ssl_protocols TLSv1.2 TLSv1.3;\n"
        : "";

    // What it has of the care ours takes: passive checks only, another server each time.
    private static string ServersOf(PeerSetup setup) => setup.Servers.Count == 0
        ? $"server {setup.Upstream};"
        : "random two least_conn; "
            + string.Concat(setup.Servers.Select(port => $"server 127.0.0.1:{port} max_fails=2 fail_timeout=5s; "));

    private static string Timeouts(PeerSetup setup) => setup.Servers.Count == 0
        ? ""
        : "proxy_connect_timeout 500ms; proxy_read_timeout 1s; proxy_next_upstream error timeout; "
            + "proxy_next_upstream_tries 3;";

    private static string Config(PeerSetup setup, string locations) => $$"""
        daemon off;
        user root;
        worker_processes {{setup.Workers}};
        pid {{setup.Folder}}/nginx.pid;
        error_log stderr crit;
        events { worker_connections {{setup.ClientsMax + setup.UpstreamsMax}}; }
        http {
          access_log off;
          keepalive_requests 1000000000;
          keepalive_timeout 75s;
          client_max_body_size 0;
          client_body_buffer_size 128k;
          client_body_temp_path {{setup.Folder}}/body;
          proxy_temp_path {{setup.Folder}}/proxy;
          fastcgi_temp_path {{setup.Folder}}/fastcgi;
          uwsgi_temp_path {{setup.Folder}}/uwsgi;
          scgi_temp_path {{setup.Folder}}/scgi;
          upstream app {
            {{ServersOf(setup)}}
            keepalive {{setup.UpstreamsMax}};
            keepalive_requests 1000000000;
          }
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_request_buffering off;
          proxy_max_temp_file_size 0;
          {{Timeouts(setup)}}
          proxy_buffering {{(setup.IsStreaming ? "off" : "on")}};
          server {
            listen 127.0.0.1:{{setup.Port}}{{(setup.Tls is null ? "" : " ssl http2")}} backlog=4096;
        {{Tls(setup)}}{{locations}}  }
        }
        """;
}
