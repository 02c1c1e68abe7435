using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>
/// The systemd unit: what systemd itself says of it, and that the program does its work within what it allows.
/// </summary>
public sealed class UnitFileTests(ITestOutputHelper output)
{
    private const string Get = "GET / HTTP/1.1\r\nHost: unit.example\r\n\r\n";
    private static readonly string Unit =
        Path.Combine(ProxyBinary.RepositoryRoot!, "packaging", "systemd", "edgeproxy.service");

    [Fact]
    public async Task Unit_Exposure_IsAtMostSixteenTenths()
    {
        CommandResult result = await CommandResult.RunAsync(
            External.Require("systemd-analyze"), ["security", "--offline=true", "--threshold=16", "--no-pager", Unit]);

        output.WriteLine(result.Output.Split('\n').LastOrDefault(l => l.Contains("exposure", StringComparison.Ordinal)) ?? "");
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    /// <summary>PR_SET_MDWE is what MemoryDenyWriteExecute asks of the kernel, and is inherited.</summary>
    [Fact]
    public async Task Program_WithoutMemoryThatIsWritableAndExecutable_Serves()
    {
        string perl = External.Require("perl");
        string setAndRun = $"syscall({PrctlNumber}, 65, 1, 0, 0, 0) == 0 or die 'no MDWE'; exec @ARGV";
        await using RawServer server = Server();
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server), wrap: [perl, "-e", setAndRun], binary: Published.Require());

        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/")).Status);
        await proxy.ReloadAsync(proxy.Config.ToToml() + "# again\n");
        Assert.Equal(200, (await RawClient.GetAsync(proxy.Port, "/")).Status);
    }

    [Fact]
    public async Task Program_StartLoadReloadDrain_MakesNoCallTheUnitForbids()
    {
        string strace = External.Require("strace");
        HashSet<string> allowed = await AllowedAsync();
        string trace = Path.GetTempFileName();
        try
        {
            await using (RawServer server = Server())
            await using (ProxyProcess proxy = await ProxyProcess.StartAsync(
                new ProxyConfig(server) { Loops = 2 },
                wrap: [strace, "-D", "-f", "-q", "-o", trace, "-e", "signal=none"], binary: Published.Require()))
            {
                await LoadAsync(proxy.Port);
                await proxy.ReloadAsync(proxy.Config.ToToml() + "# again\n");
                await LoadAsync(proxy.Port);
            }

            string[] made = [.. File.ReadLines(trace).Select(CallOf).Where(c => c.Length > 0).Distinct().Order()];
            output.WriteLine(string.Join(' ', made));
            Assert.Contains("epoll_ctl", made);
            Assert.Empty(made.Except(allowed));
        }
        finally
        {
            File.Delete(trace);
        }
    }

    private static int PrctlNumber =>
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture
            == System.Runtime.InteropServices.Architecture.Arm64 ? 167 : 157;

    private static RawServer Server() => RawServer.Start(async connection =>
    {
        while (await connection.Wire.ReadHeadAsync("a request", TimeSpan.FromMinutes(1)) is not null)
        {
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
        }
    });

    private static async Task LoadAsync(int port)
    {
        for (int i = 0; i < 20; i++)
        {
            using RawClient client = await RawClient.ConnectAsync(port);
            for (int k = 0; k < 10; k++)
            {
                Assert.Equal(200, (await client.RequestAsync(Get)).Status);
            }
        }
    }

    /// <summary>SystemCallFilter of the unit, group by group, as the installed systemd spells them out.</summary>
    private static async Task<HashSet<string>> AllowedAsync()
    {
        HashSet<string> allowed = await GroupAsync("@system-service");
        foreach (string group in (string[])["@privileged", "@resources"])
        {
            allowed.ExceptWith(await GroupAsync(group));
        }

        Assert.NotEmpty(allowed);
        return allowed;
    }

    private static async Task<HashSet<string>> GroupAsync(string group)
    {
        CommandResult result = await CommandResult.RunAsync(
            External.Require("systemd-analyze"), ["syscall-filter", "--no-pager", group]);
        Assert.Equal(0, result.ExitCode);
        var calls = new HashSet<string>();
        foreach (string line in result.Output.Split('\n').Skip(1).Select(l => l.Trim()))
        {
            if (line.StartsWith('@'))
            {
                calls.UnionWith(await GroupAsync(line));
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                calls.Add(line);
            }
        }

        return calls;
    }

    // "1234  recvfrom(7, ..." and "1234  <... recvfrom resumed>..."
    private static string CallOf(string line)
    {
        int start = line.IndexOf(' ', StringComparison.Ordinal);
        string rest = line[(start + 1)..].TrimStart();
        int end = rest.IndexOf('(', StringComparison.Ordinal);
        return end > 0 && rest[..end].All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? rest[..end] : "";
    }
}
