using System;
using System.IO;
using System.Linq;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Tasks;
using EdgeProxy.FunctionalTests.Harness;
using Xunit;

namespace EdgeProxy.FunctionalTests;

/// <summary>
/// A browser, npm's WebSocket and testssl.sh. Explicit: they come from registries that a build may not reach, or take
/// minutes. EDGEPROXY_NODE_MODULES names where "npm install ws playwright-core" was run.
/// </summary>
public sealed class RealWebClientTests
{
    // What testssl.sh finds that is not the proxy's: the test's own certificate, the name's records, fields that the
    // middleware security_headers adds to answers where they are wanted; and whether its own s_client waited for a
    // ticket before it left, without which it warns that it could not look (TlsTests look at resumption).
    private static readonly string[] NotOurs =
        ["cert_", "DNS_CAArecord", "HSTS", "security_headers", "OCSP_", "trust", "sessionresumption_"];

    [Fact(Explicit = true)]
    public async Task WebSocket_OfNpm_Works()
    {
        (string modules, string node) = Node();
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Start(ServeAsync);
        await using ProxyProcess proxy = await StartAsync(server, keys);

        CommandResult result = await CommandResult.RunAsync(
            node, [Script("websocket.mjs"), $"wss://127.0.0.1:{proxy.Port}/ws", keys.AuthorityFile]);

        Assert.True(result.ExitCode == 0, $"{modules}: {result}");
    }

    [Fact(Explicit = true)]
    public async Task Chromium_Works()
    {
        (string modules, string node) = Node();
        string? chromium = External.Find("chromium");
        Assert.SkipWhen(chromium is null, "chromium is not installed");
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Start(ServeAsync);
        await using ProxyProcess proxy = await StartAsync(server, keys);

        CommandResult result = await CommandResult.RunAsync(
            node, [Script("browser.mjs"), $"https://127.0.0.1:{proxy.Port}", chromium!]);

        Assert.True(result.ExitCode == 0, $"{modules}: {result}");
    }

    [Fact(Explicit = true)]
    public async Task Testssl_FindsNoWeakness()
    {
        string? testssl = External.Find("testssl") ?? External.Find("testssl.sh");
        Assert.SkipWhen(testssl is null, "testssl.sh is not installed");
        using var keys = new TestKeys();
        await using RawServer server = RawServer.Ok();
        await using ProxyProcess proxy = await StartAsync(server, keys);
        string report = Path.Combine(keys.Folder, "testssl.json");

        await CommandResult.RunAsync(
            testssl!,
            ["--quiet", "--color", "0", "--warnings", "off", "--severity", "LOW", "--jsonfile", report,
                $"127.0.0.1:{proxy.Port}"],
            limit: TimeSpan.FromMinutes(20)); // it waits here and there, and opens hundreds of connections

        using JsonDocument found = JsonDocument.Parse(await File.ReadAllTextAsync(
            report, TestContext.Current.CancellationToken));
        Assert.Equal([], found.RootElement.EnumerateArray()
            .Select(static one => $"{one.GetProperty("id")} {one.GetProperty("severity")}: {one.GetProperty("finding")}")
            .Where(static finding => !NotOurs.Any(id => finding.StartsWith(id, StringComparison.Ordinal))));
    }

    private static (string Modules, string Node) Node()
    {
        string modules = Environment.GetEnvironmentVariable("EDGEPROXY_NODE_MODULES") ?? "";
        Assert.SkipUnless(Directory.Exists(modules), "EDGEPROXY_NODE_MODULES names no folder with the clients");
        string? node = External.Find("node");
        Assert.SkipWhen(node is null, "node is not installed");
        return (modules, node!);
    }

    private static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "Clients", name);

    private static Task<ProxyProcess> StartAsync(RawServer server, TestKeys keys)
    {
        keys.Make("a.test", ["localhost", "127.0.0.1"]);
        return ProxyProcess.StartAsync(new ProxyConfig(server) { EntryPoint = "tls = {}", More = keys.Toml("a.test") });
    }

    // A page, an echo of bodies, and an echo of whatever comes after an Upgrade, unmasked as a server's frames are.
    private static async Task ServeAsync(RawConnection connection)
    {
        while (await connection.ReadRequestAsync() is { } request)
        {
            if (request.Head.One("Sec-WebSocket-Key") is { } key)
            {
                await EchoAsync(connection, key);
                return;
            }

            await (request.Method == "POST"
                ? connection.AnswerAsync(request.BodyText)
                : connection.AnswerAsync("<!doctype html><title>ok</title>", "Content-Type: text/html\r\n"));
        }
    }

    private static async Task EchoAsync(RawConnection connection, string key)
    {
#pragma warning disable CA5350 // RFC 6455 section 4.2.2 has SHA-1, and no secret in it
        byte[] proof = SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
#pragma warning restore CA5350
        await connection.SendAsync(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: "
            + $"{Convert.ToBase64String(proof)}\r\n\r\n");
        using var socket = WebSocket.CreateFromStream(
            new NetworkStream(connection.Wire.Socket), isServer: true, null, TimeSpan.Zero);
        byte[] room = new byte[512 * 1024];
        while (true)
        {
            int have = 0;
            WebSocketReceiveResult got;
            do
            {
                got = await socket.ReceiveAsync(new ArraySegment<byte>(room, have, room.Length - have), default);
                have += got.Count;
            }
            while (!got.EndOfMessage);

            if (got.MessageType == WebSocketMessageType.Close)
            {
                await socket.CloseOutputAsync(got.CloseStatus ?? default, got.CloseStatusDescription, default);
                return;
            }

            await socket.SendAsync(new ArraySegment<byte>(room, 0, have), got.MessageType, true, default);
        }
    }
}
