using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>The arm64 binary, cross-compiled, under emulation.</summary>
public sealed class Arm64Tests
{
    private const string Libraries = "/usr/aarch64-linux-gnu";

    [Fact]
    public async Task Arm64Binary_Emulated_ProxiesReloadsAndDrains()
    {
        string qemu = External.Require("qemu-aarch64-static");
        External.RequireFile($"{Libraries}/lib/libc.so.6", "apt-get install libc6-dev-arm64-cross");
        await using RawServer server = RawServer.Ok("through arm64");
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server), [qemu, "-L", Libraries], Published.Require("linux-arm64"));

        RawResponse first = await RawClient.OnceAsync(
            proxy.Port, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n");
        proxy.Config.Service = "idle_timeout = \"10s\"";
        await proxy.ReloadAsync();
        RawResponse second = await RawClient.GetAsync(proxy.Port);
        proxy.Terminate();

        Assert.Equal((200, "through arm64"), (first.Status, first.BodyText));
        Assert.Equal((200, "through arm64"), (second.Status, second.BodyText));
        Assert.Equal("hello", server.WholeRequests[0].BodyText);
        Assert.Equal(0, await proxy.ExitCodeAsync());
    }
}
