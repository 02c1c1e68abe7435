using System;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.AotTests;

/// <summary>Sockets that somebody else opened: systemd-socket-activate hands one over as a socket unit does.</summary>
public sealed class SocketActivationTests
{
    [Fact]
    public async Task EntryPoint_WithTheSocketsName_ServesOnIt()
    {
        string activate = External.Require("systemd-socket-activate");
        int port = Ports.Next();
        await using RawServer server = RawServer.Start(async connection =>
        {
            while (await connection.Wire.ReadHeadAsync("a request", TimeSpan.FromMinutes(1)) is not null)
            {
                await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"u8.ToArray());
            }
        });

        // The program starts with the first connection, which waits in the queue until it accepts.
        Task<RawResponse> first = FirstAnswerAsync(port);
        await using ProxyProcess proxy = await ProxyProcess.StartAsync(
            new ProxyConfig(server), wrap: [activate, "-l", $"127.0.0.1:{port}", "--fdname=web"],
            binary: Published.Require());

        Assert.Equal(200, (await first.Within("the answer to the connection that started it")).Status);
        Assert.Equal(200, (await RawClient.GetAsync(port, "/")).Status);
        await Assert.ThrowsAnyAsync<System.Net.Sockets.SocketException>(() => RawClient.GetAsync(proxy.Port, "/"));
    }

    private static async Task<RawResponse> FirstAnswerAsync(int port)
    {
        RawResponse? answer = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    answer = await RawClient.GetAsync(port, "/");
                    return true;
                }
                catch (System.Net.Sockets.SocketException)
                {
                    return false;
                }
            },
            "somebody to listen");
        return answer!;
    }
}
