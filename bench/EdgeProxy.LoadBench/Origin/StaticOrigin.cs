using System;
using System.IO;
using System.Net.Sockets;
using System.Threading.Tasks;
using EdgeProxy.LoadBench.Generators;
using EdgeProxy.LoadBench.Peers;
using EdgeProxy.LoadBench.Processes;

namespace EdgeProxy.LoadBench.Origin;

/// <summary>nginx answering from memory and from files: the cheapest server at hand.</summary>
internal sealed class StaticOrigin : IDisposable
{
    private readonly ChildProcess _process;

    private StaticOrigin(ChildProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    public int Port { get; }

    public static async Task<StaticOrigin> StartAsync(string folder, Cores cores, int openFiles)
    {
        string program = ChildProcess.Find("nginx")
            ?? throw new InvalidOperationException("the origin needs nginx; on Debian: apt-get install nginx-light");
        int port = Ports.Free();
        string www = Directory.CreateDirectory(Path.Combine(folder, "www")).FullName;
        await File.WriteAllBytesAsync(Path.Combine(www, "64k"), new byte[64 * 1024]);
        await File.WriteAllBytesAsync(Path.Combine(www, "1m"), new byte[1024 * 1024]);
        string config = Path.Combine(folder, "origin.conf");
        await File.WriteAllTextAsync(config, Config(folder, port, cores.Workers, openFiles));
        ChildProcess process = ChildProcess.Start(
            new Command(program, ["-c", config, "-p", folder, "-e", "stderr"]), cores.Generator);
        var origin = new StaticOrigin(process, port);
        await origin.WaitAsync();
        return origin;
    }

    public void Dispose() => _process.Dispose();

    private async Task WaitAsync()
    {
        while (!_process.HasExited)
        {
            try
            {
                Probe.Ask(Port, ProbeRequest.Get("/128", 128));
                return;
            }
            catch (SocketException)
            {
                await Task.Yield();
            }
        }

        throw new PeerException($"the origin ended: {_process.Errors}");
    }

    private static string Config(string folder, int port, int workers, int openFiles) => $$"""
        daemon off;
        user root;
        worker_processes {{workers}};
        pid {{folder}}/origin.pid;
        error_log stderr crit;
        events { worker_connections {{openFiles - 100}}; }
        http {
          access_log off;
          keepalive_requests 1000000000;
          keepalive_timeout 3600s;
          sendfile on;
          tcp_nopush on;
          open_file_cache max=16;
          client_body_temp_path {{folder}}/origin-body;
          proxy_temp_path {{folder}}/origin-proxy;
          fastcgi_temp_path {{folder}}/origin-fastcgi;
          uwsgi_temp_path {{folder}}/origin-uwsgi;
          scgi_temp_path {{folder}}/origin-scgi;
          default_type application/octet-stream;
          server {
            listen 127.0.0.1:{{port}} backlog=4096;
            root {{folder}}/www;
            location /128 { return 200 "{{new string('x', 128)}}"; }
            location /1k { return 200 "{{new string('x', 1024)}}"; }
            location /v1/ { client_max_body_size 0; return 200; }
            location /api/ { return 200 "{{new string('x', 1024)}}"; }
          }
        }
        """;
}
