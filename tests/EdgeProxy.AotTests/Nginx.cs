using System;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;

namespace EdgeProxy.AotTests;

/// <summary>
/// nginx from Debian as a server nobody of us wrote: two ports, small answers, files, uploads by PUT.
/// </summary>
internal sealed class Nginx : IAsyncDisposable
{
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private Nginx(Process process, DirectoryInfo folder, int port, int otherPort)
    {
        _process = process;
        _folder = folder;
        Port = port;
        OtherPort = otherPort;
    }

    public int Port { get; }

    public int OtherPort { get; }

    public string FileOf(string path) => Path.Combine(_folder.FullName, "www", path.TrimStart('/'));

    public static async Task<Nginx> StartAsync()
    {
        string program = External.Require("nginx");
        DirectoryInfo folder = Directory.CreateTempSubdirectory("edgeproxy-nginx-");
        folder.CreateSubdirectory("www");
        int port = Ports.Next();
        int otherPort = Ports.Next();
        string config = Path.Combine(folder.FullName, "nginx.conf");
        await File.WriteAllTextAsync(config, Config(folder.FullName, port, otherPort));
        var start = new ProcessStartInfo(program, ["-c", config, "-p", folder.FullName, "-e", "stderr"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        var nginx = new Nginx(process, folder, port, otherPort);
        await Eventually.TrueAsync(() => nginx.IsReadyAsync(), "nginx to be ready");
        return nginx;
    }

    public async ValueTask DisposeAsync()
    {
        // TERM to the master ends the workers, too.
        await CommandResult.RunAsync("/bin/kill", ["-TERM", $"{_process.Id}"]);
        await _process.WaitForExitAsync().Within("nginx to end");
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            return (await RawClient.GetAsync(OtherPort, "/small")).Status == 200;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static string Config(string folder, int port, int otherPort) => $$"""
        daemon off;
        user root;
        worker_processes 1;
        pid {{folder}}/nginx.pid;
        error_log stderr crit;
        events { worker_connections 4096; }
        http {
          access_log off;
          keepalive_requests 1000000;
          client_max_body_size 0;
          client_body_temp_path {{folder}}/www/body;
          proxy_temp_path {{folder}}/proxy;
          fastcgi_temp_path {{folder}}/fastcgi;
          uwsgi_temp_path {{folder}}/uwsgi;
          scgi_temp_path {{folder}}/scgi;
          server {
            listen 127.0.0.1:{{port}} backlog=4096;
            listen 127.0.0.1:{{otherPort}} backlog=4096;
            root {{folder}}/www;
            location = /small { return 200 "small\n"; }
            location / { dav_methods PUT; create_full_put_path on; }
          }
        }
        """;
}
