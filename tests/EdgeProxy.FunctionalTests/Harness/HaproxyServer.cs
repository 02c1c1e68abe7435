using System;
using System.Collections.Generic;
using System.Diagnostics;
using System.IO;
using System.Threading.Tasks;

namespace EdgeProxy.FunctionalTests.Harness;

/// <summary>
/// A HAProxy of the operating system that takes connections with a PROXY header only, in clear text and over TLS, and
/// answers with what the header said: "SOURCE:PORT DESTINATION:PORT".
/// </summary>
internal sealed class HaproxyServer : IAsyncDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("edgeproxy-haproxy-");
    private readonly List<string> _said = [];
    private readonly Process _process;

    private HaproxyServer(string program, TestKeys keys)
    {
        string pem = Path.Combine(_folder.FullName, "server.pem");
        keys.Make("server", ["127.0.0.1"]).Dispose();
        File.WriteAllText(
            pem, $"{File.ReadAllText(keys.CertificateFile("server"))}\n{File.ReadAllText(keys.KeyFile("server"))}\n");
        string config = Path.Combine(_folder.FullName, "haproxy.cfg");
        File.WriteAllText(config, $"""
            global
              maxconn 200
            defaults
              mode http
              timeout client 2m
              timeout connect 2m
              timeout server 2m
            frontend told
              bind 127.0.0.1:{Port} accept-proxy
              bind 127.0.0.1:{SecurePort} accept-proxy ssl crt {pem}
              http-request return status 200 content-type text/plain lf-string "%[src]:%[src_port] %[dst]:%[dst_port]"

            """);
        _process = Process.Start(
            new ProcessStartInfo(program, ["-db", "-f", config]) { RedirectStandardError = true })!;
        _process.ErrorDataReceived += (_, line) =>
        {
            lock (_said)
            {
                _said.Add(line.Data ?? "");
            }
        };
        _process.BeginErrorReadLine();
    }

    public int Port { get; } = Ports.Next();

    public int SecurePort { get; } = Ports.Next();

    public static async Task<HaproxyServer> StartAsync(TestKeys keys)
    {
        var server = new HaproxyServer(External.Require("haproxy"), keys);
        try
        {
            await Eventually.TrueAsync(server.IsReadyAsync, "HAProxy to answer");
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task<bool> IsReadyAsync()
    {
        if (_process.HasExited)
        {
            lock (_said)
            {
                throw new InvalidOperationException(
                    $"HAProxy ended with {_process.ExitCode}:\n{string.Join('\n', _said)}");
            }
        }

        try
        {
            return (await RawClient.OnceAsync(
                Port, "PROXY UNKNOWN\r\nGET / HTTP/1.1\r\nHost: a.test\r\n\r\n")).Status == 200;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or IOException)
        {
            return false;
        }
    }
}
