using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>A load that goes on the same for ever, and what is counted of it.</summary>
internal static class Steady
{
    public const string Get = "GET /small HTTP/1.1\r\nHost: a.test\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n";

    private const string DataCalls =
        "read,write,readv,writev,recvfrom,sendto,recvmsg,sendmsg,recvmmsg,sendmmsg,splice,sendfile";

    public static RawServer Counting() => RawServer.Start(async connection =>
    {
        // Reads heads only and remembers nothing: the load of these tests would fill the server's own memory.
        byte[] answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nsmall"u8.ToArray();
        while (await connection.Wire.ReadHeadAsync("a request", TimeSpan.FromMinutes(5)) is not null)
        {
            await connection.SendAsync(answer);
        }
    });

    public static async Task LoadAsync(int port, int requests, string request = Get)
    {
        using SteadyClients clients = await SteadyClients.ConnectAsync(port);
        await clients.LoadAsync(requests, request);
    }

    /// <summary>Bytes the process allocated, or only its loops.</summary>
    public static async Task<double> AllocatedAsync(ProxyProcess proxy, string whose = "process") =>
        await proxy.MetricAsync($"edgeproxy_{whose}_allocated_bytes_total")
            ?? throw new InvalidDataException("no such metric");

    /// <summary>The thread of the first loop.</summary>
    public static string LoopThread(ProxyProcess proxy) => Path.GetFileName(
        Directory.GetDirectories($"/proc/{proxy.Id}/task")
            .Single(static task => File.ReadAllText(Path.Combine(task, "comm")).Trim() == "loop 0"));

    /// <summary>
    /// Calls while one connection asks so many times, and twice as many. What a busy machine adds, a read in vain now
    /// and then, is no cost of a request: the least of some is.
    /// </summary>
    public static async Task<(int Once, int Twice)> CountTwiceAsync(
        string[] whom, RawClient client, int requests, string request = Get)
    {
        int once = int.MaxValue;
        int twice = int.MaxValue;
        for (int round = 0; round < 3; round++)
        {
            once = Math.Min(once, await CountCallsAsync(whom, client, requests, request));
            twice = Math.Min(twice, await CountCallsAsync(whom, client, 2 * requests, request));
        }

        return (once, twice);
    }

    /// <summary>Traces what the arguments of strace name while one connection asks that many times.</summary>
    private static async Task<int> CountCallsAsync(string[] whom, RawClient client, int requests, string request)
    {
        string trace = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo(
                External.Require("strace"), [.. whom, "-e", $"trace={DataCalls}", "-e", "signal=none", "-o", trace])
            {
                RedirectStandardError = true,
            };
            using Process strace = Process.Start(start)!;
            string? attached = await strace.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
            if (attached is null || !attached.Contains("attached", StringComparison.Ordinal))
            {
                External.Missing($"strace may not attach here: {attached}");
            }

            for (int i = 0; i < requests; i++)
            {
                await client.RequestAsync(request);
            }

            // INT makes strace detach and leave the proxy alone.
            await CommandResult.RunAsync("/bin/kill", ["-INT", $"{strace.Id}"]);
            await strace.WaitForExitAsync(TestContext.Current.CancellationToken).Within("strace to let go");
            return File.ReadLines(trace).Count(line =>
                line.Contains('(') && !line.Contains("resumed>", StringComparison.Ordinal));
        }
        finally
        {
            File.Delete(trace);
        }
    }
}
